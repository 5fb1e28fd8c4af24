// One channel of a node: its ledger, its replica if the node orders, and the flow of blocks between them.
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { openChain, openLedger, trustOf, type Chain, type Ledger } from '../../ledger/index.ts'
import { openOrderer, type Orderer } from '../../orderer/index.ts'
import { createInspector } from '../../peer/index.ts'
import type { ChannelConfig, Msp, Signer } from '../../msp/index.ts'
import type { NetworkDefinition } from '../definition.ts'
import { FRAME, splitParts } from '../links/frames.ts'
import type { Mesh } from '../links/mesh.ts'
import type { NodePlace } from '../topology.ts'
import { BlockPuller } from './block-puller.ts'
import { NEXT_BLOCKS_WAIT_MS } from './block-service.ts'
import { createCertificateCheck } from './certificate.ts'
import type { ChannelIdentity } from './identity.ts'
import { METHOD, withChannel, writeNumbers } from './methods.ts'
import type { NodeLog } from './log.ts'
import type { StatusBoard } from './remote-peers.ts'

const FETCH_MS = 10_000

export interface ChannelParts {
  channelId: string
  identity: ChannelIdentity
  definition: NetworkDefinition
  place: NodePlace
  /** Nodes that order, by number in the consenter mapping. */
  consenterNames: ReadonlyMap<number, string>
  ordererSigner: Signer | undefined
  /** The node's own folder. */
  directory: string
  mesh: () => Mesh
  board: StatusBoard
  log: NodeLog
  count: (outcome: string) => void
  /** The channel cannot go on: the process must end and be started again. */
  onFault: (fault: Error) => void
}

export interface NodeChannel {
  channelId: string
  config: ChannelConfig
  msp: Msp
  /** The blocks. On a peer the ledger itself. */
  chain: Chain
  /** Absent on a node that only orders: nobody may ask it for state, so it judges nothing. */
  ledger: Ledger | undefined
  orderer: Orderer | undefined
  /** Starts to pull blocks, on a node that does not order. */
  start(): void
  close(): Promise<void>
}

/** Opens the ledger (which recovers from whatever ended the last process) and then the replica. */
export async function openChannel(parts: ChannelParts): Promise<NodeChannel> {
  const { channelId, identity, place } = parts
  const { config, msp } = identity
  const ledger = place.isPeer ? await openState(parts) : undefined
  const chain = ledger ?? (await openChain(storeOf(parts)))
  const orderer = await openReplica(parts, chain)
  let puller: BlockPuller | undefined
  return {
    channelId,
    config,
    msp,
    chain,
    ledger,
    orderer,
    start: () => {
      if (!orderer) puller = openPuller(parts, chain)
    },
    close: async () => {
      await orderer?.close()
      await puller?.close()
      await chain.close()
    },
  }
}

/** A node that becomes a peer, or is one no longer, goes on with the blocks of the same folder. */
function storeOf(parts: ChannelParts): Parameters<typeof openChain>[0] {
  const { channelId, identity } = parts
  const directory = path.join(parts.directory, 'ledger', channelId)
  mkdirSync(directory, { recursive: true })
  return {
    directory,
    channelId,
    genesisBlock: identity.genesisBlock,
    fetchBlock: number => fetchAnywhere(parts, number),
  }
}

function openState(parts: ChannelParts): Promise<Ledger> {
  const { identity, place } = parts
  const { config, msp } = identity
  return openLedger({
    ...storeOf(parts),
    selfMspId: place.mspId,
    trust: trustOf(msp, config),
    // A replica has verified the votes of its own blocks and of those it fetched.
    ...(place.orderer ? {} : { certificate: createCertificateCheck(config, msp) }),
  })
}

async function openReplica(parts: ChannelParts, chain: Chain): Promise<Orderer | undefined> {
  const { place, ordererSigner, channelId, identity, definition, consenterNames, mesh } = parts
  if (!place.orderer || !ordererSigner) return undefined
  const directory = path.join(parts.directory, 'orderer', channelId)
  mkdirSync(directory, { recursive: true })
  const lastBlock = chain.block(chain.height() - 1)
  if (!lastBlock) throw new Error(`the ledger of ${channelId} has no last block`)
  const head = withChannel(channelId)
  const orderer = await openOrderer({
    config: identity.config,
    consenterId: place.orderer.consenterId,
    signer: ordererSigner,
    directory,
    lastBlock,
    readBlock: number => chain.block(number),
    inspect: createInspector({ config: identity.config, msp: identity.msp }),
    timeouts: timeoutsOf(definition),
    log: parts.log,
    links: {
      send: (to, frame) => {
        const name = consenterNames.get(to)
        if (name === undefined || !mesh().send(name, FRAME.consensus, head, frame))
          parts.count('consensus_not_sent')
      },
      fetchBlocks: (from, first, last) => fetchRange(parts, consenterNames.get(from), first, last),
    },
  })
  orderer.onFault(parts.onFault)
  orderer.onBlock(async block => {
    await chain.commit(block)
  })
  return orderer
}

/** What the definition says of time; the replica has defaults for the rest. */
function timeoutsOf({ timeouts, batch }: NetworkDefinition): Record<string, number> {
  const { requestMs, heartbeatMs, viewChangeMs } = timeouts
  return {
    ...(requestMs
      ? { requestTimeoutMs: requestMs, requestForwardMs: Math.ceil(requestMs * 0.4) }
      : {}),
    ...(heartbeatMs ? { heartbeatTimeoutMs: heartbeatMs } : {}),
    ...(viewChangeMs ? { viewChangeTimeoutMs: viewChangeMs } : {}),
    ...(batch.intervalMs
      ? { batchIntervalMs: Math.min(10, batch.intervalMs), batchIntervalMaxMs: batch.intervalMs }
      : {}),
  }
}

async function fetchRange(
  { mesh, channelId }: Pick<ChannelParts, 'mesh' | 'channelId'>,
  from: string | undefined,
  first: number,
  last: number,
): Promise<Uint8Array[]> {
  if (from === undefined) throw new Error('no node has this number')
  const body = Buffer.concat([withChannel(channelId), writeNumbers(first, last)])
  return splitParts(await mesh().request(from, METHOD.blocks, body, FETCH_MS))
}

/** A block whose stored bytes are damaged, from whoever has it; the ledger checks its hash. */
async function fetchAnywhere(parts: ChannelParts, number: number): Promise<Uint8Array | undefined> {
  for (const name of parts.mesh().linked()) {
    const [block] = await fetchRange(parts, name, number, number).catch(() => [])
    if (block) return block
  }
  return undefined
}

function openPuller(parts: ChannelParts, chain: Chain): BlockPuller {
  const { mesh, board, channelId, consenterNames, log } = parts
  const head = withChannel(channelId)
  return new BlockPuller({
    height: () => chain.height(),
    sources: () =>
      [...consenterNames.values()]
        .filter(name => mesh().isLinked(name))
        .map(name => ({ name, height: board.heightOf(name, channelId) ?? 0 })),
    nextBlocks: async (source, first) => {
      const body = Buffer.concat([head, writeNumbers(first)])
      const waitMs = NEXT_BLOCKS_WAIT_MS + FETCH_MS
      return splitParts(await mesh().request(source, METHOD.nextBlocks, body, waitMs))
    },
    commit: block => chain.commit(block),
    count: parts.count,
    warn: (fields, text) => log.warn({ channel: channelId, ...fields }, text),
  })
}
