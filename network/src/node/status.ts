// What the nodes of a network say of themselves, over their health and metrics ports.
import type { NetworkRecord } from './folder.ts'
import { NetworkFault } from './fault.ts'
import { runningPid, tailOf, waitUntil, type ProcessSpec } from './processes.ts'
import { HOST, nodesOf, type NodePlace } from './topology.ts'

const ASK_MS = 2_000
const HEALTHY_MS = 60_000

export interface NodeStatus {
  name: string
  mspId: string
  roles: string[]
  /** Every process of the node runs. */
  running: boolean
  /** Clients may connect. */
  ready: boolean
  pids: number[]
  /** Number of blocks per channel; of the peer where there is one. */
  channels: Record<string, ChannelStatus>
}

export interface ChannelStatus {
  height: number
  /** Embedded ledger only: hash of the last block's header, and the replica's place. */
  headerHash?: string
  /** ... and of all state after it, on a peer. */
  commitHash?: string
  view?: number
  leader?: number
}

export function readStatus(
  dir: string,
  record: NetworkRecord,
  processes: ProcessSpec[],
): Promise<NodeStatus[]> {
  return Promise.all(
    nodesOf(record.definition).map(async node => {
      const own = processes.filter(each => each.node === node.name)
      const pids = own.flatMap(each => runningPid(each) ?? [])
      const said = record.ledger === 'embedded' ? await askNode(node) : await askFabric(node)
      const roles = [...(node.isPeer ? ['peer'] : []), ...(node.orderer ? ['orderer'] : [])]
      const running = pids.length === own.length
      return { name: node.name, mspId: node.mspId, roles, running, pids, ...said }
    }),
  )
}

type Said = Pick<NodeStatus, 'ready' | 'channels'>
const SILENT: Said = { ready: false, channels: {} }

/** What an embedded node answers at /healthz. */
export interface Health {
  ready: boolean
  node?: string
  links?: string[]
  channels?: Record<string, ChannelHealth>
}

export interface ChannelHealth {
  /** Number of blocks. */
  height: number
  /** Hex; equal on all nodes at one height. */
  headerHash: string
  /** Hex; equal on all peers at one height, or their states differ. */
  commitHash?: string
  orderer?: { view: number; leader: number; phase: string; height: number; pending: number }
  /** The other peers this node's gateway would ask, and the chaincodes each can run. */
  peers: Record<string, readonly string[]>
}

/** Undefined when the node does not answer. */
export async function askHealth(node: NodePlace): Promise<Health | undefined> {
  const text = await ask(node.metricsPort, '/healthz')
  return text === undefined ? undefined : (JSON.parse(text) as Health)
}

async function askNode(node: NodePlace): Promise<Said> {
  const health = await askHealth(node)
  if (!health) return SILENT
  const channels = Object.entries(health.channels ?? {}).map(
    ([name, { height, headerHash, commitHash, orderer }]) => [
      name,
      {
        height,
        headerHash,
        ...(commitHash === undefined ? {} : { commitHash }),
        ...(orderer ? { view: orderer.view, leader: orderer.leader } : {}),
      },
    ],
  )
  return { ready: health.ready, channels: Object.fromEntries(channels) as Said['channels'] }
}

async function askFabric(node: NodePlace): Promise<Said> {
  const port = node.isPeer ? node.metricsPort : node.ordererMetricsPort
  const text = await ask(port, '/metrics')
  if (text === undefined) return SILENT
  const channels: Said['channels'] = {}
  for (const [, name, height] of text.matchAll(
    /^ledger_blockchain_height\{channel="([^"]+)"\} (\d+)/gm,
  ))
    if (name) channels[name] = { height: Number(height) }
  return { ready: true, channels }
}

async function ask(port: number, url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(`http://${HOST}:${port}${url}`, {
      signal: AbortSignal.timeout(ASK_MS),
    })
    return await answer.text()
  } catch {
    return undefined
  }
}

/** Waits until an embedded node says that clients may connect; if it died, the fault shows its log. */
export async function awaitHealthy(spec: ProcessSpec, limitMs = HEALTHY_MS): Promise<void> {
  let died = false
  const healthy = await waitUntil(async () => {
    died = runningPid(spec) === undefined
    if (died) return true
    const text = await ask(spec.port, '/healthz')
    return text !== undefined && (JSON.parse(text) as Health).ready
  }, limitMs)
  if (healthy && !died) return
  const what = died ? 'ended' : 'is not ready'
  const message = `${spec.name} ${what}: ${tailOf(spec.logFile)}`
  throw new NetworkFault('NODE_NOT_UP', message, { name: spec.name, log: spec.logFile })
}
