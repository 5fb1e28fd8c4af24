// What this node answers to the others. A rejection's message goes back to the asker.
import type { Peer } from '../../peer/index.ts'
import type { Contact } from '../links/contacts.ts'
import { blocksFrom, nextBlocks } from './block-service.ts'
import type { NodeChannel } from './channel.ts'
import { METHOD, readChannelBytes, readNumbers, writeOutcome } from './methods.ts'

const NOTHING = new Uint8Array(0)

export interface RequestParts {
  channels: ReadonlyMap<string, NodeChannel>
  peer: () => Peer | undefined
}

type Handler = (from: Contact, body: Uint8Array, parts: RequestParts) => Promise<Uint8Array>

export function createRequestHandler(
  parts: RequestParts,
): (from: Contact, method: number, body: Uint8Array) => Promise<Uint8Array> {
  const handlers = new Map<number, Handler>([
    [METHOD.submit, submit],
    [METHOD.endorse, endorse],
    [METHOD.pushPrivate, pushPrivate],
    [METHOD.pullPrivate, pullPrivate],
    [METHOD.blocks, blocks],
    [METHOD.nextBlocks, next],
  ])
  return async (from, method, body) => {
    const handler = handlers.get(method)
    if (!handler) throw new Error(`no method ${method}`)
    return handler(from, body, parts)
  }
}

const submit: Handler = async (_from, body, parts) => {
  const { channelId, body: envelope } = readChannelBytes(body)
  const orderer = parts.channels.get(channelId)?.orderer
  if (!orderer) throw new Error(`this node does not order ${channelId}`)
  return writeOutcome(await orderer.submit(envelope))
}

const endorse: Handler = (from, body, parts) => {
  if (!from.isPeer) throw new Error(`${from.name} is no peer`)
  return peerOf(parts).endorse(body)
}

const pushPrivate: Handler = async (from, body, parts) => {
  await peerOf(parts).pushPrivate(callerOf(from), body)
  return NOTHING
}

const pullPrivate: Handler = (from, body, parts) => peerOf(parts).pullPrivate(callerOf(from), body)

const blocks: Handler = async (from, body, parts) => {
  const { channel, numbers } = readRange(from, body, parts, 2)
  return blocksFrom(channel.chain, numbers[0] ?? 0, numbers[1] ?? 0)
}

const next: Handler = async (from, body, parts) => {
  const { channel, numbers } = readRange(from, body, parts, 1)
  return nextBlocks(channel.chain, numbers[0] ?? 0)
}

function peerOf(parts: RequestParts): Peer {
  const peer = parts.peer()
  if (!peer) throw new Error('this node is no peer, or not one yet')
  return peer
}

function callerOf(from: Contact): { name: string; mspId: string } {
  if (!from.isPeer) throw new Error(`${from.name} is no peer`)
  return { name: from.name, mspId: from.mspId }
}

function readRange(
  from: Contact,
  body: Uint8Array,
  parts: RequestParts,
  count: number,
): { channel: NodeChannel; numbers: number[] } {
  const { channelId, body: rest } = readChannelBytes(body)
  const channel = parts.channels.get(channelId)
  const { organizations, ordererOrganizations } = channel?.config ?? {}
  const isMember = organizations?.has(from.mspId) || ordererOrganizations?.has(from.mspId)
  if (!channel || !isMember) throw new Error(`no channel ${channelId} for ${from.name}`)
  return { channel, numbers: readNumbers(rest, count) }
}
