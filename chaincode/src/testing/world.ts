/**
 * A ledger of several organisations in memory, for tests of contracts.
 *
 * Faithful where the rules depend on it: every endorser simulates on its own and results must be equal byte
 * for byte; reads show committed state only; a public write needs the key's policy, or the chaincode's for
 * a new key; a write into an organisation's implicit collection needs that organisation. One transaction
 * at a time, so there is no MVCC.
 */
import { createHash } from 'node:crypto'
import type { Context } from 'fabric-contract-api'
import { contracts } from '../index.ts'
import {
  dayNumber,
  localDate,
  collectionOf,
  decodePrivate,
  decodeState,
  parseFault,
  recordKey,
} from '../model/index.ts'
import { satisfiesPolicy } from './policyReader.ts'
import type {
  Fault,
  Operation,
  Opening,
  PrivateKind,
  PrivateValues,
  PublicStates,
} from '../model/index.ts'

export type Identity = { mspId: string; name: string; role: string; memberId?: string }
export type Refused = { ok: false; code: string; fault?: Fault }
export type Answer = { ok: true; payload: string; writes: number } | Refused

type Write = { key: string; collection: string; value: string | null }
type Simulation = {
  writes: Map<string, Write>
  policies: Map<string, string>
  event: string | undefined
  payload: string
}
/** What a dishonest contract writes; `policy` is hexadecimal. */
export type ForgedWrite = { collection?: string; key: string; value: string; policy?: string }
type Transact = (context: Context, request: string) => Promise<string>

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')
const EMPTY = new Uint8Array()

/** What a story needs of a ledger; a real one keeps a World beside it to know the openings. */
export type Ledger = Pick<
  World,
  'submit' | 'evaluate' | 'opening' | 'holds' | 'value' | 'state' | 'collude'
>

export class World implements Ledger {
  readonly publicState = new Map<string, string>()
  readonly policies = new Map<string, string>()
  readonly collections = new Map<string, Map<string, string>>()
  readonly events: { name: string; payload: string }[] = []
  /** Everything that a stranger's peer sees of committed transactions: keys, values, hashes, arguments. */
  readonly transcript: string[] = []
  readonly peers: readonly string[]
  /** Organisations of the chaincode policy "any two of". */
  readonly policyOrganizations: readonly string[]
  epochSeconds: number
  #serial = 0

  constructor(
    peers: readonly string[],
    policyOrganizations: readonly string[] = peers,
    day: string = '2026-05-29',
  ) {
    this.peers = peers
    this.epochSeconds = (dayNumber(localDate(day)) - 1) * 86_400 + 72_000
    this.policyOrganizations = policyOrganizations
  }

  stubFor(mspId: string, operation: Pick<Operation, 'transient'>, simulation: Simulation) {
    const read = (collection: string, key: string): Uint8Array => {
      const value =
        collection === '' ? this.publicState.get(key) : this.collections.get(collection)?.get(key)
      return value === undefined ? EMPTY : Buffer.from(value)
    }
    const write = (collection: string, key: string, value: string | null): void => {
      simulation.writes.set(`${collection}/${key}`, { collection, key, value })
    }
    return {
      getMspID: () => mspId,
      getTransient: () => new Map(Object.entries(operation.transient)),
      getTxTimestamp: () => ({ seconds: BigInt(this.epochSeconds), nanos: 0 }),
      getState: async (key: string) => read('', key),
      putState: async (key: string, value: Uint8Array) => write('', key, text(value)),
      deleteState: async (key: string) => write('', key, null),
      setStateValidationParameter: async (key: string, policy: Uint8Array) => {
        simulation.policies.set(key, hex(policy))
      },
      getPrivateData: async (collection: string, key: string) => read(collection, key),
      getPrivateDataHash: async (collection: string, key: string) => {
        const value = read(collection, key)
        return value.length === 0 ? EMPTY : createHash('sha256').update(value).digest()
      },
      putPrivateData: async (collection: string, key: string, value: Uint8Array) =>
        write(collection, key, text(value)),
      deletePrivateData: async (collection: string, key: string) => write(collection, key, null),
      setEvent: (name: string, payload: Uint8Array) => {
        simulation.event = JSON.stringify([name, text(payload)])
      },
    }
  }

  /** One organisation's peer simulates an operation with the honest contract. */
  async #simulate(mspId: string, operation: Operation, caller: Identity): Promise<Simulation> {
    const simulation: Simulation = {
      writes: new Map(),
      policies: new Map(),
      event: undefined,
      payload: '',
    }
    const stub = this.stubFor(mspId, operation, simulation)
    const instance = contracts
      .map(Class => new Class())
      .find(each => each.getName() === operation.contract)
    if (instance === undefined) throw new Error(`no contract ${operation.contract}`)
    const transact = (instance as unknown as Record<string, Transact>)[operation.function]
    if (transact === undefined) throw new Error(`no function ${operation.function}`)
    const context = { stub, clientIdentity: identityOf(caller) } as unknown as Context
    simulation.payload = await transact.call(instance, context, operation.args[0] as string)
    return simulation
  }

  /** Endorses at exactly the named organisations, compares, validates and commits. */
  async submit(
    operation: Operation,
    caller: Identity,
    endorsers: readonly string[] = this.endorsersOf(operation),
  ): Promise<Answer> {
    const endorsed = await this.#endorse(operation, caller, endorsers)
    return 'ok' in endorsed ? endorsed : this.#commit(endorsed, endorsers, operation)
  }

  /** Whether the contracts refuse, without committing anything. */
  async refusal(
    operation: Operation,
    caller: Identity,
    endorsers: readonly string[],
  ): Promise<Refused | undefined> {
    const endorsed = await this.#endorse(operation, caller, endorsers)
    return 'ok' in endorsed ? endorsed : undefined
  }

  async #endorse(
    operation: Operation,
    caller: Identity,
    endorsers: readonly string[],
  ): Promise<Simulation | Refused> {
    const results: Simulation[] = []
    for (const mspId of endorsers)
      try {
        results.push(await this.#simulate(mspId, operation, caller))
      } catch (error) {
        const fault = parseFault((error as Error).message)
        if (fault === undefined) throw error
        return { ok: false, code: fault.code, fault }
      }
    const [first] = results
    if (first === undefined) throw new Error('no endorser')
    const agreed = new Set(results.map(printed)).size === 1
    return agreed ? first : { ok: false, code: 'ENDORSEMENTS_DIFFER' }
  }

  /** A read at one organisation's peer. */
  async evaluate(
    operation: Operation,
    caller: Identity,
    peer = operation.endorsingOrganizations[0],
  ) {
    const mspId = peer ?? caller.mspId
    try {
      const { payload } = await this.#simulate(mspId, operation, caller)
      return { ok: true as const, payload }
    } catch (error) {
      const fault = parseFault((error as Error).message)
      if (fault === undefined) throw error
      return { ok: false as const, code: fault.code }
    }
  }

  /** Organisations that run a contract of their own: whatever they like, signed by all of them. */
  async collude(endorsers: readonly string[], writes: readonly ForgedWrite[]): Promise<Answer> {
    const simulation: Simulation = {
      writes: new Map(),
      policies: new Map(),
      event: undefined,
      payload: '',
    }
    for (const { collection = '', key, value, policy } of writes) {
      simulation.writes.set(`${collection}/${key}`, { collection, key, value })
      if (policy !== undefined) simulation.policies.set(key, policy)
    }
    return this.#commit(simulation, endorsers, { args: ['collusion'] })
  }

  endorsersOf({ endorsingOrganizations }: Operation): readonly string[] {
    return endorsingOrganizations.length > 0
      ? endorsingOrganizations
      : this.policyOrganizations.slice(0, 2)
  }

  #commit(
    simulation: Simulation,
    endorsers: readonly string[],
    { args }: Pick<Operation, 'args'>,
  ): Answer {
    const signed = new Set(endorsers)
    const allowed = [...simulation.writes.values()].every(write => this.#mayWrite(write, signed))
    const policies = [...simulation.policies.keys()]
    if (!allowed || !policies.every(key => this.#satisfies(key, signed)))
      return { ok: false, code: 'ENDORSEMENT_POLICY_FAILURE' }
    for (const write of simulation.writes.values()) this.#apply(write)
    for (const [key, policy] of simulation.policies) this.policies.set(key, policy)
    if (simulation.event !== undefined) this.#record(simulation.event)
    this.transcript.push(...args, simulation.payload)
    this.#serial += 1
    return { ok: true, payload: simulation.payload, writes: simulation.writes.size }
  }

  #record(event: string): void {
    const [name, payload] = JSON.parse(event) as [string, string]
    this.events.push({ name, payload })
    this.transcript.push(event)
  }

  #apply({ collection, key, value }: Write): void {
    const target = collection === '' ? this.publicState : this.#collection(collection)
    if (value === null) target.delete(key)
    else target.set(key, value)
    const seen =
      collection === '' || value === null ? value : createHash('sha256').update(value).digest('hex')
    this.transcript.push(`${collection}/${collection === '' ? key : ''}=${seen}`)
  }

  #collection(name: string): Map<string, string> {
    const found = this.collections.get(name) ?? new Map<string, string>()
    this.collections.set(name, found)
    return found
  }

  #mayWrite({ collection, key }: Write, signed: Set<string>): boolean {
    if (collection === '') return this.#satisfies(key, signed)
    return [...signed].some(mspId => collection === collectionOf(mspId))
  }

  #satisfies(key: string, signed: Set<string>): boolean {
    const policy = this.policies.get(key)
    if (policy === undefined)
      return this.policyOrganizations.filter(mspId => signed.has(mspId)).length >= 2
    return satisfiesPolicy(Buffer.from(policy, 'hex'), signed)
  }

  /** The opening that an organisation's collection holds. */
  opening(mspId: string, kind: PrivateKind, id: string): Opening {
    const value = this.collections.get(collectionOf(mspId))?.get(recordKey(kind, id))
    if (value === undefined) throw new Error(`${mspId} holds no ${kind} ${id}`)
    return value as Opening
  }
  holds(mspId: string, kind: PrivateKind, id: string): boolean {
    return this.collections.get(collectionOf(mspId))?.has(recordKey(kind, id)) === true
  }
  value<K extends PrivateKind>(mspId: string, kind: K, id: string): PrivateValues[K] {
    return decodePrivate(recordKey(kind, id), this.opening(mspId, kind, id))
      .value as PrivateValues[K]
  }
  state<K extends keyof PublicStates>(kind: K, id: string): PublicStates[K] {
    const key = recordKey(kind, id)
    const value = this.publicState.get(key)
    if (value === undefined) throw new Error(`no state ${key}`)
    return decodeState(key, value).value as PublicStates[K]
  }
}

const printed = ({ writes, policies, event, payload }: Simulation): string =>
  JSON.stringify([[...writes], [...policies], event, payload])

const identityOf = ({ mspId, name, role, memberId }: Identity) => ({
  getMSPID: () => mspId,
  getID: () => `x509::/CN=${name}::/CN=ca.${mspId}`,
  getAttributeValue: (attribute: string) =>
    attribute === 'role' ? role : attribute === 'memberId' ? (memberId ?? null) : null,
})
