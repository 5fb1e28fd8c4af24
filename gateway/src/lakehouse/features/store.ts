/** Features of one member, from the facts that are kept for it in PostgreSQL. */
import type { Queryable, Row } from '../../platform/database/database.ts'
import { CATALOGUE } from '../sources/catalogue/index.ts'
import type { SourceName } from '../sources/source.ts'
import { FEATURES } from './catalogue/index.ts'
import type { Feature } from './definition.ts'
import { evaluate, type Evaluated, type Fact, type FactCell, type Facts } from './evaluate.ts'
import { DAY_US, ledgerSubject, memberSubject, personSubject, type Kind } from './kind.ts'
import { KINDS } from './kinds/index.ts'

export interface FeatureValue extends Evaluated {
  readonly feature: Feature
}

export interface Freshness {
  readonly source: SourceName
  /** Of anybody, of what had arrived by the moment; null where nothing had. */
  readonly newestEventUs: number | null
  readonly isFresh: boolean
}

export interface MemberFeatures {
  readonly values: readonly FeatureValue[]
  readonly sources: readonly Freshness[]
}

/** What a set of definitions is evaluated over; tests bring their own. */
export interface Featured {
  readonly features: readonly Feature[]
  readonly kinds: readonly Kind[]
}
export const ALL: Featured = { features: FEATURES, kinds: KINDS }

/**
 * Under which names the ledger and the sources speak of somebody: a member by its id and its credit code, which the
 * branches of one firm share; anybody else is a person, by the reference that the sources were given.
 */
export async function subjectsOf(
  database: Queryable,
  id: string,
): Promise<{ readonly ledger: string; readonly subject: string }> {
  const [member] = await database.query<{ uscc: string }>(
    'SELECT uscc FROM members WHERE member_id = $1',
    [id],
  )
  return subjectNames(id, member?.uscc)
}

export const subjectNames = (id: string, creditCode: string | undefined) => ({
  ledger: ledgerSubject(id),
  subject: creditCode === undefined ? personSubject(id) : memberSubject(creditCode),
})

/** @param atMs the moment of decision: nothing that happened or arrived later is looked at. */
export async function featuresOf(
  database: Queryable,
  id: string,
  atMs: number,
  { features, kinds }: Featured = ALL,
): Promise<MemberFeatures> {
  const atUs = atMs * 1000
  const { ledger, subject } = await subjectsOf(database, id)
  const [facts, newest] = await Promise.all([
    factsOf(database, [ledger, subject], atUs),
    newestOf(database, kinds, atUs),
  ])
  const values = evaluate(features, { facts, told: new Set(newest.keys()) }, atUs)
  return {
    values: features.map(feature => ({ feature, ...valueOf(values, feature.name) })),
    sources: freshnessOf(kinds, newest, atUs),
  }
}

const valueOf = (values: ReadonlyMap<string, Evaluated>, name: string): Evaluated =>
  values.get(name) ?? { value: null, newestEventUs: null, newestArrivalUs: null }

/** How fresh each source was, by what had arrived from it at the moment. */
export async function freshnessAt(
  database: Queryable,
  kinds: readonly Kind[],
  atUs: number,
): Promise<Freshness[]> {
  return freshnessOf(kinds, await newestOf(database, kinds, atUs), atUs)
}

interface FactsRow extends Row {
  kind: string
  facts: string
}

/** One text for each kind: to hand over a thousand rows one by one would take longer than to read them. */
const FACTS = `
  SELECT kind, '[' || string_agg('[' || event_us || ',' || arrived_us || ',' || cells || ']', ','
    ORDER BY event_us, key) || ']' AS facts
  FROM feature_facts
  WHERE subject = ANY($1) AND event_us <= $2 AND arrived_us <= $2
    AND (superseded_us IS NULL OR superseded_us > $2)
  GROUP BY kind`

type Packed = readonly [eventUs: number, arrivedUs: number, cells: readonly FactCell[]]

async function factsOf(
  database: Queryable,
  subjects: readonly string[],
  atUs: number,
): Promise<Facts> {
  const rows = await database.query<FactsRow>(FACTS, [subjects, atUs])
  return new Map(
    rows.map(({ kind, facts }) => [kind, (JSON.parse(facts) as Packed[]).map(unpacked)]),
  )
}

const unpacked = ([eventUs, arrivedUs, cells]: Packed): Fact => ({
  eventUs,
  arrivedUs,
  supersededUs: null,
  cells,
})

/** Of each kind the newest event of anybody that was known at the moment. */
async function newestOf(
  database: Queryable,
  kinds: readonly Kind[],
  atUs: number,
): Promise<ReadonlyMap<string, number>> {
  const rows = await database.query<{ kind: string; event_us: string }>(
    `SELECT kind, event_us FROM unnest($1::text[]) AS asked(kind), LATERAL (
       SELECT event_us FROM feature_facts f
       WHERE f.kind = asked.kind AND event_us <= $2 AND arrived_us <= $2
       ORDER BY event_us DESC LIMIT 1) AS newest`,
    [kinds.map(({ name }) => name), atUs],
  )
  return new Map(rows.map(row => [row.kind, Number(row.event_us)]))
}

function freshnessOf(
  kinds: readonly Kind[],
  newest: ReadonlyMap<string, number>,
  atUs: number,
): Freshness[] {
  return [...new Set(kinds.map(({ source }) => source))].map(source => {
    const events = kinds
      .filter(kind => kind.source === source)
      .flatMap(({ name }) => newest.get(name) ?? [])
    const newestEventUs = events.length === 0 ? null : Math.max(...events)
    const reachUs = CATALOGUE[source].freshDays * DAY_US
    return {
      source,
      newestEventUs,
      isFresh: newestEventUs !== null && atUs - newestEventUs <= reachUs,
    }
  })
}
