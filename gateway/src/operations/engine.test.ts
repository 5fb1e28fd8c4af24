import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { block, scriptedLedger } from '../testing/ledger.ts'
import { codeOf, testGateway, type TestGateway } from '../testing/gateway.ts'
import { receivableState, termsOf } from '../testing/records.ts'

const HOLDER = 'm00000000000000aa'
const PAPER = 'a'.repeat(32)

const opened: TestGateway[] = []

async function withPaper(ledger: ReturnType<typeof scriptedLedger>) {
  const gateway = await testGateway({ ledger })
  opened.push(gateway)
  const entry = {
    memberId: HOLDER,
    mspId: 'AllianceMSP',
    kind: 'SUPPLIER' as const,
    name: 'x',
    uscc: '91440304MA3476801A',
  }
  await gateway.services.directory.take([entry], true)
  await gateway.project(
    block(0, [
      {
        writes: [{ key: `R:${PAPER}`, value: receivableState(PAPER) }],
        secrets: [{ key: `R:${PAPER}`, value: termsOf({ obligor: 'mcore', holder: HOLDER }) }],
      },
    ]),
  )
  const maker = await gateway.user({ login: 'maker', roles: ['maker'], memberId: HOLDER })
  const split = (idempotencyKey: string) =>
    maker.call('certificates.split', {
      params: { certificateId: PAPER },
      body: { amountsFen: ['4000', '6000'] },
      idempotencyKey,
    })
  const accept = () => maker.call('certificates.accept', { body: { certificateIds: [PAPER] } })
  const reject = () =>
    maker.call('certificates.reject', {
      params: { certificateId: PAPER },
      body: { reason: 'not ours' },
    })
  return { gateway, maker, split, accept, reject }
}

describe('operations over HTTP', function () {
  this.timeout(60_000)
  afterEach(async () => {
    await Promise.all(opened.splice(0).map(gateway => gateway.close()))
  })

  it('a write sent twice under one key is one transaction with one answer', async () => {
    const ledger = scriptedLedger({})
    const { split } = await withPaper(ledger)
    const key = randomUUID()
    const [first, second] = await Promise.all([split(key), split(key)])
    const third = await split(key)
    expect([second.operationId, third.operationId]).to.deep.equal([
      first.operationId,
      first.operationId,
    ])
    expect(third.items).to.deep.equal(first.items)
    expect(ledger.sent).to.have.length(1)
  })

  it('a refusal is the same problem when the request is repeated', async () => {
    const ledger = scriptedLedger({ endorse: [{ kind: 'refused', fault: { code: 'FROZEN' } }] })
    const { split } = await withPaper(ledger)
    const key = randomUUID()
    expect(await codeOf(split(key))).to.equal('FROZEN')
    expect(await codeOf(split(key))).to.equal('FROZEN')
    expect(ledger.endorsed).to.have.length(1)
  })

  it('a bulk whose items are all refused is done, each item with its code, even a single one', async () => {
    const ledger = scriptedLedger({ endorse: [{ kind: 'refused', fault: { code: 'FROZEN' } }] })
    const { accept } = await withPaper(ledger)
    const operation = await accept()
    expect([operation.status, operation.problem]).to.deep.equal(['done', undefined])
    expect(operation.items).to.deep.equal([{ id: PAPER, ok: false, code: 'FROZEN' }])
  })

  it('the same work asked for one object is a refused request', async () => {
    const ledger = scriptedLedger({ endorse: [{ kind: 'refused', fault: { code: 'FROZEN' } }] })
    const { reject } = await withPaper(ledger)
    expect(await codeOf(reject())).to.equal('FROZEN')
  })

  it('a user who is disabled while an operation goes on signs nothing more', async () => {
    const scripted = scriptedLedger({})
    const conflict = { kind: 'invalid', code: 'MVCC_READ_CONFLICT', blockNumber: 7n } as const
    let disable = async (): Promise<void> => undefined
    const ledger = {
      ...scripted,
      async status() {
        await disable()
        return conflict
      },
    }
    const { gateway, maker, split } = await withPaper(ledger)
    disable = async () =>
      void (await gateway.services.users.disable(maker.session?.user.userId ?? ''))
    expect(await codeOf(split(randomUUID()))).to.equal('USER_DISABLED')
    expect(scripted.endorsed).to.have.length(1)
  })

  it('an operation of a dead process is taken over and ends as it would have', async () => {
    const ledger = scriptedLedger({})
    const { gateway, split } = await withPaper(ledger)
    const { operationId } = await split(randomUUID())
    await gateway.store.database.execute(
      `UPDATE operations SET status = 'running', items = '[]', finished_at = NULL,
         lease_owner = 'dead', lease_until = now() - interval '1 minute' WHERE operation_id = $1`,
      [operationId],
    )
    expect(await gateway.services.engine.sweep()).to.equal(1)
    const { body } = await gateway.services.engine.answer(operationId, 10_000)
    expect([body.status, body.items.length]).to.deep.equal(['done', 2])
    expect(ledger.sent).to.have.length(1)
  })
})
