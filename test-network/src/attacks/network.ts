/** A small network of its own for an attack suite: nodes, the agreed chaincode, or a dishonest one in its place. */
import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Connection } from './ledger.ts'

export type LedgerKind = 'embedded' | 'fabric'

const root = fileURLToPath(new URL('../../../', import.meta.url)).replace(
  /test-network\/dist\/$/,
  '',
)
const BANKS = ['BankAMSP', 'BankBMSP']
const POLICY = "OutOf(2,'CoreMSP.peer','AllianceMSP.peer','BankAMSP.peer','BankBMSP.peer')"

const definitionOf = (basePort: number) => {
  const node = (name: string) => ({
    name,
    mspId: `${name}MSP`,
    domain: `${name.toLowerCase()}.attacks.example`,
    peers: ['peer0'],
    orderer: true,
  })
  return {
    name: 'attacks',
    basePort,
    organizations: [
      ...['Core', 'Alliance', 'BankA', 'BankB'].map(node),
      { ...node('Regulator'), orderer: false },
      { name: 'Logistics', mspId: 'LogisticsMSP', domain: 'logistics.attacks.example' },
    ],
    channels: [{ name: 'scf' }],
  }
}

/** A source file as arguments of node: compiled where the build is there, else through tsx. */
const program = (source: string): string[] =>
  process.env.TRIFLOW_COMPILED === 'true'
    ? [source.replace('/src/', '/dist/src/').replace(/\.ts$/, '.js')]
    : ['--conditions=triflow-source', '--import', 'tsx', source]

/**
 * The command line of a network, in a process of its own: two copies of the generated ledger messages in
 * one process would replace each other.
 */
const run = async (args: readonly string[]): Promise<string> => {
  const command = [...program('network/src/node/cli.ts'), ...args]
  const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: root })
  return stdout
}

type Place = { mspId: string; peer: string; port: number }

export class AttackNetwork {
  readonly dir: string
  readonly #ledger: LedgerKind
  readonly #basePort: number
  readonly #services = new Map<string, ChildProcess>()
  #packageId = ''

  constructor(options: { dir: string; ledger: LedgerKind; basePort: number }) {
    this.dir = options.dir
    this.#ledger = options.ledger
    this.#basePort = options.basePort
  }

  async open(): Promise<void> {
    const definition = this.#write('definition.json', definitionOf(this.#basePort))
    await run(['up', '--ledger', this.#ledger, '--config', definition, '--dir', this.#network])
    this.#packageId = (await run(['package', '--label', 'triflow_attacks'])).trim()
    const places = this.#places()
    await Promise.all(places.map(place => this.#serve(place, 'chaincode/src/main.ts')))
    const addresses = places.map(({ peer, port }) => [peer, `127.0.0.1:${port}`])
    const deployment = this.#write('deployment.json', {
      channel: 'scf',
      name: 'triflow',
      version: '1.0',
      sequence: 1,
      packageId: this.#packageId,
      policy: POLICY,
      service: { addresses: Object.fromEntries(addresses), tls: false },
    })
    await run(['deploy', '--config', deployment, '--dir', this.#network])
  }

  /** Where the network keeps connection.json and its crypto material. */
  get #network(): string {
    return path.join(this.dir, 'network')
  }
  get folder(): string {
    return this.#network
  }
  #write(name: string, content: object): string {
    const file = path.join(this.dir, name)
    writeFileSync(file, JSON.stringify(content))
    return file
  }

  /** From here on both banks run a chaincode that writes whatever its client asks. */
  async bribeBanks(): Promise<void> {
    for (const place of this.#places().filter(({ mspId }) => BANKS.includes(mspId))) {
      await this.#stop(place.mspId)
      await this.#serve(place, 'chaincode/src/testing/dishonest.ts')
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#services.keys()].map(mspId => this.#stop(mspId)))
    await run(['down', '--dir', this.#network])
  }

  #places(): Place[] {
    const text = readFileSync(path.join(this.#network, 'connection.json'), 'utf8')
    const { organizations } = JSON.parse(text) as Connection
    return organizations
      .filter(({ peers }) => peers.length > 0)
      .map(({ mspId, peers }, index) => ({
        mspId,
        peer: peers[0]?.name ?? '',
        port: this.#basePort + 80 + index,
      }))
  }

  async #serve({ mspId, port }: Place, source: string): Promise<void> {
    const child = spawn(process.execPath, program(source), {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        NODE_OPTIONS: '--no-deprecation',
        CHAINCODE_ID: this.#packageId,
        CHAINCODE_SERVER_ADDRESS: `127.0.0.1:${port}`,
        CORE_PEER_LOCALMSPID: mspId,
        CORE_CHAINCODE_LOGGING_LEVEL: 'CRITICAL',
      },
    })
    this.#services.set(mspId, child)
    await listening(port)
  }

  async #stop(mspId: string): Promise<void> {
    const child = this.#services.get(mspId)
    this.#services.delete(mspId)
    if (child === undefined || child.exitCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
}

const LISTEN_MS = 60_000
const listening = async (port: number): Promise<void> => {
  const until = Date.now() + LISTEN_MS
  while (Date.now() < until) {
    const socket = createConnection({ host: '127.0.0.1', port })
    try {
      await once(socket, 'connect')
      return
    } catch {
      await sleep(100)
    } finally {
      socket.destroy()
    }
  }
  throw new Error(`nothing listens on port ${port}`)
}
