import { expect } from 'chai'
import type { parseConfig } from '../platform/config.ts'
import { freshDatabase, silent, type TestDatabase } from '../testing/postgres.ts'
import { NO_ROWS, openEngine, type Engine } from './engine.ts'
import { keepUp } from './history.ts'
import { createJournal } from './journal.ts'
import { movePosition, positionOf } from './positions.ts'
import { lakeStatus } from './status.ts'
import { pull, type LakeParts } from './stream.ts'
import { freshLake, hasExtensions } from './testing/place.ts'

describe('a stream of the lake', function () {
  this.timeout(60_000)
  let store: TestDatabase
  let engine: Engine
  let remove: () => void

  before(async function () {
    if (!hasExtensions()) this.skip()
    store = await freshDatabase()
    const place = await freshLake()
    remove = place.remove
    engine = await openEngine(place)
  })
  after(async () => {
    engine?.close()
    remove?.()
    await store?.close()
  })

  const batch = (stream: string, after: string | undefined, to: string) =>
    engine.write(NO_ROWS, async transaction => {
      await movePosition(transaction, stream, { after, to })
      await transaction.run(
        `INSERT INTO lake.bronze.settled VALUES ('${stream}', ${Number(to)}, 0)`,
      )
    })
  const brought = async (stream: string): Promise<string[]> =>
    (
      await engine.query<{ block: string }>(
        `SELECT block FROM lake.bronze.settled WHERE name = $1 ORDER BY block`,
        [stream],
      )
    ).map(({ block }) => block)

  it('brings a batch once: who comes second finds the position moved, and nothing of it is there twice', async () => {
    await batch('once', undefined, '1')
    const again = await batch('once', undefined, '1').catch((error: unknown) => error)
    expect(again).to.include({ code: 'POSITION_MOVED' })
    await batch('once', '1', '2')
    expect(await brought('once')).to.deep.equal(['1', '2'])
    expect(await positionOf(engine, 'once')).to.equal('2')
  })

  it('keeps its position through the upkeep, which forgets the older ones of each stream', async () => {
    for (const [after, to] of [
      [undefined, '1'],
      ['1', '2'],
      ['2', '3'],
    ] as const)
      await batch('kept', after, to)
    await batch('other', undefined, '9')
    await keepUp(engine, 1)
    const rows = await engine.query('SELECT stream FROM lake.bronze.positions')
    expect(rows.filter(({ stream }) => stream === 'kept')).to.have.length(1)
    expect(await positionOf(engine, 'kept')).to.equal('3')
    expect(await positionOf(engine, 'other')).to.equal('9')
  })

  it('goes on after a fault, which the status names meanwhile; a rival is no fault', async () => {
    const journal = createJournal(store.database, error => {
      throw error
    })
    const parts: LakeParts = {
      engine,
      database: store.database,
      config: {} as ReturnType<typeof parseConfig>,
      settings: {} as LakeParts['settings'],
      journal,
      vault: {} as LakeParts['vault'],
      log: silent,
    }
    const steps = ['fault', 'rival', 'more', 'done']
    const said: (string | undefined)[] = []
    const stream = pull(
      {
        name: 'faulty',
        pauseMs: 5,
        async take() {
          await journal.settled()
          said.push((await lakeStatus(store.database, 0n)).streams[0]?.fault)
          const step = steps[said.length - 1]
          if (step === 'fault') throw new Error('the source is away')
          if (step === 'rival') return batch('once', '7', '8').then(() => 'MORE' as const)
          return step === 'more' ? 'MORE' : 'CAUGHT_UP'
        },
      },
      parts,
    )
    while (said.length < 6) await new Promise(resolve => setTimeout(resolve, 5))
    await stream.close()
    expect(said.slice(0, 4)).to.deep.equal([
      undefined,
      'the source is away',
      'the source is away',
      undefined,
    ])
  })
})
