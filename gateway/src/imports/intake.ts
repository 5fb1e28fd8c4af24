import { BATCH_MAX } from '@triflow/chaincode/model'
import type { Services } from '../services.ts'
import { FileFault, RowFault } from './advice.ts'
import type { Reading } from './drafts.ts'
import { createJudge, type Judge } from './judge.ts'
import { openFile } from './readers/open.ts'
import { insertRows, knownKeys, updateImport, type ImportRecord, type RowRecord } from './store.ts'
import { plain } from './values.ts'

const CHUNK = 400
/** Lines of the documents in one transaction. */
const BATCH_LINES = 4 * BATCH_MAX

interface Batches {
  /** The number of the batch a row goes into. */
  assign(parties: string, lines: number): number
}

/**
 * Reads a file and judges each row on its own. Nothing is posted before the whole file has been read, because
 * a statement that does not balance or XML that breaks off refuses everything before it too.
 */
export async function takeIn(
  services: Services,
  record: ImportRecord,
  file: string,
  scratch: string,
) {
  const { database } = services
  // A second attempt after a crash starts over: nothing has been posted while READING.
  await database.execute('DELETE FROM import_rows WHERE import_id = $1', [record.import_id])
  await updateImport(database, record.import_id, { status: 'READING' })
  try {
    const shape = await openFile(file, scratch)
    await updateImport(database, record.import_id, {
      format: shape.format,
      encoding: shape.encoding ?? null,
    })
    const memberId = record.member_id ?? undefined
    const user = await services.users.find(record.user_id)
    const isOperator = memberId === undefined && (user?.roles.includes('operator') ?? false)
    const judge = await createJudge({ services, memberId, isOperator })
    await judgeAll(services, { record, judge, readings: shape.readings })
    return true
  } catch (error) {
    if (!(error instanceof FileFault)) throw error
    await database.execute('DELETE FROM import_rows WHERE import_id = $1', [record.import_id])
    await updateImport(database, record.import_id, {
      status: 'REFUSED',
      code: error.code,
      line: error.line ?? null,
    })
    return false
  }
}

async function judgeAll(
  services: Services,
  work: { record: ImportRecord; judge: Judge; readings: AsyncIterable<Reading> },
): Promise<void> {
  const batches = createBatches()
  let chunk: Reading[] = []
  let row = 0
  const flush = async (): Promise<void> => {
    const first = row - chunk.length + 1
    await judgeChunk(services, { ...work, batches, chunk, first })
    chunk = []
  }
  for await (const reading of work.readings) {
    row++
    chunk.push(reading)
    if (chunk.length >= CHUNK) await flush()
  }
  if (chunk.length > 0) await flush()
}

interface Chunk {
  readonly record: ImportRecord
  readonly judge: Judge
  readonly batches: Batches
  readonly chunk: readonly Reading[]
  /** Number of the first row in the chunk. */
  readonly first: number
}

async function judgeChunk(services: Services, work: Chunk): Promise<void> {
  const rows: RowRecord[] = []
  for (const [index, reading] of work.chunk.entries())
    rows.push(await judgeRow(work.judge, reading, work.first + index))
  const keys = rows.flatMap(row => (row.natural_key ? [row.natural_key] : []))
  const known = await knownKeys(services.database, keys)
  const seen = new Set<string>()
  for (const [index, row] of rows.entries()) {
    markDuplicate(row, known, seen)
    if (row.verdict !== 'PENDING') row.payload = null
    else row.batch = work.batches.assign(partiesOf(row), linesOf(work.chunk[index]))
  }
  await insertRows(services.database, work.record.import_id, rows)
  for (const row of rows) services.metrics.importRows.inc({ verdict: row.verdict })
}

const PARTIES = Symbol('parties')

function blankRow(reading: Reading, row: number): RowRecord {
  const { fault = { line: reading.line, code: null, field: null } } = reading
  return {
    row,
    line: fault.line,
    entry: reading.entry === undefined ? null : plain(reading.entry, 200),
    kind: reading.kind ?? null,
    number: reading.number === undefined ? null : plain(reading.number, 80),
    verdict: 'REFUSED',
    code: fault.code,
    field: fault.field ?? null,
    natural_key: null,
    batch: null,
    payload: null,
    object_id: null,
    tx_id: null,
  }
}

async function judgeRow(judge: Judge, reading: Reading, row: number): Promise<RowRecord> {
  const blank = blankRow(reading, row)
  if (!reading.draft) return blank
  try {
    const judged = await judge.judge(reading.draft)
    return {
      ...blank,
      verdict: 'PENDING',
      natural_key: judged.naturalKey || null,
      payload: judged.payload,
      object_id: judged.objectId,
      [PARTIES]: judged.parties,
    }
  } catch (error) {
    if (!(error instanceof RowFault)) throw error
    return { ...blank, code: error.code, field: error.field ?? null }
  }
}

function partiesOf(row: RowRecord): string {
  return (row as RowRecord & { [PARTIES]?: string })[PARTIES] ?? ''
}

function linesOf(reading: Reading | undefined): number {
  const draft = reading?.draft
  return draft && 'lines' in draft ? draft.lines.length : 1
}

function markDuplicate(row: RowRecord, known: ReadonlySet<string>, seen: Set<string>): void {
  const key = row.natural_key
  if (row.verdict !== 'PENDING' || key === null) return
  if (seen.has(key) || known.has(key)) {
    row.verdict = 'DUPLICATE'
    row.code = seen.has(key) ? 'DUPLICATE_IN_FILE' : 'DUPLICATE_KNOWN'
  }
  seen.add(key)
}

/** Fills one open batch per kind and parties; a batch is closed by documents or by lines. */
function createBatches(): Batches {
  const open = new Map<string, { number: number; rows: number; lines: number }>()
  let count = 0
  return {
    assign(parties, lines) {
      const current = open.get(parties)
      if (current && current.rows < BATCH_MAX && current.lines + lines <= BATCH_LINES) {
        current.rows++
        current.lines += lines
        return current.number
      }
      open.set(parties, { number: count, rows: 1, lines })
      return count++
    },
  }
}
