// The commands of a network as functions: for the command line, and for a supervisor that owns the processes itself.
//
//   prepare -> (start every one of processes(dir)) -> ready -> deploy -> ... -> down
//
// `up` does the first three with detached processes. Every function takes DIR and finds the rest there; each may be
// called again after a failure and goes on where it stopped.
import path from 'node:path'
import {
  awaitNode,
  deployChaincode,
  fabricProcesses,
  findFabricBin,
  joinFabric,
  prepareFabric,
} from '../../fabric/index.ts'
import { deployEmbedded } from './admin/deploy.ts'
import type { NetworkDefinition } from './definition.ts'
import type { Deployment } from './deployment.ts'
import { embeddedProcesses, prepareEmbedded } from './embedded.ts'
import { NetworkFault } from './fault.ts'
import {
  inFolder,
  readRecord,
  recordOf,
  writeConnection,
  writeWhole,
  type LedgerKind,
  type NetworkRecord,
} from './folder.ts'
import { runningPid, startDetached, stopProcess, type ProcessSpec } from './processes.ts'
import { awaitHealthy, readStatus, type NodeStatus } from './status.ts'
import { nodesOf } from './topology.ts'

export { readDefinition, parseDefinition, type NetworkDefinition } from './definition.ts'
export { readDeployment, parseDeployment, type Deployment } from './deployment.ts'
export { chaincodePackage } from './chaincode-package.ts'
export { NetworkFault } from './fault.ts'
export { FRUGAL, recordPid, runningPid, type ProcessSpec } from './processes.ts'
export { nodesOf, type NodePlace } from './topology.ts'
export type { LedgerKind } from './folder.ts'
export type { NodeStatus } from './status.ts'

export type Progress = (text: string) => void
const silent: Progress = () => undefined

export interface PrepareOptions {
  dir: string
  definition: NetworkDefinition
  ledger?: LedgerKind
  progress?: Progress
}

/** Writes crypto material, genesis blocks, configuration and connection.json, where missing. */
export async function prepare(options: PrepareOptions): Promise<void> {
  const { definition, progress = silent } = options
  const dir = path.resolve(options.dir)
  const ledger = options.ledger ?? 'embedded'
  const known = readRecord(dir)
  if (known) requireSame(dir, known, { ledger, definition })
  const fabricBin = ledger === 'fabric' ? findFabricBin(known?.fabricBin) : undefined
  const record: NetworkRecord = { ledger, definition, ...(fabricBin ? { fabricBin } : {}) }
  writeWhole(inFolder.record(dir), `${JSON.stringify(record, null, 2)}\n`)
  if (fabricBin) await prepareFabric({ dir, definition, fabricBin, progress })
  else await prepareEmbedded({ dir, definition, progress })
  writeConnection(dir, record)
}

function requireSame(dir: string, known: NetworkRecord, asked: NetworkRecord): void {
  if (known.ledger !== asked.ledger)
    throw new NetworkFault('LEDGER_DIFFERS', `${dir} holds a network on the ${known.ledger} ledger`)
  if (JSON.stringify(known.definition) === JSON.stringify(asked.definition)) return
  const advice = 'use another DIR, or delete this one'
  throw new NetworkFault(
    'DEFINITION_DIFFERS',
    `${dir} was brought up from another definition: ${advice}`,
  )
}

/** Every process of the network in the order to start them. */
export function processes(dir: string): ProcessSpec[] {
  const record = recordOf(dir)
  if (record.ledger === 'fabric')
    return fabricProcesses(dir, record.definition, findFabricBin(record.fabricBin))
  return embeddedProcesses(path.resolve(dir), record.definition)
}

/** Waits until clients may connect; on Fabric this also joins the channels. */
export async function ready(dir: string, progress: Progress = silent): Promise<void> {
  const record = recordOf(dir)
  if (record.ledger === 'fabric') {
    const fabricBin = findFabricBin(record.fabricBin)
    await joinFabric({ dir, definition: record.definition, fabricBin, progress })
    return
  }
  const all = processes(dir)
  progress(`waiting for ${all.length} nodes`)
  await Promise.all(all.map(each => awaitHealthy(each)))
}

/** Brings the network up, or resumes it, with processes that outlive this one. */
export async function up(options: PrepareOptions): Promise<void> {
  const { dir, progress = silent } = options
  await prepare(options)
  for (const each of processes(dir)) if (runningPid(each) === undefined) startDetached(each)
  await ready(dir, progress)
}

/** Approves a chaincode definition for every organisation, commits it, binds the service addresses. */
export async function deploy(
  dir: string,
  deployment: Deployment,
  progress: Progress = silent,
): Promise<void> {
  const record = recordOf(dir)
  const unknown = Object.keys(deployment.addresses).find(
    name => !nodesOf(record.definition).some(node => node.isPeer && node.name === name),
  )
  if (unknown)
    throw new NetworkFault('NODE_UNKNOWN', `service.addresses: no peer is named ${unknown}`)
  if (record.ledger === 'embedded') {
    await deployEmbedded({
      dir: path.resolve(dir),
      definition: record.definition,
      deployment,
      progress,
    })
    return
  }
  const fabricBin = findFabricBin(record.fabricBin)
  await deployChaincode({ dir, definition: record.definition, fabricBin, progress }, deployment)
}

/** The processes of one node; on Fabric a peer that also orders is two. */
export function processesOf(dir: string, node: string): ProcessSpec[] {
  const own = processes(dir).filter(each => each.node === node)
  if (own.length > 0) return own
  const names = nodesOf(recordOf(dir).definition).map(each => each.name)
  throw new NetworkFault('NODE_UNKNOWN', `no node is named ${node}; there are ${names.join(', ')}`)
}

/** Stops a node. True if it ran. */
export async function stopNode(
  dir: string,
  node: string,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<boolean> {
  const stopped = await Promise.all(processesOf(dir, node).map(each => stopProcess(each, signal)))
  return stopped.includes(true)
}

/** Starts a node that is down and waits until it answers. False if it was running. */
export async function startNode(dir: string, node: string): Promise<boolean> {
  const down = processesOf(dir, node).filter(each => runningPid(each) === undefined)
  for (const each of down) startDetached(each)
  const { ledger, definition, fabricBin } = recordOf(dir)
  if (ledger === 'embedded') await Promise.all(down.map(each => awaitHealthy(each)))
  else
    await awaitNode(
      { dir, definition, fabricBin: findFabricBin(fabricBin), progress: silent },
      node,
    )
  return down.length > 0
}

/** Stops every node. Everything on disk stays: `up` resumes. */
export async function down(dir: string): Promise<void> {
  await Promise.all(processes(dir).map(each => stopProcess(each)))
}

/** What every node says of itself. */
export function status(dir: string): Promise<NodeStatus[]> {
  return readStatus(dir, recordOf(dir), processes(dir))
}
