import { readFileSync } from 'node:fs'
import { z } from 'zod'

const Folder = z.object({
  kind: z.literal('folder'),
  certificateFile: z.string(),
  keyFile: z.string(),
})

/** An issuing authority behind HTTP: it answers a PEM certificate to `{publicKeyPem, commonName, ...}`. */
const HttpAuthority = z.object({ kind: z.literal('http'), url: z.url(), token: z.string() })

const Peer = z.object({
  endpoint: z.string().regex(/^[^:\s]+:\d+$/, 'host:port'),
  tlsCaFile: z.string(),
  hostOverride: z.string().optional(),
})

/** The outside world's data sources, behind one address. */
const Sources = z.object({ baseUrl: z.url(), tokenFile: z.string() })

/** Storage that speaks S3. Its secret lies in a file, which may change: it is read when the lake is opened. */
const Storage = z.strictObject({
  /** Host, and port where it is not the usual one. */
  endpoint: z.string().regex(/^[^/\s]+$/),
  region: z.string().default('us-east-1'),
  keyId: z.string().min(1),
  secretFile: z.string(),
  urlStyle: z.enum(['path', 'vhost']).default('path'),
  tls: z.boolean().default(true),
})

/** The lake's catalogue is a schema of the organisation's own database. */
const Lake = z.object({
  /** A folder, or `s3://bucket/prefix`. */
  dataPath: z.string(),
  /** Where DuckDB's signed extensions lie. */
  extensionFolder: z.string(),
  /** Where `dataPath` begins with `s3://`. */
  storage: Storage.optional(),
  memoryMb: z.int().min(64).default(256),
  threads: z.int().min(1).default(1),
  /** How far back one can travel in time. */
  keepDays: z.number().positive().default(30),
  /** What people's work costs without the platform, each with where the figure comes from. */
  costs: z
    .array(
      z.strictObject({
        activity: z.enum(['MATCHING', 'CONFIRMATION', 'FINANCING']),
        /** Pages of the portal on which it is done. */
        pages: z.array(z.string().regex(/^[A-Za-z0-9.]{1,80}$/)).min(1),
        manualMinutes: z.number().positive(),
        fenPerHour: z.int().positive(),
        source: z.string().min(1).max(200),
      }),
    )
    .refine(costs => new Set(costs.map(one => one.activity)).size === costs.length, {
      error: 'each activity once',
    })
    .default([]),
  /** Absent: nothing is pulled. */
  sources: Sources.optional(),
  /** The behaviour of members on the ledger is looked at so often within a day, besides at its end. */
  behaviourSeconds: z.int().min(1).default(3_600),
  /** Processes that are kept for analysts' queries; twice as many at the most while all are asked. */
  sandboxes: z.int().min(1).max(32).default(2),
  /** How long one query may take. */
  queryMs: z.int().min(100).max(600_000).default(10_000),
  /** Periods by class of rows where they differ from the common ones: P10Y, P6M, P90D; within the law's bounds. */
  retention: z.record(z.string(), z.string()).optional(),
})

const ConfigSchema = z.strictObject({
  organization: z.string().regex(/^[a-z][a-z0-9-]{1,30}$/),
  displayName: z.string().optional(),
  kind: z.enum(['CORE', 'ALLIANCE', 'BANK', 'REGULATOR', 'LOGISTICS']).optional(),
  mspId: z.string(),
  roles: z.array(z.enum(['api', 'projector', 'worker', 'lake'])).min(1),
  http: z.object({ host: z.string().default('127.0.0.1'), port: z.int().min(0).max(65535) }),
  databaseUrl: z.string().startsWith('postgres'),
  redisUrl: z.string().startsWith('redis'),
  redisPrefix: z.string().regex(/^[a-z0-9-]+$/),
  ledger: z.object({
    name: z.enum(['embedded', 'fabric']).default('embedded'),
    channel: z.string(),
    chaincode: z.string(),
    peers: z.array(Peer).min(1),
    identity: z.object({ certificateFile: z.string(), keyFile: z.string() }),
  }),
  enrolment: z.discriminatedUnion('kind', [Folder, HttpAuthority]),
  vault: z.object({ apiUrl: z.url(), keyringFile: z.string() }),
  lake: Lake.optional(),
  secretsFile: z.string(),
  consortiumKeyFile: z.string(),
  bootstrap: z.object({ login: z.string(), password: z.string().min(8) }).optional(),
  scratchDirectory: z.string().optional(),
  portalDirectory: z.string().optional(),
  simulators: z.boolean().default(false),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /** Compares every answer with its schema; for tests and the pilot. */
  checkAnswers: z.boolean().default(false),
  uploadLimitBytes: z
    .int()
    .min(1024)
    .default(256 * 1024 * 1024),
  accessTokenSeconds: z.int().min(5).max(3600).default(600),
  /** Logins per minute and address; the pilot on one machine comes from one address. */
  loginsPerMinute: z.int().min(1).default(300),
  databaseConnections: z.int().min(2).max(50).default(8),
})

export type Config = z.infer<typeof ConfigSchema>

/** Thrown when the process cannot start; the message is one line that says what to do. */
export class ConfigFault extends Error {
  override readonly name = 'ConfigFault'
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(freeze)
    Object.freeze(value)
  }
  return value
}

export function parseConfig(value: unknown, source: string): Config {
  const parsed = ConfigSchema.safeParse(value)
  if (parsed.success) return freeze(parsed.data)
  const first = parsed.error.issues[0]
  const where = first?.path.join('.') || '(root)'
  throw new ConfigFault(`${source}: set ${where}: ${first?.message ?? 'invalid'}`)
}

/** Reads the one configuration file, named by `--config FILE` or TRIFLOW_GATEWAY_CONFIG. */
export function readConfig(argv: readonly string[]): Config {
  const flag = argv.indexOf('--config')
  const file = flag >= 0 ? argv[flag + 1] : process.env['TRIFLOW_GATEWAY_CONFIG']
  if (!file)
    throw new ConfigFault('name the configuration: --config FILE or TRIFLOW_GATEWAY_CONFIG')
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    throw new ConfigFault(`${file}: cannot be read; give the path of a gateway configuration`)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new ConfigFault(`${file}: is not JSON; write one JSON object`)
  }
  return parseConfig(value, file)
}

/** Servers that a test suite brings along; without them the tests start their own. */
export function testServers(): { readonly databaseUrl: string | undefined } {
  return { databaseUrl: process.env['DATABASE_URL'] }
}
