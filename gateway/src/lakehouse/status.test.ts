import { expect } from 'chai'
import { block } from '../testing/ledger.ts'
import { openDatabase } from '../platform/database/database.ts'
import { freshDatabase, silent, type TestDatabase } from '../testing/postgres.ts'
import { openEngine } from './engine.ts'
import { createIngest } from './ledger/ingest.ts'
import { createJournal } from './journal.ts'
import { rebuild } from './ledger/rebuild.ts'
import { lakeStatus, refuseWhileRebuilt } from './status.ts'
import { chainOf, OWN_MSP } from './testing/chain.ts'
import { freshLake, hasExtensions } from './testing/place.ts'

describe('the status of a lake', function () {
  this.timeout(60_000)
  let store: TestDatabase

  beforeEach(async () => {
    store = await freshDatabase()
  })
  afterEach(() => store.close())

  it('says that there is none, and everything the read model has is missing from it', async () => {
    expect(await lakeStatus(store.database, 41n)).to.deep.equal({
      state: 'ABSENT',
      block: '-1',
      behindBlocks: 42,
      streams: [],
      stale: [],
      tables: [],
    })
  })

  it('comes from the catalogue alone: block, rows and files, though no engine runs', async function () {
    if (!hasExtensions()) this.skip()
    const place = await freshLake()
    const database = openDatabase({ url: place.catalogUrl, connections: 1, log: silent })
    const engine = await openEngine(place)
    const chain = [...chainOf(7, 20), block(20, [{ writes: [] }])]
    await createIngest(engine, OWN_MSP).take(chain.map(one => ({ block: one, atMs: 1 })))
    engine.close()
    const status = await lakeStatus(database, 20n)
    expect(status).to.include({ state: 'FOLLOWING', block: '20', behindBlocks: 0 })
    const blocks = status.tables.find(one => one.layer === 'bronze' && one.name === 'blocks')
    expect(blocks?.rows).to.equal(21)
    expect(await lakeStatus(database, 25n)).to.include({ behindBlocks: 5 })
    await database.close()
    place.remove()
  })

  it('refuses questions about now while the ledger is brought again, and no longer than that', async function () {
    if (!hasExtensions()) this.skip()
    const place = await freshLake()
    const database = openDatabase({ url: place.catalogUrl, connections: 1, log: silent })
    const engine = await openEngine(place)
    const arrived = chainOf(7, 20).map(one => ({ block: one, atMs: 1 }))
    await createIngest(engine, OWN_MSP).take(arrived)
    await refuseWhileRebuilt(database)
    await rebuild(engine)
    const refused = await refuseWhileRebuilt(database).catch((error: unknown) => error)
    expect(refused).to.deep.include({ code: 'LAKE_REBUILDING', status: 503 })
    await createIngest(engine, OWN_MSP).take(arrived)
    await refuseWhileRebuilt(database)
    engine.close()
    await database.close()
    place.remove()
  })

  it('names the fault that its process has told, until that says it is gone', async () => {
    const failures: unknown[] = []
    const journal = createJournal(store.database, error => failures.push(error))
    journal.fault('no space left on device')
    journal.fault('no space left on device')
    await journal.settled()
    expect(await lakeStatus(store.database, 1n)).to.include({ fault: 'no space left on device' })
    // The process that said so has died; the next one has nothing to complain of.
    const next = createJournal(store.database, error => failures.push(error))
    next.fault(undefined)
    await next.settled()
    expect(await lakeStatus(store.database, 1n)).to.not.have.property('fault')
    expect(failures).to.deep.equal([])
  })

  it('names each stream that stands still and since when, and keeps what it told of itself', async () => {
    const journal = createJournal(store.database, error => {
      throw error
    })
    journal.stream('events', { facts: { rows: 7 } })
    journal.stream('events', { fault: 'the catalogue is away' })
    await journal.settled()
    const [standing] = (await lakeStatus(store.database, 1n)).streams
    expect(standing).to.deep.include({
      name: 'events',
      fault: 'the catalogue is away',
      facts: { rows: 7 },
    })
    expect(Date.parse(standing?.faultSince ?? '')).to.be.closeTo(Date.now(), 60_000)
    journal.stream('events', {})
    await journal.settled()
    const [moving] = (await lakeStatus(store.database, 1n)).streams
    expect(moving).to.deep.include({ name: 'events', facts: { rows: 7 } })
    expect(moving).to.not.have.any.keys('fault', 'faultSince')
  })
})
