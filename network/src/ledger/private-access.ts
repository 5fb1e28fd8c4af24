import { LedgerFault } from './fault.ts'
import type { DefinitionBook } from './definitions.ts'
import { isBlockFault, readBlock } from './rules/block.ts'
import { isRefused, readEndorserAction, readEnvelope } from './rules/envelope.ts'
import { isWriteSetOf, privateWritesOf, valueFits, valuesOf } from './rules/private.ts'
import {
  readPrivateSets,
  writePrivateSets,
  type CollectionSet,
  type PrivateSet,
} from './rules/rwset.ts'
import { hashBytes } from './rules/updates.ts'
import { WireFault, compareText } from './rules/wire.ts'
import { StateView, type LedgerDatabase, type Tables } from './store/database.ts'
import {
  blockKey,
  hashedKey,
  placeKey,
  readWriteSetKey,
  transactionKey,
  writeSetKey,
} from './store/keys.ts'
import { WriteSetWriter, putValue } from './store/private-data.ts'
import { putTransient } from './store/transient.ts'
import type {
  FetchOutcome,
  FetchedPrivate,
  MissingPrivate,
  PrivatePlace,
  PrivateTransaction,
} from './types.ts'

const TX_ID_BYTES = 32
const MISSING_DEFAULT = 100

interface Deps {
  readonly database: LedgerDatabase
  readonly definitions: DefinitionBook
  readonly blockOf: (number: number) => Promise<Uint8Array | undefined>
}

/** Tables sort by length first; Fabric by name. */
const inFabricOrder = (a: PrivateSet, b: PrivateSet): number =>
  compareText(a.namespace, b.namespace) || compareText(a.collection, b.collection)

/** The private data this member keeps, as the peer asks for it. */
export class PrivateAccess {
  readonly #deps: Deps
  readonly #view: StateView

  constructor(deps: Deps) {
    this.#deps = deps
    this.#view = new StateView(deps.database.tables)
  }

  async putTransient(txId: string, rwset: Uint8Array, height: number): Promise<void> {
    const transaction = transactionKey(txId)
    if (transaction === undefined || !isPrivateRwset(rwset)) {
      throw new LedgerFault('PRIVATE_DATA_MALFORMED', 'not a private write set of a transaction')
    }
    // The peer may be the only one to hold these values: they are on disk before it endorses.
    await this.#deps.database.commitDurably(tables => {
      putTransient(tables, transaction, { height, rwset })
    })
  }

  /** What came after its block did: the late sets this member misses. */
  lateSets(
    at: { readonly blockNumber: number; readonly index: number; readonly txId: string },
    rwset: Uint8Array,
  ): FetchedPrivate[] {
    const place = { block: at.blockNumber, tx: at.index }
    return readPrivateSets(rwset)
      .filter(set => this.#isMissing(place, set))
      .map(set => ({ ...at, ...set }))
  }

  #isMissing(place: { block: number; tx: number }, set: PrivateSet): boolean {
    return (
      this.#view.get('missing', writeSetKey(place, set.namespace, set.collection)) !== undefined
    )
  }

  ofBlock(blockNumber: number, mspId: string | undefined): PrivateTransaction[] {
    const found = new Map<number, { txId: string; sets: PrivateSet[] }>()
    for (const { key, value } of this.#view.under('writeSets', blockKey(blockNumber))) {
      const { tx, namespace, collection } = readWriteSetKey(key)
      if (mspId !== undefined && !this.#maySee(namespace, collection, mspId)) continue
      const txId = value.toString('hex', 0, TX_ID_BYTES)
      const transaction = found.get(tx) ?? { txId, sets: [] }
      found.set(tx, transaction)
      transaction.sets.push({ namespace, collection, rwset: value.subarray(TX_ID_BYTES) })
    }
    return [...found].map(([index, { txId, sets }]) => ({
      index,
      txId,
      rwset: writePrivateSets(sets.sort(inFabricOrder)),
    }))
  }

  #maySee(namespace: string, collection: string, mspId: string): boolean {
    return this.#deps.definitions.memberOrganizations(namespace, collection).includes(mspId)
  }

  writeSet(place: PrivatePlace): Uint8Array | undefined {
    const at = { block: place.blockNumber, tx: place.index }
    const row = this.#view.get('writeSets', writeSetKey(at, place.namespace, place.collection))
    return row?.subarray(TX_ID_BYTES)
  }

  missing(limit = MISSING_DEFAULT): MissingPrivate[] {
    const rows = this.#view.entries('missing', { start: Buffer.alloc(1), limit })
    return [...rows].map(({ key, value }) => {
      const { block, tx, namespace, collection } = readWriteSetKey(key)
      return {
        blockNumber: block,
        index: tx,
        txId: value.toString('hex', 0, TX_ID_BYTES),
        namespace,
        collection,
        rwsetHash: value.subarray(TX_ID_BYTES),
      }
    })
  }

  /** Must run between commits: it compares with the state of this moment. */
  async storeFetched(fetched: readonly FetchedPrivate[]): Promise<FetchOutcome[]> {
    const outcomes: FetchOutcome[] = []
    const fitting: FetchedPrivate[] = []
    for (const one of fetched) {
      const outcome = await this.#judge(one)
      outcomes.push(outcome)
      if (outcome === 'stored') fitting.push(one)
    }
    if (fitting.length > 0) {
      await this.#deps.database.commit(tables => {
        for (const one of fitting) this.#store(tables, one)
      })
    }
    return outcomes
  }

  async #judge(fetched: FetchedPrivate): Promise<FetchOutcome> {
    const place = { block: fetched.blockNumber, tx: fetched.index }
    if (!this.#isMissing(place, fetched)) return 'not_missing'
    const set = await this.#publicSet(fetched)
    if (set === undefined) return 'hash_differs'
    const written = placeKey(place.block, place.tx)
    const purgedSince = (hash: string): boolean => {
      const key = hashedKey({ ...fetched, keyHash: hashBytes(hash) })
      const purged = this.#view.get('purges', key)
      return purged !== undefined && Buffer.compare(purged, written) > 0
    }
    return isWriteSetOf(fetched.rwset, set, purgedSince) ? 'stored' : 'hash_differs'
  }

  /** The hashed set of the same collection in the public results of the transaction. */
  async #publicSet(place: PrivatePlace): Promise<CollectionSet | undefined> {
    const bytes = await this.#deps.blockOf(place.blockNumber)
    const block = bytes === undefined ? undefined : readBlock(bytes)
    if (block === undefined || isBlockFault(block)) return undefined
    const entry = block.envelopes[place.index]
    const header = entry === undefined ? undefined : readEnvelope(entry)
    if (header === undefined || isRefused(header)) return undefined
    const action = readEndorserAction(header)
    if (isRefused(action)) return undefined
    const namespace = action.sets.find(set => set.namespace === place.namespace)
    return namespace?.collections.find(set => set.collection === place.collection)
  }

  #store(tables: Tables, fetched: FetchedPrivate): void {
    const { namespace, collection } = fetched
    const place = { block: fetched.blockNumber, tx: fetched.index }
    const key = writeSetKey(place, namespace, collection)
    const row = this.#view.get('missing', key)
    if (row === undefined) return
    const writer = new WriteSetWriter(tables, this.#deps.definitions)
    writer.put({ ...place, namespace, collection }, row.subarray(0, TX_ID_BYTES), fetched.rwset)
    tables.missing.remove(key)
    const writes = privateWritesOf(fetched.rwset)
    for (const value of writes === undefined ? [] : valuesOf(writes)) {
      const keyHash = hashBytes(value.hash)
      const stored = this.#view.hashed({ namespace, collection, keyHash })
      if (stored !== undefined && valueFits(value.value, stored.value)) {
        putValue(tables, fetched, value)
      }
    }
  }
}

const isPrivateRwset = (rwset: Uint8Array): boolean => {
  try {
    readPrivateSets(rwset)
    return true
  } catch (error) {
    if (error instanceof WireFault) return false
    throw error
  }
}
