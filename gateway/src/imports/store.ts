import type { Database, Queryable, Row } from '../platform/database/database.ts'
import { decodeCursor, page, Where } from '../platform/database/paging.ts'
import { adviceFor } from './advice.ts'
import type { ImportReport } from './api.ts'

export interface ImportRecord extends Row {
  import_id: string
  document_id: string
  scope: string
  sha256: string
  file_name: string
  user_id: string
  member_id: string | null
  format: string | null
  encoding: string | null
  status: ImportReport['status']
  code: string | null
  line: number | null
  operation_id: string | null
  created_at: string
  finished_at: string | null
}

export interface RowRecord extends Row {
  row: number
  line: number
  entry: string | null
  kind: string | null
  number: string | null
  verdict: 'PENDING' | 'ACCEPTED' | 'REFUSED' | 'DUPLICATE'
  code: string | null
  field: string | null
  natural_key: string | null
  batch: number | null
  payload: unknown
  object_id: string | null
  tx_id: string | null
}

/** The channel on which the id of an import that ended is told. */
export const IMPORT_ENDED = 'import_ended'

export async function findImport(
  database: Queryable,
  importId: string,
): Promise<ImportRecord | undefined> {
  const [row] = await database.query<ImportRecord>('SELECT * FROM imports WHERE import_id = $1', [
    importId,
  ])
  return row
}

export async function findSameBytes(
  database: Queryable,
  scope: string,
  sha256: string,
): Promise<ImportRecord | undefined> {
  const [row] = await database.query<ImportRecord>(
    'SELECT * FROM imports WHERE scope = $1 AND sha256 = $2',
    [scope, sha256],
  )
  return row
}

/**
 * Gives an import that ended FAILED another life: where rows of it are on the ledger, the others are posted; else the
 * file is read anew. Nothing happens to an import in another state.
 *
 * @returns whether there is work again.
 */
export async function reopenImport(database: Queryable, importId: string): Promise<boolean> {
  const count = await database.execute(
    `UPDATE imports i SET attempts = 0, code = NULL, line = NULL, finished_at = NULL,
       status = CASE WHEN EXISTS (SELECT 1 FROM import_rows r
         WHERE r.import_id = i.import_id AND r.verdict = 'ACCEPTED') THEN 'POSTING' ELSE 'RECEIVED' END
     WHERE import_id = $1 AND status = 'FAILED'`,
    [importId],
  )
  return count === 1
}

/** JSON that PostgreSQL takes: amounts as text, and no half of a character that a cut has left. */
const storable = (_key: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return value.toString()
  return typeof value === 'string' ? value.toWellFormed() : value
}

export async function insertRows(
  database: Queryable,
  importId: string,
  rows: readonly RowRecord[],
): Promise<void> {
  if (rows.length === 0) return
  await database.execute(
    `INSERT INTO import_rows (import_id, row, line, entry, kind, number, verdict, code, field,
       natural_key, batch, payload, object_id)
     SELECT $1, * FROM unnest($2::int[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[],
       $8::text[], $9::text[], $10::text[], $11::int[], $12::jsonb[], $13::text[])`,
    [
      importId,
      rows.map(r => r.row),
      rows.map(r => r.line),
      rows.map(r => r.entry),
      rows.map(r => r.kind),
      rows.map(r => r.number),
      rows.map(r => r.verdict),
      rows.map(r => r.code),
      rows.map(r => r.field),
      rows.map(r => r.natural_key),
      rows.map(r => r.batch),
      rows.map(r => (r.payload === null ? null : JSON.stringify(r.payload, storable))),
      rows.map(r => r.object_id),
    ],
  )
}

/** Which of these documents have been taken or are under way, from any file. */
export async function knownKeys(
  database: Queryable,
  keys: readonly string[],
): Promise<Set<string>> {
  const rows = await database.query<{ natural_key: string }>(
    `SELECT DISTINCT natural_key FROM import_rows
     WHERE natural_key = ANY($1) AND verdict IN ('PENDING', 'ACCEPTED')`,
    [keys],
  )
  return new Set(rows.map(row => row.natural_key))
}

export async function updateImport(
  database: Queryable,
  importId: string,
  change: Partial<
    Pick<ImportRecord, 'status' | 'format' | 'encoding' | 'code' | 'line' | 'operation_id'>
  >,
): Promise<void> {
  const ends = change.status === 'DONE' || change.status === 'REFUSED' || change.status === 'FAILED'
  await database.execute(
    `UPDATE imports SET status = coalesce($2, status), format = coalesce($3, format),
       encoding = coalesce($4, encoding), code = coalesce($5, code), line = coalesce($6, line),
       operation_id = coalesce($7, operation_id),
       finished_at = CASE WHEN $8 THEN now() ELSE finished_at END
     WHERE import_id = $1 RETURNING CASE WHEN $8 THEN pg_notify('${IMPORT_ENDED}', import_id) END`,
    [
      importId,
      change.status ?? null,
      change.format ?? null,
      change.encoding ?? null,
      change.code ?? null,
      change.line ?? null,
      change.operation_id ?? null,
      ends,
    ],
  )
}

/** Counted before the work is done, so that an attempt which takes the process down counts too. */
export async function beginAttempt(database: Queryable, importId: string): Promise<number> {
  const [row] = await database.query<{ attempts: number }>(
    'UPDATE imports SET attempts = attempts + 1 WHERE import_id = $1 RETURNING attempts',
    [importId],
  )
  return row?.attempts ?? 0
}

/** Takes back an attempt that failed because a server was away. */
export async function forgiveAttempt(database: Queryable, importId: string): Promise<void> {
  await database.execute('UPDATE imports SET attempts = attempts - 1 WHERE import_id = $1', [
    importId,
  ])
}

interface ReportRow extends ImportRecord {
  bytes: string
  cid: string
  login: string | null
  counts: Record<string, number> | null
  kinds: Record<string, number> | null
}

const REPORT = `SELECT i.*, d.bytes, d.cid, u.login,
  (SELECT jsonb_object_agg(verdict, n) FROM (SELECT verdict, count(*)::int AS n FROM import_rows r
     WHERE r.import_id = i.import_id GROUP BY verdict) v) AS counts,
  (SELECT jsonb_object_agg(kind, n) FROM (SELECT kind, count(*)::int AS n FROM import_rows r
     WHERE r.import_id = i.import_id AND verdict = 'ACCEPTED' AND kind IS NOT NULL GROUP BY kind) k) AS kinds
  FROM imports i JOIN documents d USING (document_id) LEFT JOIN users u USING (user_id)`

function reportOf(row: ReportRow, repeated: boolean): ImportReport {
  const count = (verdict: string): number => row.counts?.[verdict] ?? 0
  const total = Object.values(row.counts ?? {}).reduce((sum, n) => sum + n, 0)
  return {
    importId: row.import_id,
    fileName: row.file_name,
    bytes: row.bytes,
    sha256: row.sha256,
    cid: row.cid,
    documentId: row.document_id,
    ...(row.format ? { format: row.format } : {}),
    ...(row.encoding ? { encoding: row.encoding } : {}),
    status: row.status,
    ...(row.code ? { code: row.code, advice: adviceFor(row.code) } : {}),
    ...(row.line ? { line: row.line } : {}),
    rows: {
      total,
      accepted: count('ACCEPTED'),
      refused: count('REFUSED'),
      duplicate: count('DUPLICATE'),
      pending: count('PENDING'),
    },
    kinds: row.kinds ?? {},
    repeated,
    createdAt: row.created_at,
    ...(row.finished_at ? { finishedAt: row.finished_at } : {}),
    createdBy: row.login ?? '',
  }
}

export async function readReport(
  database: Queryable,
  importId: string,
  options: { scope: string | undefined; repeated?: boolean },
): Promise<ImportReport | undefined> {
  const where = new Where().and('i.import_id = ?', importId).maybe('i.scope = ?', options.scope)
  const [row] = await database.query<ReportRow>(`${REPORT} ${where.sql}`, where.values)
  return row ? reportOf(row, options.repeated ?? false) : undefined
}

export async function listReports(
  database: Database,
  filter: {
    scope: string | undefined
    status?: string | undefined
    cursor?: string | undefined
    limit: number
  },
) {
  const where = new Where().maybe('i.scope = ?', filter.scope).maybe('i.status = ?', filter.status)
  const after = decodeCursor(filter.cursor, 2)
  if (after) where.and('(i.created_at, i.import_id) < (?::timestamptz, ?)', ...after)
  const rows = await database.query<ReportRow>(
    `${REPORT} ${where.sql} ORDER BY i.created_at DESC, i.import_id DESC LIMIT ${filter.limit + 1}`,
    where.values,
  )
  return page(rows, filter.limit, {
    key: row => [row.created_at, row.import_id],
    item: row => reportOf(row, false),
  })
}

export async function listRows(
  database: Queryable,
  importId: string,
  filter: { verdict?: string | undefined; cursor?: string | undefined; limit: number },
) {
  const where = new Where().and('import_id = ?', importId).maybe('verdict = ?', filter.verdict)
  const after = decodeCursor(filter.cursor, 1)
  if (after) where.and('row > ?', after[0])
  const rows = await database.query<RowRecord>(
    `SELECT * FROM import_rows ${where.sql} ORDER BY row LIMIT ${filter.limit + 1}`,
    where.values,
  )
  return page(rows, filter.limit, { key: row => [String(row.row)], item: rowView })
}

function rowView(row: RowRecord) {
  const isDocument = row.kind !== null && row.kind !== 'MEMBER'
  return {
    row: row.row,
    line: row.line,
    ...(row.entry ? { entry: row.entry } : {}),
    ...(isDocument ? { kind: row.kind as 'INVOICE' } : {}),
    ...(row.number ? { number: row.number } : {}),
    verdict: row.verdict,
    ...(row.code ? { code: row.code, advice: adviceFor(row.code) } : {}),
    ...(row.field ? { field: row.field } : {}),
    ...(row.object_id ? { objectId: row.object_id } : {}),
    ...(row.tx_id ? { txId: row.tx_id } : {}),
  }
}
