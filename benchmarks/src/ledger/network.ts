/** The network both ledgers are measured on: three organisations with peers, four that order, one chaincode. */
import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import net from 'node:net'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  deploy,
  down,
  parseDefinition,
  parseDeployment,
  up,
  type LedgerKind,
} from '@triflow/network/control'

export interface Connection {
  readonly organizations: readonly {
    readonly mspId: string
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

export interface MeasuredNetwork {
  readonly ledger: LedgerKind
  readonly dir: string
  readonly connection: Connection
  /** What the command lines of this network's processes have in common. */
  readonly markers: readonly string[]
  stop(): Promise<void>
}

export const CHANNEL = 'scf'
export const CHAINCODE = 'probe'
const ORGANIZATIONS = [1, 2, 3] as const

function definitionOf(basePort: number): ReturnType<typeof parseDefinition> {
  return parseDefinition({
    name: 'bench',
    basePort,
    orderers: 4,
    organizations: ORGANIZATIONS.map(n => ({
      name: `Org${n}`,
      mspId: `Org${n}MSP`,
      domain: `org${n}.bench.example`,
      peers: [{ name: 'peer0' }],
      users: 1,
    })),
    channels: [{ name: CHANNEL, organizations: ORGANIZATIONS.map(n => `Org${n}MSP`) }],
  })
}

function awaitPort(port: number, deadline: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const attempt = (): void => {
      const socket = net.connect(port, '127.0.0.1')
      socket.once('connect', () => (socket.destroy(), resolve()))
      socket.once('error', () => {
        if (Date.now() > deadline) reject(new Error(`nothing listens on port ${port}`))
        else setTimeout(attempt, 50)
      })
    }
    attempt()
  })
}

/** One unmodified fabric-shim process that serves every peer. */
async function startChaincode(port: number, packageId: string): Promise<ChildProcess> {
  const here = path.dirname(fileURLToPath(import.meta.url))
  const folder = path.join(here.replace(`${path.sep}dist${path.sep}`, path.sep), 'chaincode')
  const cli = createRequire(import.meta.url).resolve('fabric-shim/cli.js')
  const child = spawn(
    process.execPath,
    [cli, 'server', '--chaincode-address', `127.0.0.1:${port}`, '--chaincode-id', packageId],
    {
      cwd: folder,
      stdio: 'ignore',
      env: { ...process.env, CORE_CHAINCODE_LOGGING_LEVEL: 'ERROR' },
    },
  )
  await awaitPort(port, Date.now() + 20_000)
  return child
}

export async function startNetwork(
  ledger: LedgerKind,
  dir: string,
  basePort: number,
): Promise<MeasuredNetwork> {
  const definition = definitionOf(basePort)
  const { packageId } = parseDeployment({ channel: CHANNEL, name: CHAINCODE })
  const chaincodePort = basePort + 299
  const chaincode = await startChaincode(chaincodePort, packageId)
  await up({ dir, definition, ledger })
  const addresses = Object.fromEntries(
    ORGANIZATIONS.map(n => [`peer0.org${n}.bench.example`, `127.0.0.1:${chaincodePort}`]),
  )
  const policy = `OutOf(2,${ORGANIZATIONS.map(n => `'Org${n}MSP.peer'`).join(',')})`
  await deploy(
    dir,
    parseDeployment({
      channel: CHANNEL,
      name: CHAINCODE,
      policy,
      packageId,
      service: { addresses },
    }),
  )
  const connection = JSON.parse(
    readFileSync(path.join(dir, 'connection.json'), 'utf8'),
  ) as Connection
  return {
    ledger,
    dir,
    connection,
    markers: [dir, `127.0.0.1:${chaincodePort}`],
    async stop() {
      await down(dir)
      chaincode.kill()
    },
  }
}
