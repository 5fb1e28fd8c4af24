import { GatewayProblem, type Operation } from '@triflow/gateway/client'
import { expect } from 'chai'
import { canDo, doWork, type Progress, type WorkClient } from './actions.ts'

const operation = (part: Partial<Operation>): Operation => ({
  operationId: 'o1',
  kind: 'test',
  status: 'done',
  createdAt: '2026-11-25T00:00:00Z',
  transactions: [],
  items: [],
  ...part,
})

const problem = (code: string, status = 409) =>
  new GatewayProblem({ type: 'about:blank', title: code, status, code })

/** A client that gives these answers in turn and remembers what it was asked. */
function clientOf(answers: (Operation | Error)[]) {
  const asked: string[] = []
  const call = (name: string) => {
    asked.push(name)
    const answer = answers.shift()
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
  }
  return { asked, client: { call } as unknown as WorkClient }
}

const ignore = () => undefined

describe('Work at the portal', () => {
  it('waits until the ledger has it, and tells how far it is', async () => {
    const { asked, client } = clientOf([
      operation({ status: 'running', progress: { done: 0, total: 2 } }),
      operation({ status: 'waiting', progress: { done: 1, total: 2 } }),
      operation({
        items: [
          { id: 'a', ok: true },
          { id: 'b', ok: false, code: 'NOT_MATCHED' },
        ],
        transactions: [{ txId: 't1', step: '1', status: 'committed' }],
      }),
    ])
    const seen: Progress[] = []
    const result = await doWork(client, { kind: 'CONFIRM_APPROVE', ids: ['a', 'b'] }, one =>
      seen.push(one),
    )
    expect(asked).to.deep.equal(['confirmations.approve', 'operations.get', 'operations.get'])
    expect(seen.map(({ done }) => done)).to.deep.equal([0, 1])
    expect(result).to.deep.equal({
      kind: 'CONFIRM_APPROVE',
      ok: 1,
      refused: [{ id: 'b', code: 'NOT_MATCHED' }],
      txIds: ['t1'],
    })
  })

  it('fails as a whole when nothing was judged', async () => {
    const { client } = clientOf([
      operation({ status: 'failed', problem: problem('LEDGER_FAULT').problem }),
    ])
    const failed = await doWork(client, { kind: 'COLLECT', ids: ['a'] }, ignore).catch(e => e)
    expect(failed.code).to.equal('LEDGER_FAULT')
  })

  it('goes on with the next when one of several single requests is refused', async () => {
    const { client } = clientOf([operation({}), problem('MOVE_REFUSED'), operation({})])
    const work = { kind: 'NOTICE_ACKNOWLEDGE', ids: ['a', 'b', 'c'] } as const
    const result = await doWork(client, work, ignore)
    expect(result.ok).to.equal(2)
    expect(result.refused).to.deep.equal([{ id: 'b', code: 'MOVE_REFUSED' }])
  })

  it('stops at once when nobody answers or the session is over', async () => {
    for (const fault of [new TypeError('offline'), problem('SESSION_ENDED', 401)]) {
      const { asked, client } = clientOf([fault, operation({})])
      const work = { kind: 'NOTICE_ACKNOWLEDGE', ids: ['a', 'b'] } as const
      expect(await doWork(client, work, ignore).catch(e => e)).to.equal(fault)
      expect(asked).to.have.lengthOf(1)
    }
  })

  it('offers no button for what needs more than a yes', () => {
    expect(canDo('CONFIRM_APPROVE')).to.equal(true)
    expect(canDo('BID_PLACE')).to.equal(false)
    expect(canDo('EXCEPTION')).to.equal(false)
  })
})
