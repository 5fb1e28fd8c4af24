import type { Engine } from '../engine.ts'
import { LAKE } from '../names.ts'

/** The last block that the lake has; -1 before block 0. */
export async function lakeHeight({ query }: Pick<Engine, 'query'>): Promise<bigint> {
  const [row] = await query<{ block: string | null }>(
    `SELECT max(block) AS block FROM ${LAKE}.bronze.blocks`,
  )
  return BigInt(row?.block ?? -1)
}
