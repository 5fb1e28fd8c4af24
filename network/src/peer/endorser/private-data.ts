import { gossip, ledger as ledgerProtos } from '@hyperledger/fabric-protos'
import type { CollectionDefinition, Ledger, PrivatePlace } from '../../ledger/index.ts'
import type { ChannelResources, PeerCaller, PeerLog, RemotePeer, RemotePeers } from '../types.ts'
import { decode, toBytes, toText } from '../wire/decode.ts'
import { messageOf } from '../wire/faults.ts'
import { within } from '../wire/timing.ts'

const { rwset } = ledgerProtos
type PrivateRwset = ledgerProtos.rwset.TxPvtReadWriteSet

/** Private write sets one pull may ask for: an answer must stay below the message limit. */
export const PULL_DIGESTS_MAX = 500
const PUSH_BYTES_MAX = 64 * 1024 * 1024
/** A member that hangs must not hold up the endorsement: it will fetch its copy later. */
const PUSH_TIMEOUT_MS = 3_000
const tooLate = (): Error => new Error('the peer did not answer in time')

interface CollectionPart {
  readonly namespace: string
  readonly collection: string
}

export interface DistributionPorts {
  readonly selfName: string
  readonly selfMspId: string
  readonly remote: RemotePeers
  readonly log: PeerLog
}

function partsOf(set: PrivateRwset): CollectionPart[] {
  return set.getNsPvtRwsetList().flatMap(ns =>
    ns.getCollectionPvtRwsetList().map(c => ({
      namespace: ns.getNamespace(),
      collection: c.getCollectionName(),
    })),
  )
}

/** The same set with the collections only that `keep` names; undefined when none is left. */
function restrict(set: PrivateRwset, keep: ReadonlySet<string>): Uint8Array | undefined {
  const kept = new rwset.TxPvtReadWriteSet()
  kept.setDataModel(set.getDataModel())
  for (const ns of set.getNsPvtRwsetList()) {
    const collections = ns
      .getCollectionPvtRwsetList()
      .filter(c =>
        keep.has(keyOf({ namespace: ns.getNamespace(), collection: c.getCollectionName() })),
      )
    if (collections.length === 0) continue
    const part = new rwset.NsPvtReadWriteSet()
    part.setNamespace(ns.getNamespace())
    part.setCollectionPvtRwsetList(collections)
    kept.addNsPvtRwset(part)
  }
  return kept.getNsPvtRwsetList().length > 0 ? kept.serializeBinary() : undefined
}

const keyOf = ({ namespace, collection }: CollectionPart): string =>
  `${namespace}\u0000${collection}`

/** One peer of every organisation first, so that the copies spread over the members. */
function spread(peers: readonly RemotePeer[]): RemotePeer[] {
  const seen = new Map<string, number>()
  return peers
    .map(peer => {
      const round = seen.get(peer.mspId) ?? 0
      seen.set(peer.mspId, round + 1)
      return { peer, round }
    })
    .sort((a, b) => a.round - b.round)
    .map(({ peer }) => peer)
}

const isImplicit = (collection: string): boolean => collection.startsWith('_implicit_org_')

/** Peers that are to get a copy. An organisation's own collection stays among its own peers. */
function targetsOf(
  definition: CollectionDefinition,
  peers: readonly RemotePeer[],
  selfMspId: string,
): RemotePeer[] {
  const members = peers.filter(p => definition.memberOrganizations.includes(p.mspId))
  if (isImplicit(definition.name)) return members.filter(p => p.mspId === selfMspId)
  return spread(members).slice(0, definition.maximumPeerCount)
}

export function pushMessage(channelId: string, txId: string, set: Uint8Array): Uint8Array {
  const payload = new gossip.PrivatePayload()
  payload.setTxId(txId)
  payload.setPrivateRwset(set)
  const data = new gossip.PrivateDataMessage()
  data.setPayload(payload)
  const message = new gossip.GossipMessage()
  message.setChannel(toBytes(channelId))
  message.setPrivateData(data)
  return message.serializeBinary()
}

interface Distribution {
  readonly channel: ChannelResources
  readonly txId: string
  readonly privateRwset: Uint8Array
}

interface Plan {
  readonly part: CollectionPart
  readonly required: number
  readonly targets: readonly RemotePeer[]
}

function planOf(part: CollectionPart, ledger: Ledger, ports: DistributionPorts): Plan {
  const definition = ledger.collection(part.namespace, part.collection)
  if (!definition) throw new Error(`collection ${part.collection} is not defined`)
  const peers = ports.remote.peers(ledger.channelId).filter(p => p.name !== ports.selfName)
  const targets = targetsOf(definition, peers, ports.selfMspId)
  const required = isImplicit(definition.name) ? 0 : definition.requiredPeerCount
  return { part, required, targets }
}

/**
 * Gives the members their copies before the endorsement is handed out, so that a committed hash
 * has its data where the collection's definition wants it.
 * @throws Error when fewer than requiredPeerCount members took a copy.
 */
export async function distribute(
  { channel, txId, privateRwset }: Distribution,
  ports: DistributionPorts,
): Promise<void> {
  const set = rwset.TxPvtReadWriteSet.deserializeBinary(privateRwset)
  const plans = partsOf(set).map(part => planOf(part, channel.ledger, ports))
  const names = new Set(plans.flatMap(plan => plan.targets.map(p => p.name)))
  const delivered = new Set<string>()
  const deliver = async (name: string): Promise<void> => {
    const keep = new Set(
      plans.filter(p => p.targets.some(t => t.name === name)).map(p => keyOf(p.part)),
    )
    const restricted = restrict(set, keep)
    if (!restricted) return
    try {
      const message = pushMessage(channel.ledger.channelId, txId, restricted)
      await within(ports.remote.pushPrivate(name, message), PUSH_TIMEOUT_MS, tooLate)
      delivered.add(name)
    } catch (error) {
      ports.log.warn({ peer: name, txId, error: messageOf(error) }, 'private data not delivered')
    }
  }
  await Promise.all([...names].map(deliver))
  for (const { part, required, targets } of plans) {
    const count = targets.filter(t => delivered.has(t.name)).length
    if (count >= required) continue
    throw new Error(
      `failed to distribute private collection, txID ${txId}, channel ${channel.ledger.channelId}: required to disseminate ${part.collection} to at least ${required} peers, reached ${count}`,
    )
  }
}

function channelOf(
  channels: ReadonlyMap<string, ChannelResources>,
  message: gossip.GossipMessage,
  caller: PeerCaller,
): ChannelResources {
  const channel = channels.get(toText(message.getChannel_asU8()))
  if (!channel?.config.organizations.has(caller.mspId)) {
    throw new Error('unknown channel, or the caller is no member of it')
  }
  return channel
}

/** Keeps what another endorser distributes, after checking that this organisation may have it. */
export async function takePush(
  channels: ReadonlyMap<string, ChannelResources>,
  selfMspId: string,
  caller: PeerCaller,
  bytes: Uint8Array,
): Promise<void> {
  if (bytes.length > PUSH_BYTES_MAX) throw new Error('private data message too large')
  const message = decode(gossip.GossipMessage, bytes, 'GossipMessage')
  const channel = channelOf(channels, message, caller)
  const payload = message.getPrivateData()?.getPayload()
  const txId = payload?.getTxId() ?? ''
  if (!payload || !/^[0-9a-f]{64}$/.test(txId)) throw new Error('no private payload')
  const set = decode(rwset.TxPvtReadWriteSet, payload.getPrivateRwset_asU8(), 'TxPvtReadWriteSet')
  const parts = partsOf(set)
  const isOurs = (part: CollectionPart): boolean =>
    channel.ledger.isCollectionMember(part, selfMspId) &&
    // Only peers of an organisation hand each other what is in its own collection: from anybody else it is
    // a way to fill a disk. Who endorses for a collection of several need not be a member of it.
    (!isImplicit(part.collection) || caller.mspId === selfMspId)
  if (parts.length === 0 || !parts.every(isOurs)) {
    throw new Error('this organisation is no member, or the caller is not of this organisation')
  }
  // Also after its block came: then it fills what was recorded as missing.
  await channel.ledger.putTransient(txId, payload.getPrivateRwset_asU8())
}

export function pullRequest(channelId: string, places: readonly PrivatePlace[]): Uint8Array {
  const request = new gossip.RemotePvtDataRequest()
  request.setDigestsList(places.slice(0, PULL_DIGESTS_MAX).map(digestOf))
  const message = new gossip.GossipMessage()
  message.setChannel(toBytes(channelId))
  message.setPrivatereq(request)
  return message.serializeBinary()
}

function digestOf(place: PrivatePlace): gossip.PvtDataDigest {
  const digest = new gossip.PvtDataDigest()
  digest.setTxId(place.txId)
  digest.setNamespace(place.namespace)
  digest.setCollection(place.collection)
  digest.setBlockSeq(place.blockNumber)
  digest.setSeqInBlock(place.index)
  return digest
}

const placeOf = (digest: gossip.PvtDataDigest): PrivatePlace => ({
  blockNumber: digest.getBlockSeq(),
  index: digest.getSeqInBlock(),
  txId: digest.getTxId(),
  namespace: digest.getNamespace(),
  collection: digest.getCollection(),
})

/** Hands out what the caller's organisation is a member of and this peer holds; else nothing. */
export function answerPull(
  channels: ReadonlyMap<string, ChannelResources>,
  caller: PeerCaller,
  bytes: Uint8Array,
): Uint8Array {
  const message = decode(gossip.GossipMessage, bytes, 'GossipMessage')
  const { ledger } = channelOf(channels, message, caller)
  const digests = message.getPrivatereq()?.getDigestsList() ?? []
  if (digests.length > PULL_DIGESTS_MAX) throw new Error('too many digests in one request')
  const response = new gossip.RemotePvtDataResponse()
  for (const digest of digests) {
    const place = placeOf(digest)
    if (!ledger.isCollectionMember(place, caller.mspId)) continue
    const set = ledger.privateWriteSet(place)
    if (!set) continue
    const element = response.addElements()
    element.setDigest(digest)
    element.setPayloadList([set])
  }
  return response.serializeBinary()
}

export function pulledFrom(bytes: Uint8Array): { place: PrivatePlace; rwset: Uint8Array }[] {
  const response = decode(gossip.RemotePvtDataResponse, bytes, 'RemotePvtDataResponse')
  return response.getElementsList().flatMap(element => {
    const digest = element.getDigest()
    const [set] = element.getPayloadList_asU8()
    return digest && set ? [{ place: placeOf(digest), rwset: set }] : []
  })
}
