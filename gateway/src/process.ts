import { mkdirSync, readFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { createKeyring, createVault } from '@triflow/ipfs'
import { api } from './api.ts'
import { createHandlers } from './handlers.ts'
import { createReadTeller } from './lakehouse/events/reads.ts'
import { createAnalysts } from './lakehouse/analysis/analysts.ts'
import type { Lake } from './lakehouse/lake.ts'
import { createImporter } from './imports/upload.ts'
import { createDirectory } from './members/directory.ts'
import { createNetworkView } from './network/policy.ts'
import { createEngine } from './operations/engine.ts'
import { createRoom } from './operations/room.ts'
import { createSubmitter } from './operations/submit.ts'
import { ConfigFault, type Config } from './platform/config.ts'
import { openDatabase, type Database } from './platform/database/database.ts'
import { migrate } from './platform/database/migrate.ts'
import { bindRoutes, type BindOptions } from './platform/http/bind.ts'
import { createIdempotency } from './platform/http/idempotency.ts'
import { openApi } from './platform/http/openapi.ts'
import { receive } from './platform/http/receive.ts'
import { createApp, listen } from './platform/http/server.ts'
import { createTokens, type Tokens } from './platform/http/tokens.ts'
import { openLedger, type Ledger } from './platform/ledger/ledger.ts'
import { createIdentity } from './platform/ledger/signer.ts'
import { createLog, type Log } from './platform/log.ts'
import { createMetrics } from './platform/metrics.ts'
import { openQueue } from './platform/queue/queue.ts'
import { openSecrets, readConsortiumKey, type Secrets } from './platform/secrets.ts'
import { watchHeight } from './projection/height.ts'
import { PROJECTION_SETTINGS, startProjector, type Projector } from './projection/projector.ts'
import { bookMigrations } from './projection/schema.ts'
import { APP_MIGRATIONS } from './schema.ts'
import type { Services } from './services.ts'
import { createSessions, type Sessions } from './sessions/sessions.ts'
import { createAuthority } from './users/enrolment/authority.ts'
import { createUsers, type Users } from './users/users.ts'
import { startWorker } from './worker.ts'

export interface Gateway {
  readonly port: number
  close(): Promise<void>
}

const VERSION = '0.1.0'
const REQUESTS_PER_MINUTE = 60_000
const IN_FLIGHT = 10
const RECENT_MS = 5_000

/** Puts one process together: configuration in, a running gateway out. */
export async function startGateway(config: Config): Promise<Gateway> {
  const log = createLog({ level: config.logLevel, organization: config.organization })
  const metrics = createMetrics()
  const secrets = openSecrets(config.secretsFile)
  const database = await prepareDatabase(config, log)
  const ledger = connectLedger(config, log)
  const height = await watchHeight(database)
  let lastBlockAt = 0
  height.onBlock(() => (lastBlockAt = Date.now()))
  const users = createUsers({
    database,
    secrets,
    authority: createAuthority(config.enrolment),
    mspId: config.mspId,
  })
  const submitter = createSubmitter({
    database,
    ledger,
    log,
    metrics,
    concurrency: IN_FLIGHT,
    recent: () => Date.now() - lastBlockAt < RECENT_MS,
  })
  const engine = createEngine({
    database,
    submitter,
    log,
    signerOf: users.signerOf,
    reached: async block => void (await height.reached(block)),
  })
  const queue = openQueue({ url: config.redisUrl, prefix: config.redisPrefix, log })
  const services: Services = {
    config,
    database,
    engine,
    users,
    height,
    queue,
    balances: createRoom(),
    metrics,
    log,
    directory: createDirectory(database),
    network: createNetworkView(database, config.mspId),
    vault: openVault(config),
    consortiumKey: readConsortiumKey(config.consortiumKeyFile).toString('hex'),
  }
  const running = await startRoles(services, { ledger, secrets })
  log.info({ port: running.port, roles: config.roles }, 'gateway is up')
  return {
    port: running.port,
    async close() {
      await running.close()
      await engine.close()
      await queue.close()
      ledger.close()
      await database.close()
    },
  }
}

async function prepareDatabase(config: Config, log: Log): Promise<Database> {
  const database = openDatabase({
    url: config.databaseUrl,
    connections: config.databaseConnections,
    log,
  })
  try {
    await migrate(database, 'app', APP_MIGRATIONS)
    await migrate(database, 'book', bookMigrations)
  } catch (error) {
    await database.close()
    const { code } = error as { code?: string }
    if (code === 'ECONNREFUSED' || code === '28P01' || code === '3D000')
      throw new ConfigFault(
        `databaseUrl: PostgreSQL refuses (${code}); start it or correct the URL`,
      )
    throw error
  }
  return database
}

export function connectLedger(config: Config, log: Log): Ledger {
  const { certificateFile, keyFile } = config.ledger.identity
  const own = createIdentity({
    mspId: config.mspId,
    certificatePem: readFileSync(certificateFile, 'utf8'),
    privateKeyPem: readFileSync(keyFile, 'utf8'),
  })
  return openLedger({ config: config.ledger, own, log })
}

function openVault(config: Config) {
  const keyring = JSON.parse(readFileSync(config.vault.keyringFile, 'utf8')) as Parameters<
    typeof createKeyring
  >[0]
  return createVault({ apiUrl: config.vault.apiUrl, keyring: createKeyring(keyring) })
}

interface Running {
  readonly port: number
  close(): Promise<void>
}

async function startRoles(
  services: Services,
  parts: { ledger: Ledger; secrets: Secrets },
): Promise<Running> {
  const { config, database, log, metrics, users } = services
  const has = (role: Config['roles'][number]): boolean => config.roles.includes(role)
  const scratch = scratchOf(config)
  const tokens = createTokens({
    seed: parts.secrets.derive('access tokens'),
    issuer: `triflow:${config.organization}`,
    lifeSeconds: config.accessTokenSeconds,
  })
  const sessions = createSessions({
    database,
    users,
    tokens,
    mspId: config.mspId,
    organization: config.organization,
  })
  const importer = createImporter(services, scratch)
  const analysts = createAnalysts(services)
  const handlers = createHandlers(services, { importer, sessions, analysts })
  const serviceUserId = await firstUsers(services)
  const projector = has('projector') ? openProjector(services, parts.ledger) : undefined
  const worker = has('worker')
    ? await startWorker(services, { importer, serviceUserId })
    : undefined
  const lake = has('lake') ? await openLake(services, parts.ledger) : undefined
  const router = has('api')
    ? bindRoutes(api, handlers, bindOptions(services, { ...parts, tokens, sessions, scratch }))
    : undefined
  let description: unknown
  const app = createApp({
    api: router,
    openapi: () => (description ??= openApi(api, VERSION)),
    metrics,
    log,
    portalDirectory: config.portalDirectory,
    loginsPerMinute: config.loginsPerMinute,
    requestsPerMinute: REQUESTS_PER_MINUTE,
    ready: async () => ({
      database: await database.query('SELECT 1').then(
        () => true,
        () => false,
      ),
      projector: projector?.running() ?? true,
      queue: services.queue.connected(),
    }),
  })
  const { server, port } = await listen(app, config.http)
  return {
    port,
    async close() {
      await closeServer(server)
      analysts.close()
      await worker?.close()
      await lake?.close()
      await projector?.close()
    },
  }
}

function bindOptions(
  services: Services,
  parts: { tokens: Tokens; sessions: Sessions; secrets: Secrets; scratch: string },
): BindOptions {
  const { config, database, log, engine } = services
  const { tokens, sessions, secrets, scratch } = parts
  return {
    tokens,
    idempotency: createIdempotency(database, secrets.derive('idempotency')),
    operationAnswer: engine.repeat,
    checkSession: sessions.check,
    checkAnswers: config.checkAnswers,
    receive: request =>
      receive(request, { directory: scratch, limitBytes: config.uploadLimitBytes }),
    audit: entry => void writeAudit(services, entry),
    read: createReadTeller(database, log),
  }
}

/** On a connection of its own: a block does not queue behind what people ask. */
function openProjector({ config, log, metrics }: Services, ledger: Ledger): Projector {
  const database = openDatabase({
    url: config.databaseUrl,
    connections: 1,
    log,
    settings: PROJECTION_SETTINGS,
  })
  const projector = startProjector({ database, ledger, ownMsp: config.mspId, log, metrics })
  return {
    running: projector.running,
    async close() {
      await projector.close()
      await database.close()
    },
  }
}

/** Loaded where it is played: the engine is native code of some size. */
async function openLake({ config, database, vault, log }: Services, ledger: Ledger): Promise<Lake> {
  const { lake: settings } = config
  if (!settings) throw new ConfigFault('lake: a process that plays the role lake needs it')
  const { startLake } = await import('./lakehouse/lake.ts')
  return startLake({ config, settings, database, ledger, vault, log })
}

function scratchOf(config: Config): string {
  const folder = config.scratchDirectory ?? path.join(os.tmpdir(), `triflow-${config.organization}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

const FIRST_USERS_LOCK = 7_274_002

/** Two processes of one organisation may come up at once: the second finds whom the first has made. */
async function firstUsers(services: Services): Promise<string> {
  const { database, users } = services
  return database.transaction(async lock => {
    await lock.execute('SELECT pg_advisory_xact_lock($1)', [FIRST_USERS_LOCK])
    await bootstrap(services)
    return serviceUser(users, database)
  })
}

/** The first operator; every other user is made by an operator. */
async function bootstrap({ config, users }: Services): Promise<void> {
  if (!config.bootstrap || !(await users.isEmpty())) return
  await users.create({ ...config.bootstrap, name: config.bootstrap.login, roles: ['operator'] })
}

const SERVICE_LOGIN = 'service'

/** The identity of what the gateway does by itself; nobody knows its password. */
async function serviceUser(users: Users, database: Database): Promise<string> {
  const find = async () =>
    (
      await database.query<{ user_id: string }>('SELECT user_id FROM users WHERE login = $1', [
        SERVICE_LOGIN,
      ])
    )[0]
  const known = await find()
  if (known) return known.user_id
  const made = await users.create({
    login: SERVICE_LOGIN,
    name: 'gateway service',
    password: randomBytes(32).toString('hex'),
    roles: ['operator'],
  })
  return made.user_id
}

async function writeAudit(
  { database, log }: Services,
  entry: {
    route: string
    userId: string
    memberId: string | undefined
    key: string | undefined
    status: number
    code: string | undefined
  },
): Promise<void> {
  try {
    await database.execute(
      `INSERT INTO audit (user_id, member_id, route, idempotency_key, status, code)
       VALUES ($1, $2, $3, $4, $5, $6)`,
      [
        entry.userId,
        entry.memberId ?? null,
        entry.route,
        entry.key ?? null,
        entry.status,
        entry.code ?? null,
      ],
    )
  } catch (error) {
    log.error({ err: error, route: entry.route }, 'audit entry not written')
  }
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), 3_000)
  await closed
  clearTimeout(timer)
}
