import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { operations as ledgerOperations } from '@triflow/chaincode/model'
import { createMetrics } from '../platform/metrics.ts'
import type { Outcome } from '../platform/ledger/outcome.ts'
import { freshDatabase, silent, type TestDatabase } from '../testing/postgres.ts'
import { scriptedLedger, type ScriptedLedger, type Script } from '../testing/ledger.ts'
import { createRun } from './run.ts'
import { attemptsOf, insertOperation, insertTransaction, type OperationRow } from './store.ts'
import { createSubmitter, StillWaiting, type StepResult } from './submit.ts'

const committed: Outcome = { kind: 'committed', blockNumber: 9n }
const unknown: Outcome = { kind: 'unknown', detail: 'no answer' }
const invalid = (code: string): Outcome => ({ kind: 'invalid', code, blockNumber: 8n })

describe('one step on the ledger', function () {
  this.timeout(60_000)
  let store: TestDatabase
  before(async () => {
    store = await freshDatabase()
  })
  after(() => store.close())

  const row = (): Promise<OperationRow> =>
    insertOperation(store.database, {
      operationId: randomUUID(),
      kind: 'test',
      userId: 'u',
      memberId: undefined,
      input: {},
      owner: 'me',
      write: undefined,
    })
  const operation = async (): Promise<string> => (await row()).operation_id
  const signer = async () => ({
    identity: { mspId: 'X', credentials: new Uint8Array() },
    sign: async () => new Uint8Array(),
  })
  const build = async () => ({ operation: ledgerOperations.records.state('policy'), items: ['i1'] })

  const submitterOver = (ledger: ScriptedLedger) =>
    createSubmitter({
      database: store.database,
      ledger,
      log: silent,
      metrics: createMetrics(),
      concurrency: 2,
      recent: () => false,
    })
  const submit = (ledger: ScriptedLedger, operationId: string): Promise<StepResult> =>
    submitterOver(ledger).submit({ operationId, step: 'one', signer, build })

  const run = async (script: Script) => {
    const ledger = scriptedLedger(script)
    const operationId = await operation()
    return { ledger, operationId, result: await submit(ledger, operationId) }
  }

  it('the bytes are stored before they are sent', async () => {
    const operationId = await operation()
    const ledger = scriptedLedger({})
    const seen: string[] = []
    const watching: ScriptedLedger = {
      ...ledger,
      async submit(prepared) {
        seen.push(...(await attemptsOf(store.database, operationId, 'one')).map(row => row.tx_id))
        return ledger.submit(prepared)
      },
    }
    await submit(watching, operationId)
    expect(seen).to.deep.equal(ledger.sent)
  })

  it('a conflict is endorsed again with a new transaction id', async () => {
    const { ledger, result, operationId } = await run({
      status: [invalid('MVCC_READ_CONFLICT'), invalid('PHANTOM_READ_CONFLICT'), committed],
    })
    expect(result.ok).to.equal(true)
    expect(new Set(ledger.sent).size).to.equal(3)
    const rows = await attemptsOf(store.database, operationId, 'one')
    expect(rows.map(row => row.status)).to.deep.equal(['invalid', 'invalid', 'committed'])
  })

  it('a step refused at its second attempt is sent again, smaller, as one more attempt', async () => {
    const ledger = scriptedLedger({
      endorse: ['endorsed', { kind: 'refused', fault: { code: 'BATCH_REFUSED' } }],
      status: [invalid('MVCC_READ_CONFLICT'), committed],
    })
    const fresh = await row()
    const submitter = submitterOver(ledger)
    const { database } = store
    const run = createRun({ database, submitter, row: fresh, isFresh: true, signerOf: signer })
    expect((await run.submit('one', build)).ok).to.equal(false)
    expect((await run.submit('one', build)).ok).to.equal(true)
    const attempts = await attemptsOf(database, fresh.operation_id, 'one')
    expect(attempts.map(({ attempt, status }) => [attempt, status])).to.deep.equal([
      [1, 'invalid'],
      [2, 'committed'],
    ])
  })

  it('an unknown outcome waits and is found by the same id; nothing is endorsed a second time', async () => {
    const operationId = await operation()
    const first = scriptedLedger({ status: [unknown] })
    let waits = false
    try {
      await submit(first, operationId)
    } catch (error) {
      waits = error instanceof StillWaiting
    }
    expect(waits).to.equal(true)
    const second = scriptedLedger({ status: [committed] })
    const result = await submit(second, operationId)
    expect(result).to.deep.include({ ok: true, txId: first.sent[0] })
    expect([second.endorsed.length, second.sent.length]).to.deep.equal([0, 0])
  })

  it('after kill -9 between storing and sending, the very same bytes are sent once', async () => {
    const operationId = await operation()
    await insertTransaction(store.database, {
      tx_id: `stored-${operationId}`,
      operation_id: operationId,
      step: 'one',
      attempt: 1,
      items: ['i1'],
      envelope: Buffer.from('bytes'),
      result: Buffer.alloc(0),
    })
    const ledger = scriptedLedger({ status: [unknown, committed] })
    const result = await submit(ledger, operationId)
    expect(result).to.deep.include({ ok: true, txId: `stored-${operationId}` })
    expect(ledger.sent).to.deep.equal([`stored-${operationId}`])
    expect(ledger.endorsed).to.have.length(0)
  })

  it('a step that is done is answered from the record', async () => {
    const { operationId, result } = await run({})
    const idle = scriptedLedger({})
    expect(await submit(idle, operationId)).to.deep.equal(result)
    expect([idle.endorsed.length, idle.sent.length, idle.asked.length]).to.deep.equal([0, 0, 0])
  })

  it('a refusal of the contract is told and nothing is sent', async () => {
    const { ledger, result } = await run({
      endorse: [{ kind: 'refused', fault: { code: 'MAKER_IS_CHECKER' } }],
    })
    expect(result).to.deep.equal({ ok: false, fault: { code: 'MAKER_IS_CHECKER' } })
    expect(ledger.sent).to.have.length(0)
  })

  it('an endorser that is away for a moment is asked again', async () => {
    const { ledger, result } = await run({
      endorse: [{ kind: 'unendorsed', detail: 'away' }, 'endorsed'],
    })
    expect([result.ok, ledger.endorsed.length]).to.deep.equal([true, 2])
  })

  it('a key whose policy was set in the same block is met again as it stands', async () => {
    const { ledger, result } = await run({ status: [invalid('ENDORSEMENT_POLICY_FAILURE')] })
    expect([result.ok, ledger.sent.length]).to.deep.equal([true, 2])
  })

  it('a policy failure that lasts goes to the operator', async () => {
    const failure = invalid('ENDORSEMENT_POLICY_FAILURE')
    const ledger = scriptedLedger({ status: [failure, failure, failure, failure] })
    let code = ''
    try {
      await submit(ledger, await operation())
    } catch (error) {
      code = (error as { code: string }).code
    }
    expect([code, ledger.sent.length]).to.deep.equal(['ENDORSEMENT_POLICY_FAILURE', 4])
  })
})
