/**
 * The feature store: all features of one member now, from PostgreSQL; and the table of what was known at thousands of
 * moments, out of the lake, beside asking for each of them one by one.
 */
import { rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Engine } from '@triflow/gateway/lakehouse/engine'
import { NO_ROWS, openEngine } from '@triflow/gateway/lakehouse/engine'
import { FEATURES } from '@triflow/gateway/lakehouse/features/catalogue/index'
import { createFiller } from '@triflow/gateway/lakehouse/features/fill'
import { featuresOf } from '@triflow/gateway/lakehouse/features/store'
import { writeFeatureTable, type Decision } from '@triflow/gateway/lakehouse/features/table'
import {
  cellsOf,
  createRandom,
  DAY_MS,
  randomRecords,
} from '@triflow/gateway/lakehouse/features/testing'
import { freshLake } from '@triflow/gateway/lakehouse/testing/place'
import { freshDatabase, type TestDatabase } from '@triflow/gateway/testing/postgres'
import { figure, percentile, type Figure } from '../report/index.ts'

const SEED = 7
const NOW_MS = Date.parse('2026-06-30T04:00:00Z')
const MEMBERS = 200
/** Of one member: each has up to three revisions, and arrives up to ten days late. */
const RECORDS = 200
/** Of one member on the ledger, of either kind, in two years. */
const PAYMENTS = 200
const DAYS = 730
const QUESTIONS = 200
/** The peer answers so many; what it would take for all follows from that. */
const PEER_DECISIONS = 200
const MEMORY_MB = 4_096
const THREADS = 2

const memberOf = (at: number): string => `m${at}`
const codeOf = (at: number): string => `CODE${at}`

interface Filled {
  readonly engine: Engine
  readonly database: TestDatabase['database']
}

/** Members whose records are told in one commit. */
const AT_ONCE = 20

async function fillSources({ engine }: Pick<Filled, 'engine'>): Promise<number> {
  let told = 0
  for (let from = 0; from < MEMBERS; from += AT_ONCE) {
    const records = Array.from({ length: AT_ONCE }, (_, at) =>
      randomRecords(createRandom(SEED + from + at), {
        subjects: [`MEMBER/${codeOf(from + at)}`],
        aroundMs: NOW_MS,
        prefix: `r${from + at}`,
        records: RECORDS,
      }),
    ).flat()
    told += records.length
    await engine.write({ source_records: records.map(cellsOf) }, ({ run }) =>
      run('INSERT INTO lake.bronze.source_records FROM memory.main.source_records'),
    )
  }
  return told
}

async function fillLedger({ engine }: Pick<Filled, 'engine'>): Promise<number> {
  const rows = MEMBERS * PAYMENTS
  const first = `TIMESTAMP '${new Date(NOW_MS - DAYS * DAY_MS).toISOString().slice(0, 19)}'`
  const at = `${first} + to_seconds(CAST(i * ${DAYS * 86_400} // ${rows} AS INTEGER))`
  const origin = `i AS block, 0 AS tx_index, ${at} AS "at", false AS deleted`
  const parties = [`'m' || (i * 7919) % ${MEMBERS}`, `'m' || (i * 104729 + 1) % ${MEMBERS}`]
  await engine.write(NO_ROWS, async ({ run }) => {
    await run(`INSERT INTO lake.bronze.blocks BY NAME
      SELECT i AS block, ${at} AS arrived_at FROM range(${rows}) t(i)`)
    await run(`INSERT INTO lake.silver.payments BY NAME
      SELECT 'y' || i AS id, ${origin}, ${parties[0]} AS payer, ${parties[1]} AS payee,
        CAST(${at} AS DATE) AS value_on, i * 7919 % 100000000 AS amount_fen
      FROM range(${rows}) t(i)`)
    await run(`INSERT INTO lake.silver.invoices BY NAME
      SELECT 'i' || i AS id, ${origin}, ${parties[0]} AS buyer, ${parties[1]} AS seller,
        CAST(${at} AS DATE) AS issued_on, CAST(${at} AS DATE) + 60 AS payable_on,
        i * 104729 % 100000000 AS total_fen
      FROM range(${rows}) t(i)`)
  })
  return 2 * rows
}

async function fillMembers(database: Filled['database']): Promise<void> {
  await database.execute(
    `INSERT INTO members (member_id, msp_id, kind, name, uscc, own)
     SELECT 'm' || i, 'AllianceMSP', 'SUPPLIER', 'm' || i, 'CODE' || i, true
     FROM generate_series(0, $1::int - 1) i`,
    [MEMBERS],
  )
}

function decisionsOf(count: number): Decision[] {
  const random = createRandom(SEED)
  return Array.from({ length: count }, () => ({
    member: memberOf(random(MEMBERS)),
    atMs: NOW_MS - random(365) * DAY_MS - random(DAY_MS),
  }))
}

async function taken(work: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now()
  await work()
  return performance.now() - beganMs
}

/** One client asks for one member at a time, as a decision does. */
async function online({ database }: Filled): Promise<Figure[]> {
  const runs: number[] = []
  for (let at = 0; at < QUESTIONS + 20; at += 1) {
    const ms = await taken(() => featuresOf(database, memberOf((at * 7) % MEMBERS), NOW_MS))
    // The first ones are not counted: the connection and the code are cold.
    if (at >= 20) runs.push(ms)
  }
  const what = `${FEATURES.length} features of one member, from PostgreSQL`
  return [
    figure(`${what}: p50`, 'ms', [percentile(runs, 0.5)], { target: '<= 20' }),
    figure(`${what}: p95`, 'ms', [percentile(runs, 0.95)], { target: '<= 20' }),
  ]
}

async function table(parts: Filled, count: number, repetitions: number): Promise<Figure> {
  const decisions = decisionsOf(count)
  const file = path.join(os.tmpdir(), `triflow-bench-features-${process.pid}.parquet`)
  const runs: number[] = []
  for (let run = 0; run < repetitions; run += 1)
    runs.push((await taken(() => writeFeatureTable({ ...parts, decisions }, file))) / 1000)
  rmSync(file, { force: true })
  const asked = decisions.slice(0, PEER_DECISIONS)
  const peerMs = await taken(async () => {
    for (const { member, atMs } of asked) await featuresOf(parts.database, member, atMs)
  })
  const what = `table of ${count.toLocaleString('en')} decisions x ${FEATURES.length} features`
  return figure(what, 's', runs, {
    ...(count === 10_000 ? { target: '<= 10' } : {}),
    peer: `one by one from PostgreSQL, from ${PEER_DECISIONS} of them`,
    peerRuns: [(peerMs / 1000) * (count / asked.length)],
  })
}

export async function featureFigures(repetitions: number): Promise<Figure[]> {
  const store = await freshDatabase()
  const place = await freshLake()
  const options = { ...place, catalogUrl: store.url, memoryMb: MEMORY_MB, threads: THREADS }
  const engine = await openEngine(options)
  const parts = { engine, database: store.database }
  try {
    await fillMembers(parts.database)
    const told = (await fillSources(parts)) + (await fillLedger(parts))
    await engine.alone(`CALL ducklake_flush_inlined_data('lake')`)
    await engine.alone(`CALL ducklake_merge_adjacent_files('lake')`)
    let facts = 0
    const copyMs = await taken(async () => {
      ;({ facts } = await createFiller(parts).fill())
    })
    await store.database.execute('ANALYZE feature_facts')
    return [
      figure(`records of sources and the ledger for ${MEMBERS} members`, 'rows', [told]),
      figure('facts copied into PostgreSQL, a store filled anew', 'facts/s', [
        (facts * 1000) / copyMs,
      ]),
      ...(await online(parts)),
      await table(parts, 1_000, repetitions),
      await table(parts, 10_000, repetitions),
    ]
  } finally {
    engine.close()
    await store.close()
    place.remove()
  }
}
