/** `triflow lake features`: a table of decisions in, the same with what was known at each moment out. */
import { readFile } from 'node:fs/promises'
import { parse } from 'csv-parse/sync'
import { z } from 'zod'
import type { Config } from '../../platform/config.ts'
import { openDatabase } from '../../platform/database/database.ts'
import { createLog } from '../../platform/log.ts'
import type { Engine } from '../../lakehouse/engine.ts'
import { FEATURES } from '../../lakehouse/features/catalogue/index.ts'
import { writeFeatureTable, type Decision } from '../../lakehouse/features/table.ts'
import { UsageFault } from '../access.ts'

interface Parts {
  readonly engine: Engine
  readonly config: Config
  readonly say: (line: string) => void
}

export async function makeFeatureTable(
  { engine, config, say }: Parts,
  {
    decisions: from,
    out,
  }: { readonly decisions?: string | undefined; readonly out?: string | undefined },
): Promise<boolean> {
  if (!from || !out)
    throw new UsageFault('name both: --decisions FILE.csv --out FILE.parquet (or .csv)')
  const decisions = parseDecisions(await readFile(from, 'utf8'))
  const log = createLog({ level: 'warn', organization: config.organization })
  const database = openDatabase({ url: config.databaseUrl, connections: 1, log })
  try {
    const beganMs = performance.now()
    const rows = await writeFeatureTable({ engine, database, decisions }, out)
    const seconds = ((performance.now() - beganMs) / 1000).toFixed(1)
    say(`${rows} decisions, ${FEATURES.length} features each, in ${seconds} s: ${out}`)
    return true
  } finally {
    await database.close()
  }
}

const Line = z.object({ member: z.string().min(1).max(96), at: z.iso.datetime({ offset: true }) })

/** Two columns with these names, in any order; others are left out. */
export function parseDecisions(text: string): Decision[] {
  const lines: unknown[] = parse(text, { columns: true, bom: true, skip_empty_lines: true })
  return lines.map((line, at) => {
    const read = Line.safeParse(line)
    if (!read.success)
      throw new UsageFault(
        `line ${at + 2}: needs member and at, an instant such as 2026-01-31T12:00:00Z`,
      )
    return { member: read.data.member, atMs: Date.parse(read.data.at) }
  })
}
