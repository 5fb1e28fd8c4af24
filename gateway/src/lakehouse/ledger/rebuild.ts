/**
 * The ledger's part of the lake once more, from block 0: for files that are broken. What other streams have brought
 * stays. Its tables are replaced by empty ones in one transaction, and whoever follows the ledger begins again.
 */
import { REBUILT_BY } from '../history.ts'
import { CodedError } from '../../platform/faults.ts'
import { NO_ROWS, type Engine, type LakeTransaction } from '../engine.ts'
import { columnsOf, LAKE } from '../names.ts'
import { ledgerFamily } from './family.ts'
import { lakeHeight } from './height.ts'
import { BRONZE, REBUILDS } from './tables.ts'

type Asking = Pick<LakeTransaction, 'query'>

/** The block that a rebuild has to reach again; undefined when it has, or when there was none. */
export async function rebuildingUntil(asking: Asking): Promise<bigint | undefined> {
  const [row] = await asking.query<{ until: string | null }>(
    `SELECT max(until_block) AS until FROM ${LAKE}.bronze.${REBUILDS.name}`,
  )
  const until = BigInt(row?.until ?? -1)
  return until > (await lakeHeight(asking)) ? until : undefined
}

/** @throws CodedError LAKE_REBUILDING: an answer now would be out of less than the lake has had. */
export async function refuseWhileRebuilding(asking: Asking): Promise<void> {
  const until = await rebuildingUntil(asking)
  if (until === undefined) return
  const block = await lakeHeight(asking)
  throw new CodedError('LAKE_REBUILDING', {
    status: 503,
    facts: { block: block.toString(), until: until.toString() },
  })
}

/** @returns the block that has to be reached again. */
export const rebuild = (engine: Engine): Promise<bigint> =>
  engine.write(NO_ROWS, async transaction => {
    const { run } = transaction
    // A rebuild that is begun again has to reach what the first one had to.
    const until = (await rebuildingUntil(transaction)) ?? (await lakeHeight(transaction))
    for (const table of Object.values(BRONZE))
      await run(`CREATE OR REPLACE TABLE ${LAKE}.bronze.${table.name} (${columnsOf(table)})`)
    for (const sql of ledgerFamily.derived()) await run(sql)
    await run(`INSERT INTO ${LAKE}.bronze.${REBUILDS.name} VALUES (${until}, now())`)
    await run(`CALL ${LAKE}.set_commit_message('${REBUILT_BY}', 'from block 0')`)
    return until
  })
