/**
 * Takes rows out of the tables of the lake, in one transaction with the count of what was taken. Out of the files they
 * are only when those are purged.
 */
import type { Database } from '../../platform/database/database.ts'
import type { Engine, LakeTransaction } from '../engine.ts'
import { LAKE, quoted, STAGING } from '../names.ts'
import { SETTLES } from '../ledger/gold.ts'
import { SILVER } from '../ledger/tables.ts'
import type { Cell } from '../session.ts'
import type { Rules } from './classes.ts'
import { PERSONAL, timedOf } from './declarations.ts'
import type { Personal } from './declared.ts'
import { DOCUMENTS_TABLE, takeDocuments } from './documents.ts'
import { ERASED, REDACTING } from './family.ts'
import { eraseFromLogs } from './logs.ts'
import { isMarkerSql, markerSql } from './marker.ts'
import { classSql, containsSql, inTimeSql, isAskedSql, isHeldSql, isOfSql, instant } from './sql.ts'
import type { Named } from './subject.ts'

export interface Erasing {
  readonly job: string
  readonly named: Named
  /** One source alone; undefined for all of the lake. */
  readonly source: string | undefined
  readonly rules: Rules
  readonly now: Date
}

export interface ErasingParts {
  readonly engine: Engine
  readonly database: Database
}

const PLACES = `${STAGING}.${REDACTING.name}`
const WRITES = `${LAKE}.bronze.writes`

/** Everything of a subject that no law wants kept. Once more, it finds nothing and changes nothing. */
export async function eraseSubject(parts: ErasingParts, erasing: Erasing): Promise<void> {
  const { job, now } = erasing
  for (const where of whereAbout(erasing, PERSONAL.filter(isOfDocuments)))
    await takeDocuments({ ...parts, where, job, now, count: countDocuments(erasing) })
  await eraseFromLogs(parts.database, erasing)
  const places = await placesOf(parts.engine, whereAbout(erasing, personalOf('REDACT')))
  await notePlaces(parts.database, job, places)
  await parts.engine.write({ [REDACTING.name]: places }, async transaction => {
    await redact(transaction, { job, now })
    for (const personal of personalOf('DELETE'))
      for (const where of whereAbout(erasing, [personal]))
        await deleteRows(transaction, { table: personal.table, where, job, now })
    for (const personal of PERSONAL) await blank(transaction, personal, erasing)
    await transaction.run(`CALL ${LAKE}.set_commit_message('privacy', ${quoted(job)})`)
  })
}

const personalOf = (erase: Personal['erase']): Personal[] =>
  PERSONAL.filter(one => one.erase === erase && !isOfDocuments(one))

/** A row that is about the subject, that was asked for, and that no law wants kept. */
function whereAbout(
  { named, source, rules, now }: Erasing,
  personal: readonly Personal[],
): string[] {
  return personal.map(one => {
    const timed = timedOf(one.table)
    return [
      inTimeSql(timed),
      isOfSql(one, named),
      isAskedSql(one, source),
      `NOT ${isHeldSql(timed, rules, now)}`,
    ].join(' AND ')
  })
}

interface Deleting {
  readonly table: string
  readonly where: string
  readonly job: string
  readonly now: Date
}

/** Counts by class, and deletes what it has counted. */
export async function deleteRows(transaction: LakeTransaction, deleting: Deleting): Promise<void> {
  await countRows(transaction, deleting)
  await transaction.run(`DELETE FROM ${LAKE}.${deleting.table} WHERE ${deleting.where}`)
}

async function countRows(
  { run }: LakeTransaction,
  { table, where, job, now }: Deleting,
): Promise<void> {
  await run(
    `INSERT INTO ${LAKE}.bronze.${ERASED.name}
     SELECT ${quoted(job)}, ${quoted(table)}, ${classSql(timedOf(table))}, count(*), ${instant(now)}
     FROM ${LAKE}.${table} WHERE ${where} GROUP BY ALL`,
  )
}

/** Documents are more than their rows. */
export const isOfDocuments = ({ table }: { readonly table: string }): boolean =>
  table === DOCUMENTS_TABLE

export const countDocuments =
  ({ job, now }: Pick<Deleting, 'job' | 'now'>) =>
  (transaction: LakeTransaction, where: string): Promise<void> =>
    countRows(transaction, { table: DOCUMENTS_TABLE, where, job, now })

/** In a row about somebody else, which stays, the identifier alone goes; unless the law wants the row as it is. */
async function blank(
  { run }: LakeTransaction,
  personal: Personal,
  { named, source, rules, now, job }: Erasing,
): Promise<void> {
  const timed = timedOf(personal.table)
  for (const column of personal.named ?? []) {
    const where = [
      containsSql(column, named),
      isAskedSql(personal, source),
      `NOT ${isOfSql(personal, named)}`,
      `NOT ${isHeldSql(timed, rules, now)}`,
    ].join(' AND ')
    const text = named.identifiers.reduce(
      (sql, one) => `replace(${sql}, ${quoted(one)}, 'REDACTED')`,
      `"${column}"`,
    )
    await run(
      `INSERT INTO ${LAKE}.bronze.${ERASED.name}
       SELECT ${quoted(job)}, ${quoted(personal.table)}, 'NAMED_IN_OTHERS', count(*), ${instant(now)}
       FROM ${LAKE}.${personal.table} WHERE ${where} HAVING count(*) > 0`,
    )
    await run(`UPDATE ${LAKE}.${personal.table} SET "${column}" = ${text} WHERE ${where}`)
  }
}

/** Values of the ledger to be taken out, each with the hash that the ledger keeps of it. */
export async function placesOf(engine: Engine, wheres: readonly string[]): Promise<Cell[][]> {
  const places: Cell[][] = []
  for (const where of wheres) {
    const rows = await engine.query(
      `SELECT block, tx_index, position, kind, id, ${classSql(timedOf('bronze.writes'))} AS class,
         sha256(value) AS commitment
       FROM ${WRITES} WHERE value IS NOT NULL AND NOT ${isMarkerSql('value')} AND ${where}`,
    )
    for (const row of rows) {
      const { block, tx_index: tx, position, kind, id, class: name, commitment } = row
      const text = [kind, id, name, commitment].map(String)
      places.push([BigInt(String(block)), Number(tx), Number(position), ...text])
    }
  }
  return places
}

/** Before the lake forgets a value, the organisation knows where it stood: verify would call it a forgery otherwise. */
export async function notePlaces(
  database: Database,
  job: string,
  places: readonly (readonly Cell[])[],
): Promise<void> {
  const column = (at: number): string[] => places.map(row => String(row[at]))
  await database.execute(
    `INSERT INTO lake_redactions (block, tx_index, position, commitment, job)
     SELECT *, $5 FROM unnest($1::bigint[], $2::int[], $3::int[], $4::text[])
     ON CONFLICT DO NOTHING`,
    [column(0), column(1), column(2), column(6), job],
  )
}

/** In bronze, and in what follows from it, the values of the staged places. */
export async function redact(
  { run, query }: LakeTransaction,
  { job, now }: Pick<Erasing, 'job' | 'now'>,
): Promise<void> {
  const kinds = await query<{ kind: string }>(`SELECT DISTINCT kind FROM ${PLACES}`)
  if (kinds.length === 0) return
  await run(
    `INSERT INTO ${LAKE}.bronze.${ERASED.name}
     SELECT ${quoted(job)}, 'bronze.writes', p.class, count(*), ${instant(now)}
     FROM ${PLACES} p JOIN ${WRITES} w USING (block, tx_index, position)
     WHERE NOT ${isMarkerSql('w.value')} GROUP BY ALL`,
  )
  await run(
    `UPDATE ${WRITES} SET value = ${markerSql('sha256(value)')}
     WHERE NOT ${isMarkerSql('value')} AND (block, tx_index, position) IN
       (SELECT (block, tx_index, position) FROM ${PLACES})`,
  )
  const names = new Set(kinds.map(({ kind }) => kind))
  for (const { name, kind, fields } of SILVER.filter(
    one => one.side === 'PRIVATE' && names.has(one.kind),
  )) {
    const isOut = `(id, block, tx_index) IN
      (SELECT (id, block, tx_index) FROM ${PLACES} WHERE kind = ${quoted(kind)})`
    const nothing = Object.keys(fields).map(column => `"${column}" = NULL`)
    await run(
      `UPDATE ${LAKE}.silver.${name} SET ${['deleted = true', ...nothing].join(', ')} WHERE ${isOut}`,
    )
    if (SETTLES.some(one => one.name === name))
      await run(`DELETE FROM ${LAKE}.settled.${name} WHERE ${isOut}`)
    await run(
      `INSERT INTO ${LAKE}.bronze.${ERASED.name}
       SELECT ${quoted(job)}, unnest([${followers(name).map(quoted).join(', ')}]), 'FOLLOWS', 0, ${instant(now)}`,
    )
  }
}

/** Named in the book although nothing is counted twice: their files are to be purged as well. */
const followers = (name: string): string[] =>
  SETTLES.some(one => one.name === name)
    ? [`silver.${name}`, `settled.${name}`]
    : [`silver.${name}`]
