import { expect } from 'chai'
import { createMetrics } from '../platform/metrics.ts'
import type { LedgerBlock } from '../platform/ledger/blocks.ts'
import { block, scriptedLedger } from '../testing/ledger.ts'
import { freshDatabase, silent, type TestDatabase } from '../testing/postgres.ts'
import { usageOf } from '../testing/records.ts'
import { projectedHeight } from './project.ts'
import { startProjector } from './projector.ts'

const OWN = '_implicit_org_AllianceMSP'

describe('the projector and the own private values', function () {
  this.timeout(30_000)
  let store: TestDatabase
  beforeEach(async () => {
    store = await freshDatabase()
  })
  afterEach(() => store.close())

  const complete = block(0, [{ secrets: [{ key: 'U:x', value: usageOf('7') }] }])
  const withoutValues = block(0, [{ withheld: [OWN, '_implicit_org_CoreMSP'] }])

  /** A projector over a ledger that answers each request for blocks by the next of these. */
  function follow(answers: LedgerBlock[][], patienceMs: number, chainHeight = 0n) {
    const metrics = createMetrics()
    let asked = 0
    const ledger = {
      ...scriptedLedger({}),
      height: async () => chainHeight,
      async *blocks(_first: bigint, signal: AbortSignal) {
        yield* answers[Math.min(asked++, answers.length - 1)] ?? []
        await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
      },
    }
    const { database } = store
    const options = { database, ledger, metrics, ownMsp: 'AllianceMSP', log: silent, patienceMs }
    return { metrics, projector: startProjector(options), asked: () => asked }
  }

  async function reached(height: bigint): Promise<void> {
    const deadline = Date.now() + 10_000
    while ((await projectedHeight(store.database)) < height) {
      if (Date.now() > deadline) throw new Error(`block ${height} was not projected in time`)
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }

  it('a block whose values the peer does not have yet is read again until it has them', async () => {
    const { projector, asked } = follow([[withoutValues], [withoutValues], [complete]], 60_000)
    await reached(0n)
    await projector.close()
    expect(asked()).to.equal(3)
    const rows = await store.database.query(`SELECT id FROM records WHERE secret IS NOT NULL`)
    expect(rows).to.deep.equal([{ id: 'x' }])
  })

  it('values that are lost for good hold the ledger up no longer than patience, and are counted', async () => {
    const { projector, metrics } = follow([[withoutValues]], 0)
    await reached(0n)
    await projector.close()
    expect(await metrics.text()).to.match(/gateway_private_values_lost_total 1/)
  })

  it('a block that went on without its lost values is not waited for again', async () => {
    const before = follow([[withoutValues]], 0)
    await reached(0n)
    await before.projector.close()
    const { projector } = follow([[withoutValues, block(1, [])]], 60_000)
    await reached(1n)
    await projector.close()
  })

  it('a checkpoint that went back under it, as when PostgreSQL dies, is gone on from', async () => {
    const blocks = [0, 1, 2].map(number => block(number, []))
    const { projector, asked } = follow([[blocks[0], blocks[2]] as LedgerBlock[], blocks], 60_000)
    await reached(2n)
    await projector.close()
    expect(asked()).to.equal(2)
  })

  it('is ready when the blocks of before its start are in the read model, and no sooner', async () => {
    const [first, ...others] = [0, 1, 2].map(number => block(number, [])) as [LedgerBlock]
    const behind = follow([[first]], 60_000, 3n)
    await reached(0n)
    await new Promise(resolve => setTimeout(resolve, 100))
    expect(behind.projector.running()).to.equal(false)
    await behind.projector.close()
    const { projector } = follow([[first, ...others]], 60_000, 3n)
    await reached(2n)
    await new Promise(resolve => setTimeout(resolve, 100))
    expect(projector.running()).to.equal(true)
    await projector.close()
  })

  it('another organisation’s values are none of its business', async () => {
    const foreign = block(0, [{ withheld: ['_implicit_org_CoreMSP'] }])
    const { projector, metrics } = follow([[foreign]], 60_000)
    await reached(0n)
    await projector.close()
    expect(await metrics.text()).to.match(/gateway_private_values_lost_total 0/)
  })
})
