import {
  LIFECYCLE,
  implicitDefinition,
  implicitOrganization,
  lifecycleDefinition,
  readDefinition,
  sequenceKey,
} from './rules/definition.ts'
import type { Version } from './rules/rwset.ts'
import { sameVersion } from './rules/state.ts'
import { definedChaincodes } from './store/block-rows.ts'
import type { StateView } from './store/database.ts'
import type { Membership } from './store/private-data.ts'
import type { ChaincodeDefinition, CollectionDefinition, TrustPort } from './types.ts'

const LIFECYCLE_DEFINITION = lifecycleDefinition()

/** Committed chaincode definitions, read once and kept until a block changes them. */
export class DefinitionBook implements Membership {
  readonly #view: StateView
  readonly #trust: Pick<TrustPort, 'organizationPolicy'>
  readonly #selfMspId: string
  readonly #known = new Map<string, { definition: ChaincodeDefinition; version: Version }>()
  #names: readonly string[] | undefined

  constructor(
    view: StateView,
    { trust, selfMspId }: { trust: Pick<TrustPort, 'organizationPolicy'>; selfMspId: string },
  ) {
    this.#view = view
    this.#trust = trust
    this.#selfMspId = selfMspId
  }

  forget(names: readonly string[]): void {
    for (const name of names) this.#known.delete(name)
    if (names.length > 0) this.#names = undefined
  }

  get(name: string): ChaincodeDefinition | undefined {
    return name === LIFECYCLE
      ? LIFECYCLE_DEFINITION
      : (this.#known.get(name)?.definition ?? this.#read(this.#view, name, true))
  }

  /** The definition as a snapshot has it; its Sequence tells whether the kept one is meant. */
  at(view: StateView, name: string): ChaincodeDefinition | undefined {
    if (name === LIFECYCLE) return LIFECYCLE_DEFINITION
    const known = this.#known.get(name)
    const version = view.version(LIFECYCLE, sequenceKey(name))
    if (known !== undefined && sameVersion(known.version, version)) return known.definition
    return this.#read(view, name, false)
  }

  /** Names of chaincodes that do not exist come from strangers: they are not kept. */
  #read(view: StateView, name: string, keep: boolean): ChaincodeDefinition | undefined {
    const version = view.version(LIFECYCLE, sequenceKey(name))
    if (version === undefined) return undefined
    const definition = readDefinition(name, key => view.value(LIFECYCLE, key)?.value)
    if (definition !== undefined && keep) this.#known.set(name, { definition, version })
    return definition
  }

  all(): ChaincodeDefinition[] {
    this.#names ??= definedChaincodes(this.#view)
    return this.#names.flatMap(name => this.get(name) ?? [])
  }

  collection(chaincode: string, name: string): CollectionDefinition | undefined {
    const definition = this.get(chaincode)
    return definition === undefined ? undefined : this.collectionOf(definition, name)
  }

  collectionOf(definition: ChaincodeDefinition, name: string): CollectionDefinition | undefined {
    const mspId = implicitOrganization(name)
    if (mspId === undefined) return definition.collections.find(one => one.name === name)
    return this.#trust.organizationPolicy(mspId) === undefined
      ? undefined
      : implicitDefinition(mspId)
  }

  memberOrganizations(namespace: string, collection: string): readonly string[] {
    return this.collection(namespace, collection)?.memberOrganizations ?? []
  }

  isMember(namespace: string, collection: string): boolean {
    return this.memberOrganizations(namespace, collection).includes(this.#selfMspId)
  }

  blockToLive(namespace: string, collection: string): number {
    return this.collection(namespace, collection)?.blockToLive ?? 0
  }
}
