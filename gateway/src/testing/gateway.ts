import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { createKeyring, createVault, generateVaultKey, startEmbeddedIpfs } from '@triflow/ipfs'
import { api } from '../api.ts'
import { createClient, type Client } from '../client/index.ts'
import { createHandlers } from '../handlers.ts'
import { createImporter, type Importer } from '../imports/upload.ts'
import { createDirectory } from '../members/directory.ts'
import { createNetworkView } from '../network/policy.ts'
import { createEngine } from '../operations/engine.ts'
import { createRoom } from '../operations/room.ts'
import { createSubmitter } from '../operations/submit.ts'
import { parseConfig } from '../platform/config.ts'
import { bindRoutes } from '../platform/http/bind.ts'
import { createIdempotency } from '../platform/http/idempotency.ts'
import { receive } from '../platform/http/receive.ts'
import { createApp, listen } from '../platform/http/server.ts'
import { createTokens } from '../platform/http/tokens.ts'
import type { Ledger } from '../platform/ledger/ledger.ts'
import { createMetrics } from '../platform/metrics.ts'
import { openSecrets } from '../platform/secrets.ts'
import { projectBlocks } from '../projection/project.ts'
import type { LedgerBlock } from '../platform/ledger/blocks.ts'
import { watchHeight } from '../projection/height.ts'
import type { Services } from '../services.ts'
import { createSessions } from '../sessions/sessions.ts'
import { issueCertificate } from '../users/enrolment/certificate.ts'
import { createUsers, type NewUser } from '../users/users.ts'
import { encode, integer } from '../users/enrolment/der.ts'
import { freshDatabase, silent, type TestDatabase } from './postgres.ts'
import { scriptedLedger } from './ledger.ts'

export const PASSWORD = 'a long enough password'

export interface TestGateway {
  readonly url: string
  readonly services: Services
  readonly importer: Importer
  /** Where uploads lie until they are read. */
  readonly scratch: string
  readonly store: TestDatabase
  /** A user of the organisation, logged in. */
  user(fresh: Omit<NewUser, 'password' | 'name'>): Promise<Client>
  anonymous(): Client
  project(block: LedgerBlock): Promise<void>
  close(): Promise<void>
}

export interface TestOptions {
  readonly organization?: string
  readonly mspId?: string
  readonly ledger?: Ledger
  readonly accessTokenSeconds?: number
  readonly withVault?: boolean
  readonly loginsPerMinute?: number
  /** Where the lake is that the gateway answers about. */
  readonly lake?: { readonly dataPath: string; readonly extensionFolder: string }
}

/** A gateway with real PostgreSQL and a real vault; its ledger answers by script, its queue is a list. */
export async function testGateway(options: TestOptions = {}): Promise<TestGateway> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'gateway-'))
  const store = await freshDatabase()
  const ipfs = options.withVault
    ? await startEmbeddedIpfs({ directory: path.join(folder, 'ipfs'), port: 0 })
    : undefined
  const services = await servicesFor(folder, store, { ...options, ipfsUrl: ipfs?.apiUrl })
  const { server, port, importer } = await serve(services, folder, options)
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    services,
    importer,
    scratch: folder,
    store,
    anonymous: () => createClient({ url }),
    async user(fresh) {
      await services.users.create({ ...fresh, name: fresh.login, password: PASSWORD })
      const client = createClient({ url })
      await client.logIn(fresh.login, PASSWORD)
      return client
    },
    async project(block) {
      await projectBlocks(store.database, [block], { ownMsp: services.config.mspId })
    },
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      await services.engine.close()
      await ipfs?.close()
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function servicesFor(
  folder: string,
  store: TestDatabase,
  options: TestOptions & { ipfsUrl: string | undefined },
): Promise<Services> {
  const mspId = options.mspId ?? 'AllianceMSP'
  const config = parseConfig(configFor(folder, store.url, options), 'test')
  const { database } = store
  const users = createUsers({
    database,
    secrets: openSecrets(path.join(folder, 'secrets.json')),
    authority: testAuthority(),
    mspId,
  })
  const metrics = createMetrics()
  const height = await watchHeight(database)
  const submitter = createSubmitter({
    database,
    ledger: options.ledger ?? scriptedLedger({}),
    log: silent,
    metrics,
    concurrency: 4,
    recent: () => false,
  })
  const key = generateVaultKey()
  return {
    config,
    database,
    users,
    height,
    balances: createRoom(),
    metrics,
    log: silent,
    engine: createEngine({
      database,
      submitter,
      log: silent,
      signerOf: users.signerOf,
      reached: async () => undefined,
    }),
    queue: {
      add: async () => undefined,
      handle: async () => undefined,
      connected: () => true,
      close: async () => undefined,
    },
    directory: createDirectory(database),
    network: createNetworkView(database, mspId),
    vault: createVault({
      apiUrl: options.ipfsUrl ?? 'http://127.0.0.1:9',
      keyring: createKeyring({
        organization: mspId,
        key,
        publicKeys: { [mspId]: key.publicKey },
      }),
    }),
    consortiumKey: '5a'.repeat(32),
  }
}

function configFor(folder: string, databaseUrl: string, options: TestOptions) {
  const file = (name: string): string => path.join(folder, name)
  writeFileSync(file('empty'), '')
  return {
    organization: options.organization ?? 'alliance',
    mspId: options.mspId ?? 'AllianceMSP',
    roles: ['api'],
    http: { port: 0 },
    databaseUrl,
    redisUrl: 'redis://127.0.0.1:9',
    redisPrefix: 'test',
    ledger: {
      channel: 'scf',
      chaincode: 'triflow',
      peers: [{ endpoint: '127.0.0.1:9', tlsCaFile: file('empty') }],
      identity: { certificateFile: file('empty'), keyFile: file('empty') },
    },
    enrolment: { kind: 'folder', certificateFile: file('empty'), keyFile: file('empty') },
    vault: { apiUrl: 'http://127.0.0.1:9', keyringFile: file('empty') },
    secretsFile: file('secrets.json'),
    consortiumKeyFile: file('empty'),
    uploadLimitBytes: 1024 * 1024,
    accessTokenSeconds: options.accessTokenSeconds ?? 600,
    ...(options.lake ? { lake: options.lake } : {}),
  }
}

function testAuthority() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const empty = encode(0x30)
  const fields = [encode(0xa0), integer(Buffer.from([1])), empty, empty, empty, empty]
  const certificateDer = encode(0x30, encode(0x30, ...fields))
  return {
    async enrol(request: {
      commonName: string
      publicKeyPem: string
      attributes: Readonly<Record<string, string>>
    }) {
      const { createPublicKey } = await import('node:crypto')
      return issueCertificate(
        { certificateDer, key: privateKey },
        {
          commonName: request.commonName,
          publicKey: createPublicKey(request.publicKeyPem),
          attributes: request.attributes,
          notBefore: new Date('2026-01-01'),
          notAfter: new Date('2036-01-01'),
        },
      )
    },
  }
}

async function serve(
  services: Services,
  folder: string,
  options: TestOptions,
): Promise<{ server: Server; port: number; importer: Importer }> {
  const { config, database, users, metrics, engine } = services
  const tokens = createTokens({
    seed: Buffer.alloc(32, 7),
    issuer: 'triflow:test',
    lifeSeconds: options.accessTokenSeconds ?? 600,
  })
  const sessions = createSessions({
    database,
    users,
    tokens,
    mspId: config.mspId,
    organization: config.organization,
  })
  const importer = createImporter(services, folder)
  const router = bindRoutes(api, createHandlers(services, { importer, sessions }), {
    tokens,
    idempotency: createIdempotency(database, Buffer.alloc(32, 9)),
    operationAnswer: engine.repeat,
    checkSession: sessions.check,
    receive: request =>
      receive(request, { directory: folder, limitBytes: config.uploadLimitBytes }),
    audit: () => undefined,
  })
  const app = createApp({
    api: router,
    openapi: () => ({}),
    metrics,
    log: silent,
    ready: async () => ({ all: true }),
    portalDirectory: undefined,
    loginsPerMinute: options.loginsPerMinute ?? 1_000,
    requestsPerMinute: 100_000,
  })
  const { server, port } = await listen(app, { host: '127.0.0.1', port: 0 })
  return { server, port, importer }
}

/** Resolves with the code of the problem a call ends with; `accepted` when it does not. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    const { code } = error as { code?: string }
    if (code !== undefined) return code
    throw error
  }
  return 'accepted'
}
