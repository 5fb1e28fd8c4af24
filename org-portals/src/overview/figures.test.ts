import type { Certificate, ReconciliationReport } from '@triflow/gateway/client'
import { expect } from 'chai'
import { agreedOf, flowsOf, ladderOf, lengthOf, outcomesOf } from './figures.ts'

const none = { count: 0, amountFen: '0' }
const report: ReconciliationReport = {
  asOf: { blockNumber: '7', at: '2026-11-25T00:00:00Z' },
  invoices: { count: 10, amountFen: '1130' },
  matched: { count: 6, amountFen: '700' },
  withinTolerance: { count: 2, amountFen: '200', differenceFen: '3' },
  exceptions: { count: 1, amountFen: '130' },
  exceptionsByCode: { PRICE: { count: 1, amountFen: '130' } },
  unmatched: none,
  overridden: { count: 1, amountFen: '100' },
  rejected: none,
  confirmed: none,
  credited: none,
  paidDirectly: none,
  certificates: { issued: none, live: none, split: none, financed: none, redeemed: none },
  threeFlows: { orderedFen: '1010', receivedFen: '1000', invoicedFen: '1000', paidFen: '900' },
}

const paper = (part: Partial<Certificate>): Certificate => ({
  certificateId: 'c',
  rootId: 'c',
  state: 'ACTIVE',
  frozen: false,
  obligorMsp: 'CoreMSP',
  holderMsp: 'AllianceMSP',
  faceFen: '100',
  collectedFen: '0',
  dueOn: '2026-12-28',
  invoiceIds: [],
  depth: 0,
  txId: 't',
  blockNumber: '1',
  updatedAt: '2026-11-25T00:00:00Z',
  ...part,
})

describe('The pictures of the overview', () => {
  it('compare net with net and gross with gross', () => {
    const steps = flowsOf(report).flatMap(flow => flow.steps)
    const of = (name: string) => steps.find(step => step.name === name)
    expect(of('receivedFen')?.against).to.equal(1010n)
    expect(of('invoicedFen')?.against).to.equal(1010n)
    expect(of('paidFen')?.against).to.equal(1130n)
    expect(of('orderedFen')?.against).to.equal(undefined)
  })

  it('count every invoice in one outcome, and leave out what did not happen', () => {
    const outcomes = outcomesOf(report)
    expect(outcomes.reduce((sum, { count }) => sum + count, 0)).to.equal(report.invoices.count)
    expect(outcomes.map(({ match }) => match)).to.not.include('REJECTED')
    expect(agreedOf(report)).to.deep.equal({ agreed: 9, of: 10 })
  })

  it('put each certificate on the rung of its month once: a split one by its parts', () => {
    const rungs = ladderOf([
      paper({ state: 'CONSUMED', faceFen: '300' }),
      paper({ state: 'ACTIVE', faceFen: '100' }),
      paper({ state: 'PAID_PART', faceFen: '200', collectedFen: '50' }),
      paper({ state: 'REDEEMED', collectedFen: '100', dueOn: '2026-11-02' }),
      paper({ state: 'OVERDUE', dueOn: '2026-11-02' }),
      paper({ state: 'CANCELLED', dueOn: '2026-10-02' }),
    ])
    expect(rungs.map(({ month, count, fen }) => [month, count, fen])).to.deep.equal([
      ['2026-11', 2, 200n],
      ['2026-12', 2, 300n],
    ])
    expect(rungs[1]?.parts).to.deep.equal({ redeemed: 50n, live: 250n, overdue: 0n, offered: 0n })
  })

  it('draw lengths that never leave the picture', () => {
    expect(lengthOf(50n, 100n, 100)).to.equal(50)
    expect(lengthOf(10n ** 18n, 10n ** 18n, 100)).to.equal(100)
    expect(lengthOf(0n, 0n, 100)).to.equal(0)
  })
})
