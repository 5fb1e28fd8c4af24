/** A document that goes takes its index with it, and no stream brings it again. */
import type { Database } from '../../platform/database/database.ts'
import { withhold } from '../documents/owed.ts'
import { removeDocuments } from '../documents/remove.ts'
import type { Engine, LakeTransaction } from '../engine.ts'
import { LAKE, quoted } from '../names.ts'
import { RETAINED } from './declarations.ts'
import { ERASED } from './family.ts'
import { instant } from './sql.ts'

export const DOCUMENTS_TABLE = 'bronze.documents'

export interface TakenDocuments {
  readonly engine: Engine
  readonly database: Database
  /** Of the documents to be taken. */
  readonly where: string
  readonly job: string
  readonly now: Date
  /** Counts them in the book of the job, as the rows of any other table. */
  readonly count: (transaction: LakeTransaction, where: string) => Promise<void>
}

/** In transactions of their own, each with its count: what a kill leaves is found by the same condition again. */
export async function takeDocuments(taken: TakenDocuments): Promise<void> {
  const { engine, database, where, job, now, count } = taken
  const rows = await engine.query<{ id: string }>(
    `SELECT id FROM ${LAKE}.${DOCUMENTS_TABLE} WHERE ${where}`,
  )
  if (rows.length === 0) return
  const ids = rows.map(({ id }) => id)
  await withhold(database, ids)
  await removeDocuments(engine, ids, async (transaction, those) => {
    await count(transaction, those)
    // Nothing is counted twice; their files are to be purged as well.
    await transaction.run(
      `INSERT INTO ${LAKE}.bronze.${ERASED.name}
       SELECT ${quoted(job)}, unnest([${INDEX.map(quoted).join(', ')}]), 'FOLLOWS', 0, ${instant(now)}`,
    )
  })
}

const INDEX = [...RETAINED.values()]
  .filter(one => one.keeps === 'FOLLOWS' && one.of === DOCUMENTS_TABLE)
  .map(({ table }) => table)
