import { TxCode } from './codes.ts'
import { writesTo } from './envelope-checks.ts'
import { LIFECYCLE, implicitOrganization } from './definition.ts'
import { readMetadata, type NamespaceSet } from './rwset.ts'
import { hashText } from './updates.ts'
import type { ChaincodeDefinition, LedgerIdentity, PolicyEvaluator } from '../types.ts'

export const VALIDATION_PARAMETER = 'VALIDATION_PARAMETER'

/** Names a key of state in this block; `key` is a key hash as text inside a collection. */
export interface KeyPlace {
  readonly namespace: string
  readonly collection: string
  readonly key: string
}

/** What the endorsement rule looks up; policies come compiled, signatures verified. */
export interface PolicySource<I extends LedgerIdentity> {
  definition(namespace: string): ChaincodeDefinition | undefined
  /** Committed metadata bytes of a key, before this block. */
  metadata(place: KeyPlace): Uint8Array
  /** protos.ApplicationPolicy bytes; undefined when they do not compile. */
  applicationPolicy(bytes: Uint8Array): PolicyEvaluator<I> | undefined
  /** common.SignaturePolicyEnvelope bytes; undefined when they do not compile. */
  signaturePolicy(bytes: Uint8Array): PolicyEvaluator<I> | undefined
  /** Endorsement policy of the organisation's implicit collection. */
  organizationPolicy(mspId: string): PolicyEvaluator<I> | undefined
}

/** Keys whose policy an earlier transaction of the block changed, itself well endorsed. */
export type ChangedPolicies = Set<string>

const placeText = (place: KeyPlace): string =>
  `${place.namespace}\u0000${place.collection}\u0000${place.key}`

const writtenPlaces = (set: NamespaceSet): KeyPlace[] => {
  const { namespace } = set
  const places = [...set.writes, ...set.metadataWrites].map(({ key }): KeyPlace => ({
    namespace,
    collection: '',
    key,
  }))
  for (const one of set.collections) {
    for (const { keyHash } of [...one.writes, ...one.metadataWrites]) {
      places.push({ namespace, collection: one.collection, key: hashText(keyHash) })
    }
  }
  return places
}

/** Places whose metadata the set writes: they bind every later write in the block. */
const policyPlaces = (set: NamespaceSet): KeyPlace[] => {
  const { namespace } = set
  const places = set.metadataWrites.map(({ key }): KeyPlace => ({ namespace, collection: '', key }))
  for (const one of set.collections) {
    for (const { keyHash } of one.metadataWrites) {
      places.push({ namespace, collection: one.collection, key: hashText(keyHash) })
    }
  }
  return places
}

/** The policies of one namespace, each evaluated once per transaction. */
class NamespaceCheck<I extends LedgerIdentity> {
  readonly #definition: ChaincodeDefinition
  readonly #endorsers: readonly I[]
  readonly #source: PolicySource<I>
  readonly #verdicts = new Map<string, boolean>()
  #checked = false

  constructor(definition: ChaincodeDefinition, endorsers: readonly I[], source: PolicySource<I>) {
    this.#definition = definition
    this.#endorsers = endorsers
    this.#source = source
  }

  #verdict(name: string, policy: () => PolicyEvaluator<I> | undefined): boolean {
    this.#checked = true
    const known = this.#verdicts.get(name)
    if (known !== undefined) return known
    const verdict = policy()?.evaluate(this.#endorsers) ?? false
    this.#verdicts.set(name, verdict)
    return verdict
  }

  chaincode(): boolean {
    return this.#verdict('', () =>
      this.#source.applicationPolicy(this.#definition.validationParameter),
    )
  }

  collection(name: string): boolean {
    const mspId = implicitOrganization(name)
    if (mspId !== undefined) {
      return this.#verdict(name, () => this.#source.organizationPolicy(mspId))
    }
    const found = this.#definition.collections.find(one => one.name === name)
    if (found === undefined) return false
    const { endorsementPolicy } = found
    if (endorsementPolicy === undefined) return this.chaincode()
    return this.#verdict(name, () => this.#source.applicationPolicy(endorsementPolicy))
  }

  key(place: KeyPlace): boolean {
    const parameter = keyPolicyOf(this.#source.metadata(place))
    if (parameter !== undefined) {
      const name = `key\u0000${hashText(parameter)}`
      return this.#verdict(name, () => this.#source.signaturePolicy(parameter))
    }
    return place.collection === '' ? this.chaincode() : this.collection(place.collection)
  }

  /** No policy applied (no writes): the chaincode's must hold even so. */
  settled(): boolean {
    return this.#checked || this.chaincode()
  }
}

/** The VALIDATION_PARAMETER of state metadata; an empty one counts as none, as in Fabric. */
export const keyPolicyOf = (metadata: Uint8Array): Uint8Array | undefined => {
  if (metadata.length === 0) return undefined
  const parameter = readMetadata(metadata).get(VALIDATION_PARAMETER)
  return parameter === undefined || parameter.length === 0 ? undefined : parameter
}

export interface EndorsedTransaction<I extends LedgerIdentity> {
  readonly chaincodeName: string
  readonly sets: readonly NamespaceSet[]
  /** Endorsers whose signature over the response was verified. */
  readonly endorsers: readonly I[]
}

const namespaceVerdict = <I extends LedgerIdentity>(
  set: NamespaceSet,
  transaction: EndorsedTransaction<I>,
  { source, changed }: { source: PolicySource<I>; changed: ChangedPolicies },
): TxCode => {
  const definition = source.definition(set.namespace)
  if (definition === undefined) return TxCode.INVALID_CHAINCODE
  if (definition.validationPlugin !== 'vscc') return TxCode.INVALID_CHAINCODE
  const check = new NamespaceCheck(definition, transaction.endorsers, source)
  for (const place of writtenPlaces(set)) {
    const isChanged = changed.size > 0 && changed.has(placeText(place))
    if (isChanged || !check.key(place)) {
      return TxCode.ENDORSEMENT_POLICY_FAILURE
    }
  }
  return check.settled() ? TxCode.VALID : TxCode.ENDORSEMENT_POLICY_FAILURE
}

const emptySet = (namespace: string): NamespaceSet => ({
  namespace,
  reads: [],
  ranges: [],
  writes: [],
  metadataWrites: [],
  collections: [],
})

/**
 * Every namespace written to, and the one invoked, must satisfy its policies: key-level first,
 * then the collection's, then the chaincode's. A key whose policy an earlier transaction of this
 * block changed cannot be written in the same block: nobody endorsed under the new policy.
 */
export const endorsementVerdict = <I extends LedgerIdentity>(
  transaction: EndorsedTransaction<I>,
  context: { source: PolicySource<I>; changed: ChangedPolicies },
): TxCode => {
  const invoked = transaction.sets.find(set => set.namespace === transaction.chaincodeName)
  const sets = transaction.sets.filter(set => set !== invoked && writesTo(set))
  for (const set of [invoked ?? emptySet(transaction.chaincodeName), ...sets]) {
    const verdict = namespaceVerdict(set, transaction, context)
    if (verdict !== TxCode.VALID) return verdict
  }
  for (const set of transaction.sets) {
    for (const place of policyPlaces(set)) context.changed.add(placeText(place))
  }
  return TxCode.VALID
}

/** Chaincodes whose `_lifecycle` keys the sets write. */
export const lifecycleKeysWritten = (sets: readonly NamespaceSet[]): string[] =>
  sets.filter(set => set.namespace === LIFECYCLE).flatMap(set => set.writes.map(({ key }) => key))
