// Health and metrics over HTTP, on the loopback.
//   GET /healthz  200 {"ready":true,...} when clients may connect, else 503
//   GET /metrics  Prometheus text
import http from 'node:http'
import { common } from '@hyperledger/fabric-protos'
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { ChannelHealth, Health } from '../status.ts'
import { HOST } from '../topology.ts'
import type { NodeChannel } from './channel.ts'
import type { RunningNode } from './node.ts'

export interface StatusServer {
  close(): Promise<void>
}

/** Answers 503 while `node` is undefined: recovery may take a while and is not a failure. */
export async function serveStatus(
  port: number,
  node: () => RunningNode | undefined,
): Promise<StatusServer> {
  const registry = createRegistry(node)
  const server = http.createServer((request, response) => {
    if (request.url === '/healthz') return answerHealth(response, node())
    if (request.url !== '/metrics') return response.writeHead(404).end()
    registry.metrics().then(
      text => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, HOST, () => resolve())
  })
  return {
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function answerHealth(response: http.ServerResponse, node: RunningNode | undefined): void {
  const health = healthOf(node)
  const status = health.ready ? 200 : 503
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(health))
}

function healthOf(node: RunningNode | undefined): Health {
  if (!node) return { ready: false }
  const channels = [...node.channels.values()].map(({ channelId, chain, ledger, orderer }) => {
    const peers = node.remote.peers(channelId).map(each => [each.name, each.chaincodes])
    const health: ChannelHealth = {
      height: chain.height(),
      headerHash: Buffer.from(chain.lastHeaderHash()).toString('hex'),
      ...(ledger ? { commitHash: commitHashOf(ledger.block(ledger.height() - 1)) } : {}),
      ...(orderer ? { orderer: orderer.status() } : {}),
      peers: Object.fromEntries(peers) as ChannelHealth['peers'],
    }
    return [channelId, health] as const
  })
  return {
    ready: node.isReady(),
    node: node.place.name,
    links: node.mesh.linked(),
    channels: Object.fromEntries(channels),
  }
}

const COMMIT_HASH_SLOT = 4

function commitHashOf(block: Uint8Array | undefined): string {
  if (!block) return ''
  const metadata = common.Block.deserializeBinary(block).getMetadata()?.getMetadataList_asU8()
  return Buffer.from(metadata?.[COMMIT_HASH_SLOT] ?? []).toString('hex')
}

function createRegistry(node: () => RunningNode | undefined): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const gauge = (name: string, help: string, labels: string[], read: ReadGauge): void => {
    const created: Gauge = new Gauge({
      name,
      help,
      labelNames: labels,
      registers: [registry],
      collect: () => {
        const running = node()
        created.reset()
        if (running) for (const [values, value] of read(running)) created.set(values, value)
      },
    })
  }
  gauge(
    'ledger_height',
    'Number of blocks.',
    ['channel'],
    eachChannel(channel => channel.chain.height()),
  )
  gauge(
    'consensus_view',
    'View of the replica.',
    ['channel'],
    eachChannel(channel => channel.orderer?.status().view),
  )
  gauge(
    'consensus_pending',
    'Requests not yet in a block.',
    ['channel'],
    eachChannel(channel => channel.orderer?.status().pending),
  )
  gauge('links_up', 'Links to other nodes.', [], running => [[{}, running.mesh.linked().length]])
  gauge('node_outcomes', 'Counted outcomes of links and block transfer.', ['outcome'], running =>
    Object.entries(running.counters()).map(([outcome, value]): Sample => [{ outcome }, value]),
  )
  gauge('peer_calls', 'Counted outcomes of the peer.', ['outcome'], running =>
    Object.entries<number>({ ...running.peer?.counters() }).map(([outcome, value]): Sample => [
      { outcome },
      value,
    ]),
  )
  gauge('consensus_outcomes', 'Counted outcomes of the replica.', ['channel', 'outcome'], running =>
    [...running.channels.values()].flatMap(({ channelId, orderer }) =>
      Object.entries<number>({ ...orderer?.metrics() }).map(([outcome, value]): Sample => [
        { channel: channelId, outcome },
        value,
      ]),
    ),
  )
  return registry
}

type Sample = [Record<string, string>, number]
type ReadGauge = (node: RunningNode) => Sample[]

function eachChannel(read: (channel: NodeChannel) => number | undefined): ReadGauge {
  return node =>
    [...node.channels.values()].flatMap(channel => {
      const value = read(channel)
      return value === undefined ? [] : [[{ channel: channel.channelId }, value] as Sample]
    })
}
