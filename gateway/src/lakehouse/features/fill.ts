/**
 * Copies facts from the lake into PostgreSQL, where those of one member are read in milliseconds.
 *
 * Of each kind, what has come into its table since the snapshot that was copied last, together with the move to the
 * new snapshot: one transaction. A kind whose definition has changed, another lake, or a table that has other facts
 * than were copied (somebody was deleted) is copied anew, also in one transaction: nobody sees half of it.
 */
import type { Database, Queryable, Row } from '../../platform/database/database.ts'
import { CodedError } from '../../platform/faults.ts'
import type { Engine } from '../engine.ts'
import { LAKE } from '../names.ts'
import { explained, kindVersion, type Feature } from './definition.ts'
import { storedFacts, type Kind } from './kind.ts'
import { ALL, type Featured } from './store.ts'

export interface Filler {
  /** Copies what has come; the number of facts, and of kinds that were copied anew. */
  fill(): Promise<Filled>
  /** Compares the number of facts of each kind with the lake's, and copies those anew that differ. */
  compare(): Promise<Filled>
}

export interface Filled {
  readonly facts: number
  readonly anew: readonly string[]
}

interface Parts {
  readonly engine: Engine
  readonly database: Database
}

interface Place {
  /** The lake that the snapshots are numbered in: a lake that is made anew begins again. */
  readonly lake: string
  readonly snapshot: bigint
}

interface KindState extends Row {
  kind: string
  version: string
  lake: string
  snapshot: string
}

/** Read, sent and held in memory at once. */
const PART_FACTS = 20_000
const SLICE_FACTS = 2_000

export function createFiller(parts: Parts, { features, kinds }: Featured = ALL): Filler {
  const { engine, database } = parts
  let areDefinitionsNoted = false
  /** By table, what its catalogue said when all was copied: as long as it says the same, nothing has come. */
  let copied: ReadonlyMap<string, string> = new Map()

  async function noted(): Promise<void> {
    if (!areDefinitionsNoted) await noteDefinitions(database, features)
    areDefinitionsNoted = true
  }

  return {
    async fill() {
      await noted()
      // Before the snapshot: what comes between the two is copied now and looked for once more.
      const now = await tablesOf(database)
      const due = kinds.filter(({ table }) => now.get(table) !== copied.get(table))
      const place = due.length > 0 ? await placeOf(parts) : undefined
      if (!place) return { facts: 0, anew: [] }
      const states = await statesOf(database)
      const filled = []
      for (const table of new Set(due.map(kind => kind.table)))
        filled.push(...(await fillTable(parts, ofTable(due, table), states, place)))
      copied = now
      return totalOf(filled)
    },
    async compare() {
      const place = await placeOf(parts)
      if (!place) return { facts: 0, anew: [] }
      const filled = []
      for (const kind of kinds) {
        const state = (await statesOf(database)).get(kind.name)
        // What came meanwhile is no difference.
        const until = BigInt(state?.snapshot ?? -1)
        const [inLake] = await engine.query<{ facts: string }>(
          `SELECT count(*) AS facts FROM (${kind.facts(`snapshot_id <= ${until}`)})`,
        )
        const [here] = await database.query<{ facts: string }>(
          'SELECT count(*) AS facts FROM feature_facts WHERE kind = $1',
          [kind.name],
        )
        if (state && inLake?.facts !== here?.facts)
          filled.push(await copyAnew(parts, kind, state, place))
      }
      return totalOf(filled)
    },
  }
}

const totalOf = (filled: readonly Filled[]): Filled => ({
  facts: filled.reduce((sum, { facts }) => sum + facts, 0),
  anew: filled.flatMap(({ anew }) => anew),
})

/** A version that was ever in use stays explained. */
async function noteDefinitions(database: Queryable, features: readonly Feature[]): Promise<void> {
  await database.execute(
    `INSERT INTO feature_definitions (name, version, definition)
     SELECT * FROM unnest($1::text[], $2::text[], $3::jsonb[]) ON CONFLICT DO NOTHING`,
    [
      features.map(({ name }) => name),
      features.map(({ version }) => version),
      features.map(one => JSON.stringify(explained(one))),
    ],
  )
}

async function statesOf(database: Queryable): Promise<ReadonlyMap<string, KindState>> {
  const rows = await database.query<KindState>(
    'SELECT kind, version, lake, snapshot FROM feature_kinds',
  )
  return new Map(rows.map(row => [row.kind, row]))
}

async function placeOf({ engine, database }: Parts): Promise<Place | undefined> {
  const [lake] = await database.query<{ id: string }>(
    `SELECT table_uuid::text AS id FROM lake.ducklake_table
     WHERE table_name = 'source_records' AND end_snapshot IS NULL`,
  )
  const [seen] = await engine.query<{ id: string }>(`FROM ${LAKE}.current_snapshot()`)
  return lake && seen ? { lake: lake.id, snapshot: BigInt(seen.id) } : undefined
}

/** From the catalogue alone: to ask the lake itself every few seconds would cost more than what comes. */
async function tablesOf(database: Queryable): Promise<ReadonlyMap<string, string>> {
  const [there] = await database.query<{ is: boolean }>(
    `SELECT to_regclass('lake.ducklake_table') IS NOT NULL AS is`,
  )
  if (!there?.is) return new Map()
  const rows = await database.query<{ name: string; rows: string }>(
    `SELECT c.schema_name || '.' || t.table_name AS name,
       concat_ws(' ', t.table_uuid, s.next_row_id, s.record_count) AS rows
     FROM lake.ducklake_table t
     JOIN lake.ducklake_schema c ON c.schema_id = t.schema_id AND c.end_snapshot IS NULL
     LEFT JOIN lake.ducklake_table_stats s ON s.table_id = t.table_id
     WHERE t.end_snapshot IS NULL`,
  )
  return new Map(rows.map(({ name, rows: said }) => [name, said]))
}

const ofTable = (kinds: readonly Kind[], table: string): Kind[] =>
  kinds.filter(kind => kind.table === table)

async function fillTable(
  parts: Parts,
  kinds: readonly Kind[],
  states: ReadonlyMap<string, KindState>,
  place: Place,
): Promise<Filled[]> {
  const filled: Filled[] = []
  const goingOn: Continued[] = []
  for (const kind of kinds) {
    const state = states.get(kind.name)
    if (state?.version === kindVersion(kind) && state.lake === place.lake)
      goingOn.push({ kind, state, come: cameBetween(BigInt(state.snapshot), place.snapshot) })
    else filled.push(await copyAnew(parts, kind, state, place))
  }
  for (const { rows, first, ...one } of await cameTo(parts.engine, goingOn)) {
    // By this column files without any of these rows are passed over.
    const condition = `${one.come} AND ${one.kind.along} >= '${first}'`
    const facts = await inOne(parts, { ...one, place }, tx =>
      copy(parts.engine, tx, { kind: one.kind, condition, rows, isAnew: false }),
    )
    filled.push({ facts, anew: [] })
  }
  return filled
}

interface Continued {
  readonly kind: Kind
  readonly state: KindState
  readonly come: string
}

const cameBetween = (after: bigint, until: bigint): string =>
  `snapshot_id > ${after} AND snapshot_id <= ${until}`

/** Those of the kinds of one table to which anything has come, found in one look. */
async function cameTo(
  engine: Engine,
  kinds: readonly Continued[],
): Promise<(Continued & { rows: number; first: string })[]> {
  const [any] = kinds
  if (!any) return []
  const looks = kinds.flatMap(({ kind, come }, at) => {
    const only = `FILTER (WHERE ${kind.where} AND ${come})`
    return [
      `count(*) ${only} AS rows${at}`,
      `CAST(min(${kind.along}) ${only} AS VARCHAR) AS first${at}`,
    ]
  })
  const [found] = await engine.query<Record<string, string | null>>(
    `SELECT ${looks.join(', ')} FROM ${LAKE}.${any.kind.table}`,
  )
  return kinds
    .map((one, at) => ({
      ...one,
      rows: Number(found?.[`rows${at}`] ?? 0),
      first: found?.[`first${at}`] ?? '',
    }))
    .filter(({ rows }) => rows > 0)
}

async function copyAnew(
  parts: Parts,
  kind: Kind,
  state: KindState | undefined,
  place: Place,
): Promise<Filled> {
  const condition = `snapshot_id <= ${place.snapshot}`
  const [found] = await parts.engine.query<{ rows: string }>(
    `SELECT count(*) AS rows FROM ${LAKE}.${kind.table} WHERE ${kind.where} AND ${condition}`,
  )
  const facts = await inOne(parts, { kind, state, place }, async tx => {
    await tx.execute('DELETE FROM feature_facts WHERE kind = $1', [kind.name])
    return copy(parts.engine, tx, { kind, condition, rows: Number(found?.rows ?? 0), isAnew: true })
  })
  return { facts, anew: [kind.name] }
}

interface Move {
  readonly kind: Kind
  readonly state: KindState | undefined
  readonly place: Place
}

/**
 * The facts and the move behind them.
 *
 * @throws CodedError POSITION_MOVED when another process has filled this kind meanwhile.
 */
async function inOne(
  { database }: Parts,
  { kind, state, place }: Move,
  work: (tx: Queryable) => Promise<number>,
): Promise<number> {
  const to = [kind.name, kindVersion(kind), place.lake, place.snapshot.toString()]
  return database.transaction(async tx => {
    const moved = state
      ? await tx.execute(
          `UPDATE feature_kinds SET version = $2, lake = $3, snapshot = $4, filled_at = now()
           WHERE kind = $1 AND version = $5 AND lake = $6 AND snapshot = $7`,
          [...to, state.version, state.lake, state.snapshot],
        )
      : await tx.execute(
          `INSERT INTO feature_kinds (kind, version, lake, snapshot) VALUES ($1, $2, $3, $4)
           ON CONFLICT DO NOTHING`,
          to,
        )
    if (moved !== 1) throw new CodedError('POSITION_MOVED', { facts: { kind: kind.name } })
    return work(tx)
  })
}

interface StoredFact extends Row {
  subject: string
  key: string
  revision: string
  event_us: string
  arrived_us: string
  superseded_us: string | null
  cells: string
}

interface Copying {
  readonly kind: Kind
  readonly condition: string
  readonly rows: number
  /** Nothing of the kind is there: no version succeeds another but among those that are copied. */
  readonly isAnew: boolean
}

/** In parts that fit into memory, each of whole records. */
async function copy(engine: Engine, tx: Queryable, copying: Copying): Promise<number> {
  const { kind, condition, rows, isAnew } = copying
  const parts = Math.max(1, Math.ceil(rows / PART_FACTS))
  let copied = 0
  for (let part = 0; part < parts; part += 1) {
    const only = parts === 1 ? condition : `${condition} AND hash(id) % ${parts} = ${part}`
    const facts = await engine.query<StoredFact>(storedFacts(kind, only))
    for (let from = 0; from < facts.length; from += SLICE_FACTS) {
      const slice = facts.slice(from, from + SLICE_FACTS)
      copied += await insert(tx, kind, slice)
      if (!isAnew) await supersede(tx, kind, [...new Set(slice.map(({ key }) => key))])
    }
  }
  return copied
}

const insert = (tx: Queryable, kind: Kind, facts: readonly StoredFact[]): Promise<number> =>
  tx.execute(
    `INSERT INTO feature_facts (kind, subject, key, revision, event_us, arrived_us, superseded_us, cells)
     SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[],
       $7::bigint[], $8::text[])
     ON CONFLICT DO NOTHING`,
    [
      kind.name,
      facts.map(({ subject }) => subject),
      facts.map(({ key }) => key),
      facts.map(({ revision }) => revision),
      facts.map(({ event_us: us }) => us),
      facts.map(({ arrived_us: us }) => us),
      facts.map(({ superseded_us: us }) => us),
      facts.map(({ cells }) => cells),
    ],
  )

/**
 * Of all versions of these records, since a late one may come before others that are there. Asked for each by the
 * primary key: a table that has just been filled has no statistics that a join could be planned by.
 */
async function supersede(tx: Queryable, kind: Kind, keys: readonly string[]): Promise<void> {
  await tx.execute(
    `UPDATE feature_facts f SET superseded_us =
       (SELECT min(later.arrived_us) FROM feature_facts later
        WHERE later.kind = $1 AND later.key = f.key AND later.revision > f.revision)
     WHERE f.kind = $1 AND f.key = ANY($2)`,
    [kind.name, keys],
  )
}
