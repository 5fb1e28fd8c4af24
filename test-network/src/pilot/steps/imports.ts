import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { ImportReport } from '@triflow/gateway/client'
import type { OrganizationKey } from '../../supervisor/organizations.ts'
import { inParallel } from '../patience.ts'
import type { Stage } from '../stage.ts'

/** Files that may be under way at one gateway at the same time. */
const WIDTH = 4

/** A small year may have nothing of a kind: then there is no folder. */
const filesOf = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true })
        .filter(entry => entry.isFile())
        .map(entry => path.join(folder, entry.name))
        .sort()
    : []

interface Tally {
  files: number
  accepted: number
  refused: number
  duplicate: number
}

/** Uploads a folder as the organisation's operator, the way `triflow import` does, and waits for the judgement. */
async function importFolder(stage: Stage, key: OrganizationKey, name: string): Promise<Tally> {
  const tally: Tally = { files: 0, accepted: 0, refused: 0, duplicate: 0 }
  await inParallel(filesOf(path.join(stage.world.year, key, name)), WIDTH, async file => {
    const report = await importFile(stage, key, path.basename(file), readFileSync(file))
    if (report.status !== 'DONE') throw new Error(`${file}: ${report.status} ${report.code ?? ''}`)
    if (report.rows.accepted > 0) stage.firstCommit()
    tally.files += 1
    tally.accepted += report.rows.accepted
    tally.refused += report.rows.refused
    tally.duplicate += report.rows.duplicate
  })
  stage.tell({
    what: `Imported ${key}/${name}: ${tally.files} files, ${tally.refused} rows refused, ${tally.duplicate} duplicate; accepted`,
    count: tally.accepted,
  })
  return tally
}

/** One file; the report is final. */
export async function importFile(
  stage: Stage,
  key: OrganizationKey,
  fileName: string,
  content: Uint8Array,
): Promise<ImportReport> {
  const isBank = key === 'banka' || key === 'bankb'
  const operator = await (isBank ? stage.actors.as(key, 'treasurer') : stage.actors.operator(key))
  let report = await operator.call('imports.upload', { query: { fileName }, content })
  while (report.status !== 'DONE' && report.status !== 'REFUSED' && report.status !== 'FAILED') {
    report = await operator.call('imports.get', {
      params: { importId: report.importId },
      query: { waitMs: 20_000 },
    })
  }
  return report
}

/** Orders come first: everything else refers to them. */
export const importOrders = (stage: Stage): Promise<unknown> =>
  importFolder(stage, 'core', 'orders')

/** Goods before invoices, so that an invoice is judged once, when all it is judged by is there; then the statements. */
export async function importYear(stage: Stage): Promise<void> {
  await Promise.all([
    importFolder(stage, 'logistics', 'despatch'),
    importFolder(stage, 'core', 'receipts'),
  ])
  await Promise.all([
    importFolder(stage, 'alliance', 'invoices'),
    importFolder(stage, 'banka', 'statements'),
    importFolder(stage, 'bankb', 'statements'),
  ])
}

/** Credit notes reduce matched invoices: they follow the match. */
export const importCreditNotes = (stage: Stage): Promise<unknown> =>
  importFolder(stage, 'alliance', 'credit-notes')
