import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { type ProcessSpec, type ServiceChoice, ServiceMissing } from '../supervisor/spec.ts'
import { poll } from '../supervisor/waiting.ts'
import { runCommand } from './commands.ts'
import { nativeFolder, placeFor, type PostgresPlace } from './postgres-place.ts'

export interface DatabaseRequest {
  /** Of the database and of the role that owns it. */
  readonly name: string
  readonly password: string
}

/** Memory and durability for one machine: small caches, but every commit reaches the disk. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '96MB',
  max_connections: '160',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '256MB',
  checkpoint_timeout: '15min',
  autovacuum_max_workers: '1',
  huge_pages: 'off',
  jit: 'off',
  max_parallel_workers_per_gather: '0',
  log_min_messages: 'warning',
  timezone: 'UTC',
}

const superuser = 'triflow'

/**
 * PostgreSQL: `DATABASE_URL` (an administrator's URL), else the embedded server, with its data in the state folder.
 * Throws ServiceMissing when this platform has no embedded server.
 */
export async function choosePostgres(options: {
  readonly stateFolder: string
  readonly port: number
  readonly say: (line: string) => void
}): Promise<ServiceChoice> {
  const given = process.env['DATABASE_URL']
  if (given) {
    const line = `PostgreSQL: DATABASE_URL (${new URL(given).host})`
    return { slot: 'postgres', line, degraded: false, address: given }
  }
  const native = nativeFolder()
  if (!native) {
    throw new ServiceMissing(
      'postgres',
      `no embedded PostgreSQL for ${process.platform}-${process.arch}: set DATABASE_URL=postgres://admin:password@host/postgres`,
    )
  }
  const place = placeFor(options.stateFolder, native)
  const password = await initialise(place, options)
  const address = `postgres://${superuser}:${password}@127.0.0.1:${options.port}/postgres`
  const line = `PostgreSQL: embedded server on port ${options.port}${place.note}`
  return {
    slot: 'postgres',
    line,
    degraded: false,
    address,
    process: server(place, options.port, address),
  }
}

function server(place: PostgresPlace, port: number, address: string): ProcessSpec {
  const settings = Object.entries({ ...SETTINGS, port: String(port) })
  return {
    name: 'postgres',
    command: path.join(place.native, 'bin/postgres'),
    args: [
      '-D',
      place.dataFolder,
      ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    env: { LD_LIBRARY_PATH: path.join(place.native, 'lib') },
    cwd: place.dataFolder,
    ...(place.user ? { user: place.user } : {}),
    ready: signal =>
      poll(() => withClient(address, client => client.query('select 1')), signal).then(() => {}),
    // Fast shutdown: open sessions end, the checkpoint is written.
    stopSignal: 'SIGINT',
    stopGraceMs: 15_000,
  }
}

/** Creates the data folder once; its administrator's password lives beside the state, readable by the owner. */
async function initialise(
  place: PostgresPlace,
  options: { readonly stateFolder: string; readonly say: (line: string) => void },
): Promise<string> {
  const secretFile = path.join(options.stateFolder, 'postgres.password')
  if (existsSync(path.join(place.dataFolder, 'PG_VERSION')) && existsSync(secretFile)) {
    // After a kill -9 the lock file of the dead server may name a process id that lives again.
    rmSync(path.join(place.dataFolder, 'postmaster.pid'), { force: true })
    return readFileSync(secretFile, 'utf8')
  }
  rmSync(place.dataFolder, { recursive: true, force: true })
  const password = randomBytes(18).toString('base64url')
  writeFileSync(secretFile, password, { mode: 0o600 })
  mkdirSync(place.dataFolder, { recursive: true, mode: 0o700 })
  const passwordFile = place.writeForServer('initial-password', `${password}\n`)
  place.giveToServer(place.dataFolder)
  options.say('Creating the PostgreSQL data folder ...')
  const args = [
    `--pgdata=${place.dataFolder}`,
    `--username=${superuser}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C.UTF-8',
    // The folder is new and empty: a crash here starts over, so nothing needs to be synced yet.
    '--no-sync',
  ]
  try {
    await runCommand(path.join(place.native, 'bin/initdb'), args, {
      env: { LD_LIBRARY_PATH: path.join(place.native, 'lib') },
      cwd: place.dataFolder,
      ...(place.user ?? {}),
    })
  } finally {
    rmSync(passwordFile, { force: true })
  }
  return password
}

async function withClient<T>(address: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: address, connectionTimeoutMillis: 2_000 })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

/**
 * A database and the role that owns it, closed to all others. Creating it again changes nothing but the password, so a
 * restart may ask for the same.
 *
 * @returns the URL with which the role logs in.
 */
export async function createDatabase(adminUrl: string, request: DatabaseRequest): Promise<string> {
  await withClient(adminUrl, client => create(client, request))
  const url = new URL(adminUrl)
  url.username = request.name
  url.password = request.password
  url.pathname = `/${request.name}`
  return url.toString()
}

async function create(client: pg.Client, { name, password }: DatabaseRequest): Promise<void> {
  const identifier = pg.escapeIdentifier(name)
  const roles = await client.query('select 1 from pg_roles where rolname = $1', [name])
  const verb = roles.rowCount === 0 ? 'create' : 'alter'
  await client.query(
    `${verb} role ${identifier} login createrole password ${pg.escapeLiteral(password)}`,
  )
  const found = await client.query('select 1 from pg_database where datname = $1', [name])
  if (found.rowCount === 0) await client.query(`create database ${identifier} owner ${identifier}`)
  await client.query(`revoke connect on database ${identifier} from public`)
}
