import type { ImportReport } from '@triflow/gateway/client'
import type { OrganizationKey } from '../../supervisor/organizations.ts'
import type { Stage } from '../stage.ts'
import { importFile } from './imports.ts'

/**
 * Fetches the account's new statements from the bank and imports each. A statement that an earlier start fetched is
 * fetched again: the importer knows a file it has seen.
 */
export async function importStatements(
  stage: Stage,
  bank: OrganizationKey,
  account: string,
): Promise<void> {
  const note = `statements/${account}`
  for (let serial = (stage.notes.get<number>(note) ?? 0) + 1; ; serial += 1) {
    const text = await stage.outside.statement(bank, account, serial)
    if (text === undefined) return
    const name = `${account}-${String(serial).padStart(3, '0')}.xml`
    const report = await importFile(stage, bank, name, new TextEncoder().encode(text))
    if (report.status !== 'DONE') throw new Error(`${name}: ${report.status} ${report.code ?? ''}`)
    if (report.rows.refused > 0)
      throw new Error(`${name}: ${await refusalsOf(stage, bank, report)}`)
    stage.notes.set(note, serial)
  }
}

async function refusalsOf(
  stage: Stage,
  bank: OrganizationKey,
  { importId }: ImportReport,
): Promise<string> {
  const treasurer = await stage.actors.as(bank, 'treasurer')
  const query = { verdict: 'REFUSED' as const }
  const { items } = await treasurer.call('imports.rows', { params: { importId }, query })
  return items.map(row => `line ${row.line}: ${row.code}`).join(', ')
}
