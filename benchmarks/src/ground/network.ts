import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { LedgerKind, NodeStatus } from '@triflow/network/control'
import { program } from './checkout.ts'
import { atSignal } from './signals.ts'

export type { LedgerKind, NodeStatus } from '@triflow/network/control'

const execute = promisify(execFile)

/** `connection.json` as network/ writes it. */
export interface Connection {
  readonly organizations: readonly {
    readonly name: string
    readonly mspId: string
    readonly domain: string
    readonly peers: readonly {
      readonly name: string
      readonly endpoint: string
      readonly hostOverride: string
      readonly tlsCACert: string
    }[]
    readonly users: readonly {
      readonly name: string
      readonly certificate: string
      readonly key: string
    }[]
  }[]
}

/** A network that runs; every method is one command of `npm run network`. */
export interface MeasuredNetwork {
  readonly ledger: LedgerKind
  readonly dir: string
  readonly connection: Connection
  deploy(deployment: object): Promise<void>
  status(): Promise<NodeStatus[]>
  stopNode(name: string, how: 'clean' | 'kill'): Promise<void>
  startNode(name: string): Promise<void>
  down(): Promise<void>
}

async function command(...args: string[]): Promise<string> {
  const argv = [...program('network', 'node/cli'), ...args]
  const { stdout } = await execute(process.execPath, argv, { maxBuffer: 16 * 2 ** 20 })
  return stdout.trim()
}

/** The id of the package with this label; the same on every machine. */
export const chaincodePackageId = (label: string): Promise<string> =>
  command('package', '--label', label)

async function statusOf(dir: string): Promise<NodeStatus[]> {
  // Exit code 3 says that a node is down, which is an answer here.
  const text = await command('status', '--json', '--dir', dir).catch((fault: unknown) => {
    const { code, stdout } = fault as { code?: number; stdout?: string }
    if (code !== 3 || stdout === undefined) throw fault
    return stdout
  })
  return (JSON.parse(text) as { nodes: NodeStatus[] }).nodes
}

/** Brings up the network of a definition (a value, or the text of its file) in a folder of its own. */
export async function openNetwork(options: {
  readonly dir: string
  readonly ledger: LedgerKind
  readonly definition: object | string
}): Promise<MeasuredNetwork> {
  const { dir, ledger, definition } = options
  mkdirSync(dir, { recursive: true })
  const file = (name: string, value: object | string): string => {
    // JSON is YAML.
    const place = path.join(dir, `${name}.bench.yaml`)
    writeFileSync(place, typeof value === 'string' ? value : JSON.stringify(value))
    return place
  }
  const config = file('definition', definition)
  const stop = async (): Promise<void> => void (await command('down', '--dir', dir))
  const takeBack = atSignal(stop)
  const down = async (): Promise<void> => {
    await stop()
    takeBack()
  }
  try {
    await command('up', '--dir', dir, '--ledger', ledger, '--config', config)
  } catch (fault) {
    await down().catch(() => undefined)
    throw fault
  }
  const text = readFileSync(path.join(dir, 'connection.json'), 'utf8')
  return {
    ledger,
    dir,
    connection: JSON.parse(text) as Connection,
    async deploy(deployment) {
      await command('deploy', '--dir', dir, '--config', file('deployment', deployment))
    },
    status: () => statusOf(dir),
    async stopNode(name, how) {
      await command('stop', name, '--dir', dir, ...(how === 'kill' ? ['--kill'] : []))
    },
    async startNode(name) {
      await command('start', name, '--dir', dir)
    },
    down,
  }
}

/** Resolves when something listens at the local port; rejects at the deadline (epoch milliseconds). */
export async function awaitPort(port: number, deadline: number): Promise<void> {
  while (!(await listens(port))) {
    if (Date.now() > deadline) throw new Error(`nothing listens on port ${port}`)
    await delay(50)
  }
}

const listens = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = net.connect(port, '127.0.0.1')
    socket.once('connect', () => (socket.destroy(), resolve(true)))
    socket.once('error', () => resolve(false))
  })
