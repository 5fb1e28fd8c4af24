import { peer } from '@hyperledger/fabric-protos'
import {
  type ChannelConfig,
  compileApplicationPolicy,
  compilePolicy,
  type CompiledPolicy,
  type Layout,
  signedByRole,
} from '../../msp/index.ts'
import { channelPolicy } from '../endorser/access.ts'
import { isSystemChaincode } from '../endorser/system.ts'
import type { ChannelResources } from '../types.ts'
import type { Candidate } from './endorsers.ts'

/** Alternatives kept while policies are merged: the smallest; more would only cost time. */
const LAYOUTS_MAX = 256
const LIFECYCLE_POLICY = '/Channel/Application/LifecycleEndorsement'
const IMPLICIT = '_implicit_org_'

/** No set of peers can satisfy the policies; the message is for the client. */
export class NoPlanError extends Error {}

const NO_COMBINATION =
  'no combination of peers can be derived which satisfy the endorsement policy: '

const sizeOf = (layout: Layout): number => [...layout.values()].reduce((sum, n) => sum + n, 0)

function merge(a: Layout, b: Layout): Layout {
  const merged = new Map(a)
  for (const [mspId, count] of b) merged.set(mspId, Math.max(count, merged.get(mspId) ?? 0))
  return merged
}

const covers = (big: Layout, small: Layout): boolean =>
  [...small].every(([mspId, count]) => (big.get(mspId) ?? 0) >= count)

/** Drops alternatives that ask for more than another one does. */
function minimal(layouts: readonly Layout[]): Layout[] {
  const sorted = [...layouts].sort((a, b) => sizeOf(a) - sizeOf(b))
  const kept: Layout[] = []
  for (const layout of sorted) {
    if (kept.length >= LAYOUTS_MAX) break
    if (!kept.some(smaller => covers(layout, smaller))) kept.push(layout)
  }
  return kept
}

/** Alternatives that satisfy every policy: one signature of an organisation counts for all. */
export function combine(perPolicy: readonly (readonly Layout[])[]): Layout[] {
  const [first = [], ...rest] = perPolicy
  return rest.reduce<Layout[]>(
    (layouts, others) => minimal(layouts.flatMap(a => others.map(b => merge(a, b)))),
    minimal(first),
  )
}

function definitionOf(channel: ChannelResources, chaincode: string) {
  const definition = channel.ledger.definition(chaincode)
  if (definition) return definition
  throw new NoPlanError(
    `${NO_COMBINATION}No metadata was found for chaincode ${chaincode} in channel ${channel.ledger.channelId}`,
  )
}

/** Policies come from definitions and keys, so few distinct ones are met again and again. */
const COMPILED_MAX = 1024
const compiled = new WeakMap<ChannelConfig, Map<string, CompiledPolicy>>()

function compileOnce(
  config: ChannelConfig,
  kind: 'signature' | 'application',
  bytes: Uint8Array,
): CompiledPolicy {
  const known = compiled.get(config) ?? new Map<string, CompiledPolicy>()
  compiled.set(config, known)
  const name = `${kind}:${Buffer.from(bytes).toString('base64')}`
  let policy = known.get(name)
  if (!policy) {
    policy = kind === 'signature' ? compilePolicy(bytes) : compileApplicationPolicy(config, bytes)
    if (known.size >= COMPILED_MAX) known.clear()
    known.set(name, policy)
  }
  return policy
}

/** The alternatives of a policy with these peers; the same few answers serve every transaction. */
const planned = new WeakMap<CompiledPolicy, Map<string, Layout[]>>()

function layoutsOnce(policy: CompiledPolicy, available: ReadonlyMap<string, number>): Layout[] {
  const known = planned.get(policy) ?? new Map<string, Layout[]>()
  planned.set(policy, known)
  const name = JSON.stringify([...available].sort(([a], [b]) => (a < b ? -1 : 1)))
  let layouts = known.get(name)
  if (!layouts) {
    layouts = policy.layouts(available)
    if (known.size >= COMPILED_MAX) known.clear()
    known.set(name, layouts)
  }
  return layouts
}

const namespacePolicy = (channel: ChannelResources, chaincode: string): CompiledPolicy =>
  isSystemChaincode(chaincode)
    ? channelPolicy(channel.config, LIFECYCLE_POLICY)
    : compileOnce(
        channel.config,
        'application',
        definitionOf(channel, chaincode).validationParameter,
      )

function collectionPolicy(
  channel: ChannelResources,
  chaincode: string,
  collection: string,
): CompiledPolicy {
  if (collection.startsWith(IMPLICIT)) {
    const member = signedByRole('member', [collection.slice(IMPLICIT.length)])
    return compileOnce(channel.config, 'signature', member)
  }
  const policy = definitionOf(channel, chaincode).collections.find(
    c => c.name === collection,
  )?.endorsementPolicy
  if (policy) return compileOnce(channel.config, 'application', policy)
  return namespacePolicy(channel, chaincode)
}

function policiesOf(channel: ChannelResources, call: peer.ChaincodeCall): CompiledPolicy[] {
  const keyPolicies = call
    .getKeyPoliciesList()
    .map(p => compileOnce(channel.config, 'signature', p.serializeBinary()))
  const collections = call.getCollectionNamesList()
  if (collections.length > 0) {
    const policies = collections.map(name => collectionPolicy(channel, call.getName(), name))
    return [...policies, ...keyPolicies]
  }
  if (call.getDisregardNamespacePolicy()) return keyPolicies
  return [namespacePolicy(channel, call.getName()), ...keyPolicies]
}

/** Who reads a private value must be given it, so only members may endorse. */
function mayRead(channel: ChannelResources, call: peer.ChaincodeCall, mspId: string): boolean {
  if (call.getNoPrivateReads()) return true
  const namespace = call.getName()
  return call
    .getCollectionNamesList()
    .every(collection => channel.ledger.isCollectionMember({ namespace, collection }, mspId))
}

function countByOrganization(candidates: readonly Candidate[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { mspId } of candidates) counts.set(mspId, (counts.get(mspId) ?? 0) + 1)
  return counts
}

export interface LayoutRequest {
  readonly channel: ChannelResources
  readonly interest: peer.ChaincodeInterest
  readonly candidates: readonly Candidate[]
  /** Alternatives with this organisation come first. */
  readonly preferredMspId?: string
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map(item => ({ item, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item)
}

/** Fewest endorsements first, the preferred organisation first, equals in random order. */
function ordered(layouts: readonly Layout[], preferred: string | undefined): Layout[] {
  const isPreferred = (layout: Layout): number =>
    preferred !== undefined && layout.has(preferred) ? 0 : 1
  return shuffled(layouts).sort((a, b) => isPreferred(a) - isPreferred(b) || sizeOf(a) - sizeOf(b))
}

/** @throws NoPlanError */
export function planLayouts(request: LayoutRequest): {
  layouts: Layout[]
  candidates: Candidate[]
} {
  const { channel, interest } = request
  const calls = interest.getChaincodesList()
  const policies = calls.flatMap(call => policiesOf(channel, call))
  const members = request.candidates.filter(c =>
    calls.every(call => mayRead(channel, call, c.mspId)),
  )
  const candidates = members.filter(c =>
    calls.every(call => isSystemChaincode(call.getName()) || c.chaincodes.includes(call.getName())),
  )
  const layoutsFor = (peers: readonly Candidate[]): Layout[] => {
    const available = countByOrganization(peers)
    return combine(policies.map(policy => layoutsOnce(policy, available)))
  }
  const layouts = layoutsFor(candidates)
  if (layouts.length > 0) return { layouts: ordered(layouts, request.preferredMspId), candidates }
  const why =
    layoutsFor(members).length > 0
      ? 'required chaincodes are not installed on sufficient peers'
      : 'no peer combination can satisfy the endorsement policy'
  throw new NoPlanError(NO_COMBINATION + why)
}

/** The interest when nothing is known yet but the chaincode's name. */
export function interestIn(chaincode: string): peer.ChaincodeInterest {
  const call = new peer.ChaincodeCall()
  call.setName(chaincode)
  const interest = new peer.ChaincodeInterest()
  interest.setChaincodesList([call])
  return interest
}
