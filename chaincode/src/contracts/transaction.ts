/**
 * One transaction's view of the ledger: typed records, checked openings, buffered writes.
 *
 * Reads come from the ledger once and then from what this transaction wrote, so a batch sees its own
 * effects (the stub does not show them). Nothing is written before `commit`, so a refused transaction
 * writes nothing. An updating transaction never reads a private value: it takes the opening from the
 * transient field and compares its hash with the collections of all its parties.
 */
import type { Context } from 'fabric-contract-api'
import {
  PRIVATE_FIELD,
  businessDay,
  canonicalJson,
  collectionOf,
  commitmentOf,
  decodeState,
  policyOn,
  readOpening,
  recordKey,
  refuse,
  sealValue,
} from '../model/index.ts'
import type {
  HashHex,
  LocalDate,
  MspId,
  Opening,
  PolicyState,
  PolicyVersion,
  PrivateKind,
  PrivateValues,
  PublicStates,
  RecordId,
} from '../model/index.ts'
import { parse } from '../model/shape.ts'
import type { Shape } from '../model/shape.ts'
import { bulkOf } from './bulk.ts'
import type { Bulk, LedgerWrite } from './bulk.ts'
import type { Caller } from './caller.ts'
import { endorsedByAll } from './policy.ts'

type StateKind = keyof PublicStates
/** What names a public record. */
export type Name = readonly [StateKind, RecordId]
type Unsalted<K extends PrivateKind> = Omit<PrivateValues[K], 'salt'>
type PrivateWrite = { collection: string; key: string; text: Opening | undefined }

export const distinct = (organizations: readonly (MspId | undefined)[]): MspId[] =>
  [...new Set(organizations.filter(each => each !== undefined))].sort()

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (value: Uint8Array): string => new TextDecoder().decode(value)
const hexOf = (value: Uint8Array): string =>
  Array.from(value, byte => byte.toString(16).padStart(2, '0')).join('')

const NOTHING = new Uint8Array()
const POLICY = { kind: 'policy', collection: '' } as const
const writeOf = (collection: string, key: string, text: string | undefined): LedgerWrite =>
  text === undefined
    ? { kind: 'delete', collection, key, value: NOTHING }
    : { kind: 'put', collection, key, value: bytes(text) }

/** Everything a transaction wants to write. */
const emptyWrites = () => ({
  states: new Map<string, unknown>(),
  policies: new Map<string, Uint8Array>(),
  privates: new Map<string, PrivateWrite>(),
  openings: new Map<string, Opening>(),
  touched: new Map<RecordId, true>(),
})

export class Transaction {
  readonly name: string
  readonly caller: Caller
  readonly #stub: Context['stub']
  readonly #bulk: Bulk
  readonly #reads = new Map<string, unknown>()
  readonly #hashes = new Map<string, HashHex | undefined>()
  readonly #writes = emptyWrites()
  /** What takes back the writes of the item of a batch that is being tried. */
  #undo: (() => void)[] | undefined
  #seed: string | undefined
  #policy: { state: PolicyState; today: LocalDate; version: PolicyVersion } | undefined

  constructor(name: string, ctx: Context, caller: Caller) {
    this.name = name
    this.caller = caller
    this.#stub = ctx.stub
    this.#bulk = bulkOf(ctx.stub)
  }

  /** The private half of the request; `seed` of it salts every new private value. */
  secret<T>(shape: Shape<T>): T {
    const field = this.#stub.getTransient().get(PRIVATE_FIELD)
    if (field === undefined)
      return refuse('REQUEST_MALFORMED', { path: 'transient', expected: PRIVATE_FIELD })
    const secret = parse(shape, textOf(field), 'private')
    const { seed } = secret as { seed?: string }
    this.#seed = seed
    return secret
  }

  async policy(): Promise<PolicyVersion> {
    return (await this.#loadPolicy()).version
  }
  async policyState(): Promise<PolicyState> {
    return (await this.#loadPolicy()).state
  }
  /** The business day: day of the transaction's timestamp in China plus the pilot's offset. */
  async today(): Promise<LocalDate> {
    return (await this.#loadPolicy()).today
  }
  async #loadPolicy() {
    if (this.#policy !== undefined) return this.#policy
    const state = (await this.findState('policy', '')) ?? refuse('POLICY_MISSING')
    const epochSeconds = Number(this.#stub.getTxTimestamp().seconds)
    const today = businessDay({ epochSeconds, offsetDays: state.calendarOffsetDays })
    this.#policy = { state, today, version: policyOn(state.versions, today) }
    return this.#policy
  }

  async findState<K extends StateKind>(
    kind: K,
    id: RecordId,
  ): Promise<PublicStates[K] | undefined> {
    const key = recordKey(kind, id)
    if (this.#writes.states.has(key)) return this.#writes.states.get(key) as PublicStates[K]
    if (!this.#reads.has(key)) this.#keepRead(key, await this.#stub.getState(key))
    return this.#reads.get(key) as PublicStates[K] | undefined
  }
  /** Reads many records at once that `findState` will be asked for. */
  async readAhead(records: readonly Name[]): Promise<void> {
    const wanted = new Set(records.map(([kind, id]) => recordKey(kind, id)))
    const keys = [...wanted].filter(key => !this.#reads.has(key))
    if (keys.length === 0) return
    const stored = await this.#bulk.read(keys)
    for (const [index, key] of keys.entries()) this.#keepRead(key, stored[index] ?? NOTHING)
  }
  #keepRead(key: string, stored: Uint8Array): void {
    this.#reads.set(key, stored.length === 0 ? undefined : decodeState(key, stored).value)
  }
  async state<K extends StateKind>(kind: K, id: RecordId): Promise<PublicStates[K]> {
    return (await this.findState(kind, id)) ?? refuse('RECORD_UNKNOWN', { kind, id })
  }
  putState<K extends StateKind>(kind: K, id: RecordId, state: PublicStates[K]): void {
    this.#set(this.#writes.states, recordKey(kind, id), state)
    if (id !== '') this.#set(this.#writes.touched, id, true)
  }
  /** A new public record, and who must agree to every later change of it. */
  async createState<K extends StateKind>(
    kind: K,
    id: RecordId,
    state: PublicStates[K],
    owners: readonly MspId[],
  ): Promise<void> {
    if ((await this.findState(kind, id)) !== undefined) refuse('RECORD_EXISTS', { kind, id })
    this.putState(kind, id, state)
    this.protect(kind, id, endorsedByAll(owners))
  }
  protect(kind: StateKind, id: RecordId, policy: Uint8Array): void {
    this.#set(this.#writes.policies, recordKey(kind, id), policy)
  }
  deleteState(kind: StateKind, id: RecordId): void {
    this.#set(this.#writes.states, recordKey(kind, id), undefined)
  }

  /** The commitment an organisation's collection holds, or undefined. Public: any peer answers it. */
  async commitment(kind: PrivateKind, id: RecordId, mspId: MspId): Promise<HashHex | undefined> {
    const [collection, key] = [collectionOf(mspId), recordKey(kind, id)]
    const slot = `${collection}/${key}`
    if (!this.#hashes.has(slot)) {
      const hash = await this.#stub.getPrivateDataHash(collection, key)
      this.#hashes.set(slot, hash.length === 0 ? undefined : hexOf(hash))
    }
    return this.#hashes.get(slot)
  }

  /**
   * The value of an opening that every named organisation's collection holds. A record that one of them
   * does not hold is not authentic: it was written without that organisation's endorsement.
   */
  async open<K extends PrivateKind>(
    kind: K,
    id: RecordId,
    parties: readonly MspId[],
    opening: Opening,
  ): Promise<PrivateValues[K]> {
    const written = this.#writes.openings.get(recordKey(kind, id))
    if (written !== undefined) return readOpening(kind, written)
    await this.requireCommitment(kind, id, parties, commitmentOf(opening))
    return readOpening(kind, opening)
  }
  async requireCommitment(
    kind: PrivateKind,
    id: RecordId,
    parties: readonly MspId[],
    commitment: HashHex,
  ): Promise<void> {
    for (const mspId of distinct(parties)) {
      const held = await this.commitment(kind, id, mspId)
      if (held === undefined) refuse('RECORD_NOT_AUTHENTIC', { kind, id, mspId })
      if (held !== commitment) refuse('OPENING_WRONG', { kind, id, mspId })
    }
  }
  /** What an opening claims, before anything is checked: only to learn whose collections must hold it. */
  peek<K extends PrivateKind>(kind: K, id: RecordId, opening: Opening): PrivateValues[K] {
    return readOpening(kind, this.#writes.openings.get(recordKey(kind, id)) ?? opening)
  }
  /** An opening of a record that may not exist yet: absent must mean absent for every party. */
  async openIfAny<K extends PrivateKind>(
    kind: K,
    id: RecordId,
    parties: readonly MspId[],
    opening: Opening | undefined,
  ): Promise<PrivateValues[K] | undefined> {
    const written = this.#writes.openings.get(recordKey(kind, id))
    if (written !== undefined) return readOpening(kind, written)
    if (opening !== undefined) return this.open(kind, id, parties, opening)
    await this.requireAbsent(kind, id, parties, 'OPENING_WRONG')
    return undefined
  }
  async requireAbsent(
    kind: PrivateKind,
    id: RecordId,
    parties: readonly MspId[],
    code: 'RECORD_EXISTS' | 'OPENING_WRONG' = 'RECORD_EXISTS',
  ): Promise<void> {
    if (this.#writes.openings.has(recordKey(kind, id))) refuse('BATCH_DUPLICATE', { kind, id })
    for (const mspId of distinct(parties))
      if ((await this.commitment(kind, id, mspId)) !== undefined) refuse(code, { kind, id })
  }

  /** Writes one salted value into the collections of all its parties. */
  putPrivate<K extends PrivateKind>(
    kind: K,
    id: RecordId,
    parties: readonly MspId[],
    value: Unsalted<K>,
  ): Opening {
    const key = recordKey(kind, id)
    const seed =
      this.#seed ?? refuse('REQUEST_MALFORMED', { path: 'private.seed', expected: 'seed' })
    const text = sealValue(value, seed, key)
    this.#set(this.#writes.openings, key, text)
    this.#set(this.#writes.touched, id, true)
    for (const mspId of distinct(parties))
      this.#write({ collection: collectionOf(mspId), key, text })
    return text
  }
  /** Hands an existing value to one more organisation, byte for byte. */
  copyPrivate(kind: PrivateKind, id: RecordId, mspId: MspId, text: Opening): void {
    this.#write({ collection: collectionOf(mspId), key: recordKey(kind, id), text })
  }
  deletePrivate(kind: PrivateKind, id: RecordId, mspId: MspId): void {
    this.#write({ collection: collectionOf(mspId), key: recordKey(kind, id), text: undefined })
  }
  #write(write: PrivateWrite): void {
    this.#set(this.#writes.privates, `${write.collection}/${write.key}`, write)
  }
  #set<K, V>(map: Map<K, V>, key: K, value: V): void {
    const before = map.get(key)
    const take = map.has(key) ? () => map.set(key, before as V) : () => map.delete(key)
    this.#undo?.push(take)
    map.set(key, value)
  }

  /** Runs one item of a batch; what it wanted to write is forgotten if it fails. */
  async attempt<T>(run: () => Promise<T>): Promise<T> {
    const undo: (() => void)[] = []
    this.#undo = undo
    try {
      return await run()
    } catch (error) {
      for (const take of undo.reverse()) take()
      throw error
    } finally {
      this.#undo = undefined
    }
  }

  /** Sends the buffered writes and the event: the function's name and the ids it touched. */
  async commit(): Promise<void> {
    const { states, policies, privates, touched } = this.#writes
    await this.#bulk.write([
      ...Array.from(states, ([key, state]) =>
        writeOf('', key, state === undefined ? undefined : canonicalJson(state)),
      ),
      ...Array.from(policies, ([key, value]) => ({ ...POLICY, key, value })),
      ...Array.from(privates.values(), ({ collection, key, text }) =>
        writeOf(collection, key, text),
      ),
    ])
    this.#stub.setEvent(this.name, bytes(canonicalJson({ ids: [...touched.keys()] })))
  }
}
