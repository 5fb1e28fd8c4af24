import { createReadStream, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import type { Client, ImportReport, Output } from '../client/index.ts'
import { GatewayProblem } from '../client/index.ts'
import { table } from './table.ts'
import { UsageFault } from './access.ts'

type Row = Output<'imports.rows'>['items'][number]

interface Judged {
  readonly file: string
  readonly report: ImportReport | undefined
  readonly code: string | undefined
  readonly rows: readonly Row[]
}

const AT_ONCE = 4
const ROWS_SHOWN = 20

/** Uploads every file of a folder through the public API and prints what became of each. */
export async function importFolder(
  client: Client,
  folder: string,
  say: (line: string) => void,
): Promise<boolean> {
  const files = filesOf(folder)
  if (files.length === 0) throw new UsageFault(`${folder}: no files in it`)
  const judged: Judged[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let index = next++; index < files.length; index = next++) {
      const file = files[index] as string
      judged.push(await importFile(client, folder, file))
      say(`${judged.length}/${files.length} ${path.relative(folder, file)}`)
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, files.length) }, worker))
  judged.sort((a, b) => (a.file < b.file ? -1 : 1))
  print(judged, say)
  return judged.every(one => one.report?.status === 'DONE')
}

function filesOf(folder: string): string[] {
  let entries
  try {
    if (statSync(folder).isFile()) return [folder]
    entries = readdirSync(folder, { withFileTypes: true })
  } catch {
    throw new UsageFault(`${folder}: no such folder`)
  }
  return entries
    .filter(entry => !entry.name.startsWith('.'))
    .flatMap(entry => {
      const full = path.join(folder, entry.name)
      return entry.isDirectory() ? filesOf(full) : [full]
    })
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
}

/** Orders go first and credit notes last where the names tell; the order only saves work. */
function rank(file: string): number {
  if (/order/i.test(file)) return 0
  if (/credit/i.test(file)) return 3
  return /invoice|receipt|despatch/i.test(file) ? 1 : 2
}

async function importFile(client: Client, folder: string, file: string): Promise<Judged> {
  const name = path.relative(folder, file) || path.basename(file)
  try {
    let report = await client.call('imports.upload', {
      query: { fileName: name.slice(-200) },
      content: createReadStream(file),
    })
    while (report.finishedAt === undefined)
      report = {
        ...(await client.call('imports.get', {
          params: { importId: report.importId },
          query: { waitMs: 20_000 },
        })),
        repeated: report.repeated,
      }
    return { file: name, report, code: report.code, rows: await badRows(client, report) }
  } catch (error) {
    if (!(error instanceof GatewayProblem)) throw error
    return { file: name, report: undefined, code: error.code, rows: [] }
  }
}

async function badRows(client: Client, report: ImportReport): Promise<Row[]> {
  const rows: Row[] = []
  for (const verdict of ['REFUSED', 'DUPLICATE'] as const) {
    const page = await client.call('imports.rows', {
      params: { importId: report.importId },
      query: { verdict, limit: ROWS_SHOWN },
    })
    rows.push(...page.items)
  }
  return rows
}

function print(judged: readonly Judged[], say: (line: string) => void): void {
  const head = ['file', 'is', 'accepted', 'refused', 'duplicate', 'outcome']
  const lines = judged.map(({ file, report, code }) => [
    file,
    report?.format ?? '-',
    String(report?.rows.accepted ?? 0),
    String(report?.rows.refused ?? 0),
    String(report?.rows.duplicate ?? 0),
    outcomeOf(report, code),
  ])
  say('')
  for (const line of table(head, lines)) say(line)
  const bad = judged.flatMap(({ file, report, rows }) => [
    ...(report?.advice
      ? [[file, String(report.line ?? ''), '', report.code ?? '', report.advice.en]]
      : []),
    ...rows.map(row => [
      row.entry ? `${file}:${row.entry}` : file,
      String(row.line),
      row.number ?? '',
      row.field ? `${row.code ?? ''} (${row.field})` : (row.code ?? ''),
      row.advice?.en ?? '',
    ]),
  ])
  if (bad.length === 0) return
  say('')
  for (const line of table(['file', 'line', 'number', 'code', 'what to change'], bad)) say(line)
}

function outcomeOf(report: ImportReport | undefined, code: string | undefined): string {
  if (!report) return `refused: ${code ?? ''}`
  if (report.status !== 'DONE') return `${report.status.toLowerCase()}: ${report.code ?? ''}`
  return report.repeated ? 'known already' : 'done'
}
