/** The pilot's ledger for Caliper: its definition on ports of its own, one chaincode service per peer, users with roles. */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { story, type Identity } from '@triflow/chaincode/testing'
import {
  REPOSITORY,
  atSignal,
  awaitPort,
  chaincodePackageId,
  openNetwork,
  program,
  type Connection,
  type LedgerKind,
  type MeasuredNetwork,
} from '../ground/index.ts'
import type { Enrolled } from './enrol.ts'

export const CHANNEL = 'scf'
export const CHAINCODE = 'triflow'

const POLICY = `OutOf(2,${story.GUARDIANS.map(mspId => `'${mspId}.peer'`).join(',')})`
/** Node i of a network owns ten ports; the seventh is for its chaincode service. */
const CHAINCODE_OFFSET = 6

/** Who acts in the workload and in its preparation. */
const USERS: readonly Identity[] = [
  story.USERS.coreOperator,
  story.USERS.coreMaker,
  story.USERS.coreChecker,
  story.USERS.allianceOperator,
  story.USERS.tier1,
  story.USERS.bankAOperator,
  story.USERS.bankBOperator,
  story.USERS.regulatorOperator,
]

export async function startPilotLedger(
  ledger: LedgerKind,
  dir: string,
  basePort: number,
): Promise<MeasuredNetwork> {
  const yaml = readFileSync(path.join(REPOSITORY, 'test-network/network.yaml'), 'utf8')
  const definition = yaml.replace(/^basePort: .*$/m, `basePort: ${basePort}`)
  const packageId = await chaincodePackageId(`${CHAINCODE}_1.0`)
  const network = await openNetwork({ dir, ledger, definition })
  const services: ChildProcess[] = []
  const down = async (): Promise<void> => {
    await network.down()
    for (const service of services) service.kill()
  }
  try {
    const peers = network.connection.organizations.flatMap(({ mspId, peers }) =>
      peers.map(peer => ({ mspId, peer, port: portOf(peer.endpoint) + CHAINCODE_OFFSET })),
    )
    for (const { mspId, port } of peers) services.push(startChaincode(mspId, port, packageId))
    await Promise.all(peers.map(({ port }) => awaitPort(port, Date.now() + 60_000)))
    await network.deploy({
      channel: CHANNEL,
      name: CHAINCODE,
      packageId,
      policy: POLICY,
      service: {
        addresses: Object.fromEntries(
          peers.map(({ peer, port }) => [peer.name, `127.0.0.1:${port}`]),
        ),
      },
    })
    return { ...network, down }
  } catch (fault) {
    await down()
    throw fault
  }
}

const portOf = (endpoint: string): number => Number(endpoint.split(':').at(-1))

function startChaincode(mspId: string, port: number, packageId: string): ChildProcess {
  const child = spawn(process.execPath, program('chaincode', 'main'), {
    stdio: 'ignore',
    env: {
      ...process.env,
      CORE_PEER_LOCALMSPID: mspId,
      CHAINCODE_ID: packageId,
      CHAINCODE_SERVER_ADDRESS: `127.0.0.1:${port}`,
      CORE_CHAINCODE_LOGGING_LEVEL: 'ERROR',
    },
  })
  atSignal(async () => void child.kill())
  return child
}

const organizationOf = ({ organizations }: Connection, mspId: string) => {
  const found = organizations.find(each => each.mspId === mspId)
  if (!found) throw new Error(`${mspId} is not in connection.json`)
  return found
}

/** Enrols the users and writes Caliper's network configuration; answers its path. */
export async function writeCaliperNetwork(network: MeasuredNetwork): Promise<string> {
  const { dir, connection, ledger } = network
  const users: Enrolled[] = USERS.map(user => ({
    ...user,
    domain: organizationOf(connection, user.mspId).domain,
  }))
  const usersFile = path.join(dir, 'users.json')
  writeFileSync(usersFile, JSON.stringify(users))
  await promisify(execFile)(process.execPath, [
    ...program('benchmarks', 'caliper/enrol'),
    dir,
    usersFile,
  ])
  const pem = (index: number, kind: string): object => ({
    path: path.join(dir, 'wallet', `${index}.${kind}.pem`),
  })
  const identities = users.map(({ mspId, name }, index) => ({
    mspId,
    certificate: {
      name,
      clientSignedCert: pem(index, 'cert'),
      clientPrivateKey: pem(index, 'key'),
    },
  }))
  const configuration = {
    name: `TriFlow on ${ledger === 'embedded' ? 'the embedded ledger' : 'Hyperledger Fabric v3'}`,
    version: '2.0.0',
    caliper: { blockchain: 'fabric' },
    channels: [{ channelName: CHANNEL, contracts: [{ id: CHAINCODE }] }],
    organizations: [...new Set(users.map(({ mspId }) => mspId))].map(mspId => ({
      mspid: mspId,
      identities: {
        certificates: identities.filter(each => each.mspId === mspId).map(each => each.certificate),
      },
      peers: organizationOf(connection, mspId).peers.map(peer => ({
        endpoint: peer.endpoint,
        tlsCACerts: { path: peer.tlsCACert },
        grpcOptions: { 'ssl-target-name-override': peer.hostOverride },
      })),
    })),
  }
  const file = path.join(dir, 'caliper-network.json')
  writeFileSync(file, JSON.stringify(configuration, null, 2))
  return file
}
