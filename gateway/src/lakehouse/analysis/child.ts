/**
 * The process in which analysts' queries run: one reader, one DuckDB, nothing else. It has no
 * secrets in its environment; what it was given to open the lake lies below views that a query
 * cannot look behind.
 */
import {
  BIGINT,
  BOOLEAN,
  DATE,
  DuckDBDateValue,
  DuckDBInstance,
  StatementType,
  VARCHAR,
  type DuckDBConnection,
  type DuckDBPreparedStatement,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api'
import { quoted } from '../names.ts'
import type { Json } from './ast.ts'
import {
  EXIT_MEMORY,
  type Answer,
  type Bound,
  type FaultCode,
  type Pack,
  type Reply,
  type Request,
  type Run,
  type SandboxSpec,
} from './protocol.ts'

let connection: DuckDBConnection | undefined
/**
 * Texts are read in a DuckDB that has no tables: there a name is what is written and not what a
 * view makes of it.
 */
let parser: DuckDBConnection | undefined
let memoryMaxBytes = Number.POSITIVE_INFINITY
/** Words of the engine that no message may repeat. */
let secrets: readonly string[] = []

const shown = (text: string): string =>
  secrets.reduce((said, secret) => said.replaceAll(secret, '***'), text)

/**
 * What plans by the smallest and largest value of a column, or by the number of rows: of all rows,
 * the hidden ones too. A plan that leaves a condition out because of them fails, or does not, by
 * what is hidden; joins run as they are written.
 */
const KNOWING = 'statistics_propagation,compressed_materialization,join_order,build_side_probe_side'

/** Ends in an internal error of DuckDB 1.5 where a column above the window is always NULL. */
const STUMBLING = 'top_n_window_elimination'

/**
 * DuckDB counts its buffers and not the texts that it computes: the process looks at its own size
 * as well.
 */
const WATCH_MS = 15
const TEXTS_PER_BUFFER = 2

const connect = async ({ threads, memoryMb }: SandboxSpec): Promise<DuckDBConnection> => {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(threads),
    memory_limit: `${memoryMb}MB`,
    temp_directory: '',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  })
  return instance.connect()
}

async function open(spec: SandboxSpec): Promise<Json> {
  secrets = spec.secrets
  parser = await connect(spec)
  await parser.run('SET enable_external_access = false')
  connection = await connect(spec)
  for (const sql of [...spec.attach, ...spec.views]) await connection.run(sql)
  const without = spec.hidesRows ? `${STUMBLING},${KNOWING}` : STUMBLING
  await connection.run(`SET disabled_optimizers = '${without}'`)
  const folders = spec.folders.map(quoted).join(', ')
  await connection.run(`SET allowed_directories = [${folders}]`)
  await connection.run('SET enable_external_access = false')
  // Last: after it nothing can be set any more, by this process neither.
  await connection.run('SET lock_configuration = true')
  memoryMaxBytes = process.memoryUsage.rss() + TEXTS_PER_BUFFER * spec.memoryMb * 1024 * 1024
  return await ownNames(connection)
}

/** Names that a FROM without a schema could mean. */
async function ownNames(opened: DuckDBConnection): Promise<Json> {
  const reader = await opened.runAndReadAll(
    `SELECT lower(view_name) FROM duckdb_views()
     UNION SELECT lower(table_name) FROM duckdb_tables()`,
  )
  return reader.getRowsJson().map(row => row[0] as Json)
}

/**
 * Without `skip_empty`, which takes '' for nothing and makes a tree that cannot be printed again.
 */
const TREE = 'skip_default := true'

async function single(sql: string, value: string): Promise<string> {
  if (!parser) throw new Error('not open')
  const reader = await parser.runAndReadAll(sql, [value])
  return String(reader.getRowsJson()[0]?.[0])
}

/**
 * The tree, and the tables that the engine itself finds in the text: a second count beside that of
 * the check.
 */
async function parse(sql: string): Promise<Json> {
  const tree = JSON.parse(await single(`SELECT json_serialize_sql(?::VARCHAR, ${TREE})`, sql))
  return { tree, names: tree.error === true ? [] : namesIn(sql) }
}

function namesIn(sql: string): readonly string[] | null {
  try {
    return parser?.getTableNames(sql, false) ?? null
  } catch {
    return null
  }
}

class Fault extends Error {
  readonly code: FaultCode
  constructor(code: FaultCode, detail = '') {
    super(detail)
    this.code = code
  }
}

/** Before the first row is read a message can only speak of the text and of the views' columns. */
async function prepare(opened: DuckDBConnection, run: Run): Promise<DuckDBPreparedStatement> {
  let statement: DuckDBPreparedStatement
  try {
    statement = await opened.prepare(run.sql)
  } catch (error) {
    const said = (error as Error).message
    if (isOfClass(error, 'IO Error')) throw new Fault('SANDBOX_BROKEN', shown(said))
    throw new Fault('QUERY_INVALID', said.split('\nLINE ')[0]?.trim())
  }
  if (statement.statementType !== StatementType.SELECT) throw new Fault('QUERY_INVALID')
  try {
    const values = Object.entries(run.values)
    statement.bind(
      Object.fromEntries(values.map(([name, bound]) => [name, valueOf(bound)])),
      Object.fromEntries(values.map(([name, bound]) => [name, TYPES[bound.type]])),
    )
  } catch {
    throw new Fault('QUERY_INVALID', 'the parameters do not fit')
  }
  return statement
}

const TYPES: Readonly<Record<Bound['type'], DuckDBType>> = {
  VARCHAR,
  BIGINT,
  DATE,
  BOOLEAN,
}
const DAY_MS = 86_400_000

function valueOf({ value, type }: Bound): DuckDBValue {
  if (value === null) return null
  if (type === 'BIGINT') return BigInt(value)
  if (type === 'DATE') return new DuckDBDateValue(Date.parse(`${value}T00:00:00Z`) / DAY_MS)
  return value
}

async function run(request: Run): Promise<Answer> {
  if (!connection) throw new Error('not open')
  const opened = connection
  let isLate = false
  const late = setTimeout(() => {
    isLate = true
    opened.interrupt()
  }, request.timeoutMs)
  const watch = setInterval(() => {
    if (process.memoryUsage.rss() > memoryMaxBytes) process.exit(EXIT_MEMORY)
  }, WATCH_MS)
  try {
    return await read(await prepare(opened, request), request)
  } catch (error) {
    if (isLate) throw new Fault('QUERY_TIMEOUT')
    throw error
  } finally {
    clearTimeout(late)
    clearInterval(watch)
  }
}

/** Only its own folder can be written, as everywhere in this process. */
async function pack({ select, cells, width, file }: Pack): Promise<Json> {
  if (!connection) throw new Error('not open')
  const columns = Array.from({ length: width }, (_, at) => `c${at} VARCHAR`)
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE packing (place INTEGER, ${columns.join(', ')})`,
  )
  const appender = await connection.createAppender('packing')
  for (const [at, row] of cells.entries()) {
    appender.appendInteger(at)
    for (const cell of row)
      if (cell === null) appender.appendNull()
      else appender.appendVarchar(cell)
    appender.endRow()
  }
  appender.closeSync()
  await connection.run(
    `COPY (SELECT ${select} FROM packing ORDER BY place) TO ${quoted(file)} (FORMAT parquet, COMPRESSION zstd)`,
  )
  return null
}

/** From here on a message of the engine may hold a value, and is dropped. */
async function read(statement: DuckDBPreparedStatement, limits: Run): Promise<Answer> {
  try {
    const result = await statement.stream()
    const columns = result.columnNames().map((name, at) => ({
      name,
      type: result.columnType(at).toString(),
    }))
    const rows: Json[][] = []
    let bytes = 0
    for await (const part of result.yieldRowsJson())
      for (const row of part as Json[][]) {
        bytes += Buffer.byteLength(JSON.stringify(row))
        if (rows.length >= limits.rowsMax || bytes > limits.bytesMax)
          return { columns, rows, truncated: true }
        rows.push(row)
      }
    return { columns, rows, truncated: false }
  } catch (error) {
    if (isOfClass(error, 'IO Error'))
      throw new Fault('SANDBOX_BROKEN', shown((error as Error).message))
    throw new Fault(isOfClass(error, 'Out of Memory Error') ? 'QUERY_MEMORY' : 'QUERY_FAILED')
  }
}

/**
 * The binding passes the class of an error as the head of its message and in no other way. What a
 * query says never makes an IO Error: files or the catalogue cannot be reached.
 */
const isOfClass = (error: unknown, name: string): boolean =>
  (error as Error).message.startsWith(name)

async function answer(request: Request): Promise<Json | Answer> {
  switch (request.kind) {
    case 'OPEN':
      return open(request.spec)
    case 'PARSE':
      return parse(request.sql)
    case 'PRINT':
      return single('SELECT json_deserialize_sql(?::JSON)', JSON.stringify(request.tree))
    case 'RUN':
      return run(request)
    case 'PACK':
      return pack(request)
  }
}

process.on('message', (request: Request) => {
  answer(request).then(
    value => send({ ok: true, value }),
    (error: unknown) => {
      if (error instanceof Fault)
        return send({ ok: false, code: error.code, detail: error.message })
      const detail = request.kind === 'OPEN' ? shown(String((error as Error).message)) : ''
      return send({ ok: false, code: 'SANDBOX_BROKEN', detail })
    },
  )
})
process.on('disconnect', () => process.exit(0))

const send = (reply: Reply): void => void process.send?.(reply)
