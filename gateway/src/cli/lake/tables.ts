/** What the lake tells analysts of its tables, and where a column comes from: the same of every lake of this version. */
import { lakeCatalogue } from '../../lakehouse/analysis/catalogue.ts'
import { createLineage } from '../../lakehouse/analysis/lineage.ts'
import { ANALYST_ROLES, lakePolicy } from '../../lakehouse/analysis/policy.ts'
import { createSandbox } from '../../lakehouse/analysis/sandbox.ts'
import { UsageFault } from '../access.ts'
import { table } from '../table.ts'

type Say = (line: string) => void

export function printTables(say: Say): boolean {
  const catalogue = lakeCatalogue()
  const policy = lakePolicy(catalogue)
  const rows = [...catalogue.values()].map(({ name, columns }) => {
    const open = Object.entries(columns)
    const held = open.filter(([, { kind }]) => kind !== 'PLAIN').map(([column]) => column)
    const rules = ANALYST_ROLES.map(role => policy[role].tables[name])
    const seen = rules.map(rule => (rule === undefined ? '-' : rule === 'ALL' ? 'all' : 'part'))
    return [name, ...seen, String(open.length), held.join(' ')]
  })
  for (const line of table(['table', ...ANALYST_ROLES, 'columns', 'masked by role'], rows))
    say(line)
  return true
}

export async function printLineage(
  name: string | undefined,
  column: string | undefined,
  say: Say,
): Promise<boolean> {
  if (!name || !column) throw new UsageFault('triflow lake lineage gold.invoices total_fen')
  // The engine's own reading of SQL; there is nothing in it to be read.
  const nothing = { attach: [], views: [], folders: [], secrets: [] }
  const sandbox = createSandbox({ ...nothing, memoryMb: 64, threads: 1, hidesRows: false })
  try {
    const parse = async (sql: string) => (await sandbox.parse(sql)).tree
    const lineage = createLineage({ catalogue: lakeCatalogue(), parse })
    const { columns, ledger, decidedBy } = await lineage.ofColumn(name, column)
    for (const one of columns) say(`from ${one}`)
    for (const { bronze, field, ledgerKey } of ledger)
      say(`  ${bronze}${field ? `, field ${field}` : ''}${ledgerKey ? ` of ${ledgerKey}` : ''}`)
    if (decidedBy.length > 0) say(`rows decided by ${decidedBy.map(one => one.name).join(', ')}`)
    return true
  } finally {
    sandbox.close()
  }
}
