import { CodedError, unknownObject } from '../../platform/faults.ts'
import type { Database } from '../../platform/database/database.ts'
import type { Handlers } from '../../platform/http/bind.ts'
import { scopeOf, type Services } from '../../services.ts'
import { CATALOGUE } from '../sources/catalogue/index.ts'
import type { FeatureCatalogue, MemberFeatures } from './api.ts'
import { FEATURES } from './catalogue/index.ts'
import { explained } from './definition.ts'
import { KINDS } from './kinds/index.ts'
import { featuresOf, freshnessAt, type FeatureValue, type Freshness } from './store.ts'

export function featureHandlers({
  database,
}: Services): Handlers<'features.get' | 'features.list'> {
  return {
    'features.get': async ({ caller, params, query }) => {
      const scope = scopeOf(caller)
      if (scope !== undefined && scope !== params.memberId) throw unknownObject('member')
      return memberFeatures(database, params.memberId, momentOf(query.at))
    },
    'features.list': async () => catalogue(database),
  }
}

/** Nobody knows what will have arrived by tomorrow. */
function momentOf(at: string | undefined): number {
  const nowMs = Date.now()
  if (at === undefined) return nowMs
  const atMs = Date.parse(at)
  if (atMs > nowMs)
    throw new CodedError('MOMENT_AHEAD', { detail: 'at is in the future', status: 422 })
  return atMs
}

async function memberFeatures(
  database: Database,
  memberId: string,
  atMs: number,
): Promise<MemberFeatures> {
  const { values, sources } = await featuresOf(database, memberId, atMs)
  const fresh = new Set(sources.filter(({ isFresh }) => isFresh).map(({ source }) => source))
  return {
    memberId,
    at: new Date(atMs).toISOString(),
    sources: sources.map(one => {
      const own = values.filter(({ feature }) => feature.source === one.source)
      const given = own.filter(({ value }) => value !== null).length
      return { ...stateOf(one), given, features: own.length }
    }),
    values: values.map(one => ({
      ...shown(one),
      isFresh: fresh.has(one.feature.source),
    })),
  }
}

const shown = ({ feature, value, newestEventUs, newestArrivalUs }: FeatureValue) => ({
  name: feature.name,
  version: feature.version,
  source: feature.source,
  unit: feature.unit,
  value,
  ...(newestEventUs === null ? {} : { newestEventAt: instantOf(newestEventUs) }),
  ...(newestArrivalUs === null ? {} : { newestArrivalAt: instantOf(newestArrivalUs) }),
})

const instantOf = (us: number): string => new Date(us / 1000).toISOString()

const stateOf = ({ source, newestEventUs, isFresh }: Freshness) => ({
  source,
  words: CATALOGUE[source].words,
  freshDays: CATALOGUE[source].freshDays,
  ...(newestEventUs === null ? {} : { newestEventAt: instantOf(newestEventUs) }),
  isFresh,
})

interface CoverageRow extends Record<string, unknown> {
  readonly name: string
  readonly subjects: number
  readonly with_value: number
  readonly counted_at: string
}

async function catalogue(database: Database): Promise<FeatureCatalogue> {
  const atMs = Date.now()
  const rows = await database.query<CoverageRow>(
    'SELECT name, subjects, with_value, counted_at FROM feature_coverage',
  )
  const coverage = new Map(rows.map(row => [row.name, row]))
  const versions = await versionsOf(database)
  const countedAt = rows[0]?.counted_at
  return {
    at: new Date(atMs).toISOString(),
    ...(countedAt === undefined ? {} : { countedAt }),
    sources: (await freshnessAt(database, KINDS, atMs * 1000)).map(one => {
      const own = FEATURES.filter(({ source }) => source === one.source)
      const counted = own.flatMap(({ name }) => coverage.get(name) ?? [])
      return { ...stateOf(one), features: own.length, ...coverageOf(counted) }
    }),
    features: FEATURES.map(feature => {
      const { name, version, words, source, unit, risk, whenNone } = feature
      const { rule } = explained(feature) as { rule: Record<string, unknown> }
      const counted = coverage.get(name)
      return {
        ...{ name, version, words, source, unit, risk, whenNone, rule },
        earlierVersions: (versions.get(name) ?? []).filter(one => one !== version),
        ...(counted ? { subjects: counted.subjects, withValue: counted.with_value } : {}),
      }
    }),
  }
}

function coverageOf(counted: readonly CoverageRow[]): { coveragePpm?: number } {
  const possible = counted.reduce((sum, { subjects }) => sum + subjects, 0)
  const given = counted.reduce((sum, row) => sum + row.with_value, 0)
  return possible > 0 ? { coveragePpm: Math.floor((given * 1_000_000) / possible) } : {}
}

async function versionsOf(database: Database): Promise<ReadonlyMap<string, string[]>> {
  const rows = await database.query<{ name: string; versions: string[] }>(
    `SELECT name, array_agg(version ORDER BY since) AS versions
     FROM feature_definitions GROUP BY name`,
  )
  return new Map(rows.map(({ name, versions }) => [name, versions]))
}
