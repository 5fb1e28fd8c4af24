import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  chaincodePackage,
  deploy,
  nodesOf,
  parseDeployment,
  prepare,
  processes,
  readDefinition,
  ready,
  recordPid,
  type LedgerKind,
  type NetworkDefinition,
  type NodePlace,
} from '@triflow/network/control'
import { inState, nodeProcess, REPOSITORY } from './layout.ts'
import {
  CHAINCODE,
  CHAINCODE_LABEL,
  CHAINCODE_POLICY,
  CHANNEL,
  GUARDIANS,
} from './organizations.ts'
import type { ProcessSpec } from './spec.ts'
import type { Supervisor } from './supervisor.ts'
import { poll, portOpen } from './waiting.ts'

const DEPLOY_ATTEMPTS = 6
/** Most of the guardians endorse the first transaction of all, the network's policy. */
const FIRST: ReadonlySet<string> = new Set(GUARDIANS)

export type { LedgerKind } from '@triflow/network/control'

/** The ledger of the pilot, on either engine: nothing behind this module knows which one runs. */
export interface PilotLedger {
  readonly kind: LedgerKind
  /** Starts the nodes and the chaincode business begins with; resolves when a client may submit. */
  start(supervisor: Supervisor): Promise<void>
  /** The chaincode of the other organisations, one after the other. */
  startRest(supervisor: Supervisor): Promise<void>
}

export async function prepareLedger(options: {
  readonly stateFolder: string
  readonly basePort: number
  readonly kind: LedgerKind
  readonly say: (line: string) => void
}): Promise<PilotLedger> {
  const folder = inState.ledger(options.stateFolder)
  mkdirSync(folder, { recursive: true })
  const file = path.join(REPOSITORY, 'test-network/network.yaml')
  const definition: NetworkDefinition = { ...readDefinition(file), basePort: options.basePort }
  await prepare({ dir: folder, definition, ledger: options.kind, progress: options.say })
  const peers = nodesOf(definition).filter(node => node.isPeer)
  const first = peers.filter(({ mspId }) => FIRST.has(mspId)).map(chaincodeProcess)
  const rest = peers.filter(({ mspId }) => !FIRST.has(mspId)).map(chaincodeProcess)
  return {
    kind: options.kind,
    async start(supervisor) {
      await startAll(supervisor, [...nodeProcesses(folder), ...first])
      await ready(folder, options.say)
      await deployOnce(folder, definition, options.say)
    },
    async startRest(supervisor) {
      for (const spec of rest) await supervisor.start(spec)
    },
  }
}

async function startAll(supervisor: Supervisor, specs: readonly ProcessSpec[]): Promise<void> {
  await Promise.all(specs.map(spec => supervisor.start(spec)))
}

function nodeProcesses(folder: string): ProcessSpec[] {
  const specs = processes(folder)
  for (const { directory } of specs) mkdirSync(directory, { recursive: true })
  return specs.map(spec => ({
    name: spec.name,
    command: spec.command,
    args: spec.args,
    env: spec.env,
    cwd: spec.directory,
    started: pid => recordPid(spec, pid),
    ready: signal => poll(() => portOpen(spec.port), signal),
    stopGraceMs: 10_000,
  }))
}

const packageId = (): string => chaincodePackage(CHAINCODE_LABEL).packageId

/** The chaincode service beside one organisation's peer; it must know whose peer it serves. */
function chaincodeProcess(node: NodePlace): ProcessSpec {
  return {
    name: `chaincode-${node.domain.split('.')[0]}`,
    ...nodeProcess('chaincode', 'main'),
    env: {
      CORE_PEER_LOCALMSPID: node.mspId,
      CHAINCODE_ID: packageId(),
      CHAINCODE_SERVER_ADDRESS: `127.0.0.1:${node.chaincodePort}`,
      CORE_CHAINCODE_LOGGING_LEVEL: 'ERROR',
    },
    ready: signal => poll(() => portOpen(node.chaincodePort), signal),
  }
}

/** The definition is approved and committed once; what was committed is on the ledger for good. */
async function deployOnce(
  folder: string,
  definition: NetworkDefinition,
  say: (line: string) => void,
): Promise<void> {
  const note = path.join(folder, 'deployed.json')
  if (existsSync(note)) return
  const peers = nodesOf(definition).filter(node => node.isPeer)
  const addresses = peers.map(node => [node.name, `127.0.0.1:${node.chaincodePort}`])
  const deployment = {
    channel: CHANNEL,
    name: CHAINCODE,
    version: '1.0',
    sequence: 1,
    packageId: packageId(),
    policy: CHAINCODE_POLICY,
    service: { addresses: Object.fromEntries(addresses), tls: false },
  }
  await persistently(() => deploy(folder, parseDeployment(deployment), say), say)
  writeFileSync(note, `${JSON.stringify(deployment, null, 2)}\n`)
}

/**
 * Deploying again goes on where it stopped, so a step that met a peer which had not caught up yet is tried again.
 */
async function persistently(work: () => Promise<void>, say: (line: string) => void): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (fault) {
      if (attempt === DEPLOY_ATTEMPTS) throw fault
      say(`deploying again: ${(fault as Error).message.slice(0, 120)}`)
      await delay(500)
    }
  }
}
