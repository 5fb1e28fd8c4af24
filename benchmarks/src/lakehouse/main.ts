/**
 * `npm run bench:lakehouse [-- --rows 1000000,10000000] [--repetitions 5] [--documents 100000]
 * [--full]`: how fast blocks come into the
 * lake, and what analysts ask of silver and gold, beside plain PostgreSQL with the indexes for it in the same process;
 * `--full` goes on to a hundred million rows. `--watch CONFIG [--seconds 60]`: how old a block is when it can be asked
 * for, beside a pilot that runs.
 */
import { parseArgs } from 'node:util'
import { openEngine, type Engine } from '@triflow/gateway/lakehouse/engine'
import { keepUp } from '@triflow/gateway/lakehouse/history'
import { freshLake } from '@triflow/gateway/lakehouse/testing/place'
import { freshDatabase, type TestDatabase } from '@triflow/gateway/testing/postgres'
import { atSignal } from '../ground/index.ts'
import { figure, publish, type Figure } from '../report/index.ts'
import { freshness } from './freshness.ts'
import { featureFigures } from './features.ts'
import { ingestRate } from './ingest.ts'
import { searchFigures } from './search.ts'
import { fillLake, fillMembers, fillPostgres, somePayment } from './rows.ts'

const MEMORY_MB = 4_096
const THREADS = 2
const BLOCKS = 2_000
const KEEP_DAYS = 1
/** PostgreSQL would take longer to fill with more than these than everything else together. */
const PEER_ROWS_MAX = 10_000_000
const FULL_ROWS = 100_000_000
/** A question to so many rows takes seconds. */
const FULL_REPETITIONS = 2
/** The targets are for so many rows. */
const TARGET_ROWS = 10_000_000

interface Question {
  readonly name: string
  readonly target: string
  /** Tables by their names in either engine. */
  readonly sql: (table: (name: string) => string, rows: number) => string
  /** Where the lake is asked otherwise than PostgreSQL. */
  readonly inLake?: Readonly<Record<string, string>>
}

const QUESTIONS: readonly Question[] = [
  {
    name: 'one payment by its id',
    target: '<= 50',
    sql: (table, rows) => `SELECT * FROM ${table('payments')} WHERE id = '${somePayment(rows)}'`,
  },
  {
    name: 'payments by member and month, the 100 largest',
    target: '<= 500',
    sql: table =>
      `SELECT payer, date_trunc('month', value_on) AS month, count(*), sum(amount_fen)
       FROM ${table('payments')} GROUP BY 1, 2 ORDER BY 4 DESC LIMIT 100`,
    inLake: {
      // The last day of a month is looked up for each day of a file, its first is worked out row by row.
      'silver, last_day': `SELECT payer, last_day(value_on), count(*), sum(amount_fen)
        FROM lake.silver.payments GROUP BY 1, 2 ORDER BY 4 DESC LIMIT 100`,
      'gold, last_day': `SELECT payer, last_day(value_on), count(*), sum(amount_fen)
        FROM lake.gold.payments GROUP BY 1, 2 ORDER BY 4 DESC LIMIT 100`,
      'gold, its mart': `SELECT payer, month, records, sum_fen
        FROM lake.gold.payments_by_month ORDER BY 4 DESC LIMIT 100`,
    },
  },
  {
    name: 'a quarter of payments with invoices and members, by organisation',
    target: '<= 1000',
    sql: table =>
      `SELECT m.msp_id, count(*), sum(p.amount_fen), sum(i.total_fen)
       FROM ${table('payments')} p
       JOIN ${table('invoices')} i ON i.id = p.remittance
       JOIN ${table('members')} m ON m.id = p.payer
       WHERE p.value_on BETWEEN DATE '2025-04-01' AND DATE '2025-06-30' GROUP BY 1`,
  },
]

interface Settings {
  readonly sizes: readonly number[]
  readonly repetitions: number
  readonly documents: number
  readonly watch: string | undefined
  readonly seconds: number
}

function readSettings(): Settings {
  const { values } = parseArgs({
    options: {
      full: { type: 'boolean', default: false },
      watch: { type: 'string' },
      seconds: { type: 'string', default: '60' },
      rows: { type: 'string', default: '1000000,10000000' },
      repetitions: { type: 'string', default: '5' },
      documents: { type: 'string', default: '100000' },
    },
  })
  const sizes = [...values.rows.split(',').map(Number), ...(values.full ? [FULL_ROWS] : [])]
  const isAscending = sizes.every((size, at) => size > (sizes[at - 1] ?? 0))
  if (!isAscending || !sizes.every(Number.isInteger))
    throw new Error('--rows takes whole numbers that ascend')
  return {
    sizes,
    repetitions: Math.max(1, Number(values.repetitions)),
    documents: Number(values.documents),
    watch: values.watch,
    seconds: Number(values.seconds),
  }
}

const said = (text: string, sinceMs: number): void =>
  void process.stderr.write(`${text}: ${((performance.now() - sinceMs) / 1000).toFixed(1)} s\n`)

async function timed(ask: () => Promise<unknown>, repetitions: number): Promise<number[]> {
  const taken: number[] = []
  // One more that is not counted: the files are read for the first time.
  for (let run = 0; run <= repetitions; run += 1) {
    const beganMs = performance.now()
    await ask()
    if (run > 0) taken.push(performance.now() - beganMs)
  }
  return taken
}

async function ask(
  { engine, store }: { engine: Engine; store: TestDatabase },
  rows: number,
  repetitions: number,
): Promise<Figure[]> {
  const figures: Figure[] = []
  const hasPeer = rows <= PEER_ROWS_MAX
  const times = hasPeer ? repetitions : Math.min(repetitions, FULL_REPETITIONS)
  for (const { name, target, sql, inLake = {} } of QUESTIONS) {
    const inPostgres = sql(table => `bench.${table}`, rows)
    const peer = hasPeer
      ? {
          peer: 'PostgreSQL',
          peerRuns: await timed(() => store.database.query(inPostgres), times),
        }
      : {}
    const asked = {
      silver: sql(table => `lake.silver.${table}`, rows),
      gold: sql(table => `lake.gold.${table}`, rows),
      ...inLake,
    }
    for (const [where, question] of Object.entries(asked)) {
      const runs = await timed(() => engine.query(question), times)
      const goal = rows === TARGET_ROWS ? { target } : {}
      const what = `${rows.toLocaleString('en')} rows, ${where}: ${name}`
      figures.push(figure(what, 'ms', runs, { ...goal, ...peer }))
    }
    process.stderr.write(`${name}: asked\n`)
  }
  return figures
}

async function ingestion(repetitions: number): Promise<Figure> {
  const runs: number[] = []
  for (let run = 0; run < Math.min(3, repetitions); run += 1) {
    const place = await freshLake()
    const engine = await openEngine({ ...place, memoryMb: MEMORY_MB, threads: THREADS })
    runs.push(await ingestRate(engine, BLOCKS))
    engine.close()
    place.remove()
  }
  return figure('blocks into bronze and silver', 'rows/s', runs, { target: '>= 100000' })
}

const QUESTIONS_ASKED = 100

async function growth({ sizes, repetitions, documents }: Settings): Promise<Figure[]> {
  let sinceMs = performance.now()
  const figures: Figure[] = [await ingestion(repetitions)]
  said('blocks ingested', sinceMs)
  sinceMs = performance.now()
  figures.push(...(await featureFigures(Math.min(3, repetitions))))
  said('features', sinceMs)
  sinceMs = performance.now()
  figures.push(...(await searchFigures(documents, QUESTIONS_ASKED)))
  said('documents asked', sinceMs)
  const place = await freshLake()
  const takeBack = atSignal(async () => place.remove())
  const engine = await openEngine({ ...place, memoryMb: MEMORY_MB, threads: THREADS })
  const store = await freshDatabase()
  try {
    await fillMembers(engine)
    let before = 0
    for (const rows of sizes) {
      sinceMs = performance.now()
      await fillLake(engine, before, rows)
      await keepUp(engine, KEEP_DAYS)
      const seconds = (performance.now() - sinceMs) / 1_000
      const what = `${rows.toLocaleString('en')} rows: the last ${rows - before} filled, put in order, settled`
      figures.push(figure(what, 's', [seconds]))
      said(`${rows} rows into the lake`, sinceMs)
      sinceMs = performance.now()
      if (rows <= PEER_ROWS_MAX) await fillPostgres(store.database, before, rows)
      said(`${rows} rows into PostgreSQL`, sinceMs)
      figures.push(...(await ask({ engine, store }, rows, repetitions)))
      before = rows
    }
    return figures
  } finally {
    engine.close()
    await store.close()
    place.remove()
    takeBack()
  }
}

const settings = readSettings()
const { watch, seconds } = settings
if (watch === undefined) publish('lakehouse', await growth(settings))
else publish('lakehouse-freshness', await freshness(watch, seconds))
