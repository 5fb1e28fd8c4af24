import pg from 'pg'
import type { Log } from '../log.ts'

/** Rows come as text where JavaScript has no exact type: int8 and numeric stay strings, dates stay days. */
const types = new pg.TypeOverrides()
types.setTypeParser(pg.types.builtins.DATE, value => value)
types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, value => new Date(value).toISOString())
types.setTypeParser(pg.types.builtins.INT8, value => value)

export type Row = Record<string, unknown>

/** What a query runs on: the pool, or one transaction. */
export interface Queryable {
  query<R extends Row = Row>(sql: string, values?: readonly unknown[]): Promise<R[]>
  /** The number of rows a statement touched. */
  execute(sql: string, values?: readonly unknown[]): Promise<number>
}

export interface Database extends Queryable {
  /** Runs `work` in one transaction; a serialization failure or a deadlock runs it again, bounded. */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>
  /** Calls `handler` for each NOTIFY on a channel until the database closes; reconnects by itself. */
  listen(channel: string, handler: (payload: string) => void): Promise<void>
  close(): Promise<void>
}

const RETRYABLE = new Set(['40001', '40P01'])

/** Texts that are prepared under a name; a filter can be put together in many ways, so there is a bound. */
const PREPARED_MAX = 500
const prepared = new Map<string, string>()

/** A statement with values is parsed and planned once for each connection, not once for each call. */
function statement(sql: string, values: readonly unknown[]) {
  const plain = { text: sql, values: [...values], types }
  if (values.length === 0) return plain
  const known = prepared.get(sql)
  if (known === undefined && prepared.size >= PREPARED_MAX) return plain
  const name = known ?? `s${prepared.size}`
  if (known === undefined) prepared.set(sql, name)
  return { ...plain, name }
}

function over(client: pg.Pool | pg.PoolClient): Queryable {
  return {
    async query<R extends Row>(sql: string, values: readonly unknown[] = []) {
      const answer = await client.query<R>(statement(sql, values))
      return answer.rows
    },
    async execute(sql, values = []) {
      const answer = await client.query(statement(sql, values))
      return answer.rowCount ?? 0
    },
  }
}

async function inTransaction<T>(pool: pg.Pool, work: (tx: Queryable) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  // A connection that is lost between two statements is a fault of this transaction, not of the process.
  const onLost = (fault: Error): void => void (broken = fault)
  client.on('error', onLost)
  try {
    await client.query('BEGIN')
    const result = await work(over(client))
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch((fault: Error) => (broken = fault))
    throw error
  } finally {
    client.off('error', onLost)
    client.release(broken)
  }
}

export interface DatabaseOptions {
  readonly url: string
  readonly connections: number
  readonly log: Log
  /** Schemas in order of look-up; the read model may live in another one while it is rebuilt. */
  readonly searchPath?: readonly string[]
  /** Of PostgreSQL, for every connection. */
  readonly settings?: Readonly<Record<string, string>>
}

export const SEARCH_PATH = ['app', 'book'] as const

export function openDatabase(options: DatabaseOptions): Database {
  const settings = {
    search_path: (options.searchPath ?? SEARCH_PATH).join(','),
    ...options.settings,
  }
  const flags = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`)
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.connections,
    options: flags.join(' '),
    idleTimeoutMillis: 30_000,
    connectionTimeoutMillis: 10_000,
  })
  // A connection that breaks while idle is replaced at the next use; without a handler it would end the process.
  pool.on('error', error => options.log.warn({ err: error }, 'database connection lost'))
  const listeners = createListener(options, flags.join(' '))
  return {
    ...over(pool),
    async transaction(work) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await inTransaction(pool, work)
        } catch (error) {
          const code = (error as { code?: string }).code ?? ''
          if (attempt >= 5 || !RETRYABLE.has(code)) throw error
        }
      }
    },
    listen: listeners.listen,
    async close() {
      await listeners.close()
      await pool.end()
    },
  }
}

function createListener(options: DatabaseOptions, flags: string) {
  const handlers = new Map<string, ((payload: string) => void)[]>()
  let client: pg.Client | undefined
  let closed = false

  async function connect(): Promise<void> {
    const fresh = new pg.Client({
      connectionString: options.url,
      options: flags,
      keepAlive: true,
    })
    fresh.on('notification', message => {
      for (const handler of handlers.get(message.channel) ?? []) handler(message.payload ?? '')
    })
    fresh.on('error', error => {
      options.log.warn({ err: error }, 'database listener lost')
      if (client === fresh) client = undefined
      if (!closed) setTimeout(() => void connect().catch(() => undefined), 1_000).unref()
    })
    await fresh.connect()
    client = fresh
    for (const channel of handlers.keys()) await fresh.query(`LISTEN ${channel}`)
  }

  return {
    async listen(channel: string, handler: (payload: string) => void) {
      const known = handlers.get(channel)
      handlers.set(channel, [...(known ?? []), handler])
      if (!client) await connect()
      else if (!known) await client.query(`LISTEN ${channel}`)
    },
    async close() {
      closed = true
      await client?.end().catch(() => undefined)
    },
  }
}
