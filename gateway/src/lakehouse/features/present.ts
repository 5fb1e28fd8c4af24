/** Gold: the features of everybody as they stand, for analysts; and of how many each is known. */
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Database, Queryable } from '../../platform/database/database.ts'
import { NO_ROWS, type Engine } from '../engine.ts'
import { LAKE, quoted } from '../names.ts'
import { CATALOGUE } from '../sources/catalogue/index.ts'
import type { Feature } from './definition.ts'
import { PRESENT } from './family.ts'
import { ALL, type Featured } from './store.ts'
import { writeFeatureTable } from './table.ts'

const PLACE = `${LAKE}.gold.${PRESENT.name}`

interface Parts {
  readonly engine: Engine
  readonly database: Database
}

/**
 * Remakes the table in one transaction, and the coverage from it.
 *
 * @returns the number of members and persons that were looked at.
 */
export async function remakePresent(
  { engine, database }: Parts,
  atMs: number,
  { features }: Featured = ALL,
): Promise<number> {
  const subjects = await everybody(database)
  const all = [...subjects.members, ...subjects.persons]
  const folder = await mkdtemp(path.join(os.tmpdir(), 'triflow-features-'))
  const file = path.join(folder, 'present.parquet')
  try {
    // Counted outside: a transaction that takes seconds would keep blocks waiting.
    const decisions = all.map(member => ({ member, atMs }))
    await writeFeatureTable({ engine, database, decisions, features }, file)
    await engine.write(NO_ROWS, async ({ run }) => {
      await run(`DELETE FROM ${PLACE}`)
      await run(`INSERT INTO ${PLACE} ${longRows(features, file)}`)
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  await noteCoverage({ engine, database }, { features, ...subjects, atMs })
  return all.length
}

function longRows(features: readonly Feature[], file: string): string {
  const versions = features.map(({ name, version }) => `(${quoted(name)}, ${quoted(version)})`)
  return `SELECT long.member, long.feature, v.version, long.value, long."at"
    FROM (UNPIVOT (FROM read_parquet(${quoted(file)}))
      ON COLUMNS(* EXCLUDE (member, "at")) INTO NAME feature VALUE value) long
    JOIN (VALUES ${versions.join(', ')}) v(name, version) ON v.name = long.feature
    ORDER BY long.feature, long.member`
}

interface Everybody {
  readonly members: readonly string[]
  readonly persons: readonly string[]
}

async function everybody(database: Queryable): Promise<Everybody> {
  const members = await database.query<{ id: string }>('SELECT member_id AS id FROM members')
  const persons = await database.query<{ id: string }>(
    `SELECT DISTINCT substr(subject, 8) AS id FROM feature_facts WHERE subject LIKE 'PERSON/%'`,
  )
  return { members: members.map(({ id }) => id), persons: persons.map(({ id }) => id) }
}

interface Counted extends Everybody {
  readonly features: readonly Feature[]
  readonly atMs: number
}

/** Of those whom the source may speak of at all: members, persons, or both. */
async function noteCoverage(
  { engine, database }: Parts,
  { features, members, persons, atMs }: Counted,
): Promise<void> {
  const rows = await engine.query<{ feature: string; values: string }>(
    `SELECT feature, count(*) AS values FROM ${PLACE} GROUP BY feature`,
  )
  const withValue = new Map(rows.map(row => [row.feature, Number(row.values)]))
  const subjects = ({ source }: Feature): number => {
    const { consent } = CATALOGUE[source] as { consent: { MEMBER?: unknown; PERSON?: unknown } }
    return (consent.MEMBER ? members.length : 0) + (consent.PERSON ? persons.length : 0)
  }
  await database.transaction(async tx => {
    await tx.execute('DELETE FROM feature_coverage')
    await tx.execute(
      `INSERT INTO feature_coverage (name, version, subjects, with_value, counted_at)
       SELECT name, version, subjects, with_value, $5
       FROM unnest($1::text[], $2::text[], $3::int[], $4::int[])
         AS counted(name, version, subjects, with_value)`,
      [
        features.map(({ name }) => name),
        features.map(({ version }) => version),
        features.map(subjects),
        features.map(({ name }) => withValue.get(name) ?? 0),
        new Date(atMs).toISOString(),
      ],
    )
  })
}
