/** The network both ledgers are measured on: three organisations with peers, four that order, one chaincode. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createRequire } from 'node:module'
import path from 'node:path'
import {
  REPOSITORY,
  atSignal,
  awaitPort,
  chaincodePackageId,
  openNetwork,
  type LedgerKind,
  type MeasuredNetwork,
} from '../ground/index.ts'

export const CHANNEL = 'scf'
export const CHAINCODE = 'probe'
const ORGANIZATIONS = [1, 2, 3] as const

/** A network with the probe chaincode, ready for calls. */
export interface ProbeNetwork extends MeasuredNetwork {
  /** Process ids by what they are: each node, and the chaincode service. */
  pids(): Promise<ReadonlyMap<string, readonly number[]>>
}

const definitionOf = (basePort: number): object => ({
  name: 'bench',
  basePort,
  orderers: 4,
  organizations: ORGANIZATIONS.map(n => ({
    name: `Org${n}`,
    mspId: `Org${n}MSP`,
    domain: `org${n}.bench.example`,
    peers: ['peer0'],
    users: 1,
  })),
  channels: [{ name: CHANNEL, organizations: ORGANIZATIONS.map(n => `Org${n}MSP`) }],
})

/** One unmodified fabric-shim process that serves every peer. */
async function startChaincode(port: number, packageId: string): Promise<ChildProcess> {
  const folder = path.join(REPOSITORY, 'benchmarks/src/ledger/chaincode')
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
  atSignal(async () => void child.kill())
  await awaitPort(port, Date.now() + 30_000)
  return child
}

export async function startProbeNetwork(
  ledger: LedgerKind,
  dir: string,
  basePort: number,
): Promise<ProbeNetwork> {
  const packageId = await chaincodePackageId(`${CHAINCODE}_1.0`)
  const chaincodePort = basePort + 99
  const chaincode = await startChaincode(chaincodePort, packageId)
  const opened: MeasuredNetwork[] = []
  try {
    const network = await openNetwork({ dir, ledger, definition: definitionOf(basePort) })
    opened.push(network)
    const peers = ORGANIZATIONS.map(n => `peer0.org${n}.bench.example`)
    await network.deploy({
      channel: CHANNEL,
      name: CHAINCODE,
      packageId,
      policy: `OutOf(2,${ORGANIZATIONS.map(n => `'Org${n}MSP.peer'`).join(',')})`,
      service: {
        addresses: Object.fromEntries(peers.map(peer => [peer, `127.0.0.1:${chaincodePort}`])),
      },
    })
    return {
      ...network,
      async pids() {
        const nodes = (await network.status()).map(({ name, pids }) => [name, pids] as const)
        return new Map([...nodes, ['chaincode', chaincode.pid ? [chaincode.pid] : []]])
      },
      async down() {
        await network.down()
        chaincode.kill()
      },
    }
  } catch (fault) {
    await opened[0]?.down()
    chaincode.kill()
    throw fault
  }
}
