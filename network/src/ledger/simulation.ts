import type { Transaction } from 'lmdb'
import { LedgerFault } from './fault.ts'
import type { DefinitionBook } from './definitions.ts'
import { sequenceKey, LIFECYCLE } from './rules/definition.ts'
import { VALIDATION_PARAMETER } from './rules/endorsement.ts'
import { sha256 } from './rules/block.ts'
import { keyProblem } from './rules/limits.ts'
import { readMetadata } from './rules/rwset.ts'
import type { StoredValue } from './rules/state.ts'
import { ReadWriteSetBuilder } from './rwset-builder.ts'
import { closedRows, pagedRows, privateRangeRows, publicRows } from './ranges.ts'
import { readSavepoint } from './store/block-rows.ts'
import { StateView, type LedgerDatabase } from './store/database.ts'
import { privateValueOf } from './store/private-data.ts'
import { valueFits } from './rules/private.ts'
import type {
  ChaincodeDefinition,
  CollectionDefinition,
  KeyModification,
  KeyValue,
  RangeArguments,
  Rows,
  Simulation,
  SimulationOptions,
  SimulationResults,
  StateKey,
} from './types.ts'

const VALUE_BYTES_MAX = 128 * 1024 * 1024
const NOTHING = new Uint8Array(0)

export interface SimulationDeps {
  readonly database: LedgerDatabase
  readonly definitions: DefinitionBook
  /** Newest first; reads the values from the blocks. */
  readonly history: (view: StateView, namespace: string, key: string) => Rows<KeyModification>
}

type PrivateKey = StateKey & { readonly collection: string }

const isPrivate = (at: StateKey): at is PrivateKey =>
  at.collection !== undefined && at.collection !== ''

/** The order of queries and writes decides what a transaction may still do. */
interface Phase {
  writes: boolean
  privateQueries: boolean
  pagedQueries: boolean
}

export class TransactionSimulation implements Simulation {
  readonly txId: string
  readonly height: number
  readonly #creatorMspId: string
  readonly #definitions: DefinitionBook
  readonly #history: SimulationDeps['history']
  readonly #snapshot: Transaction
  readonly #view: StateView
  readonly #builder = new ReadWriteSetBuilder()
  readonly #phase: Phase = { writes: false, privateQueries: false, pagedQueries: false }
  readonly #collections = new Map<string, CollectionDefinition>()
  #closed = false

  constructor(options: SimulationOptions, deps: SimulationDeps) {
    this.txId = options.txId
    this.#creatorMspId = options.creatorMspId
    this.#definitions = deps.definitions
    this.#history = deps.history
    this.#snapshot = deps.database.snapshot()
    this.#view = new StateView(deps.database.tables, this.#snapshot)
    this.height = readSavepoint(this.#view).number
  }

  #open(): void {
    if (this.#closed) throw new LedgerFault('SIMULATION_CLOSED', 'the simulation is over')
  }

  /** The definition as this snapshot has it. */
  #definition(chaincode: string): ChaincodeDefinition | undefined {
    return this.#definitions.at(this.#view, chaincode)
  }

  #collection(at: PrivateKey): CollectionDefinition {
    this.#open()
    const name = `${at.namespace}\u0000${at.collection}`
    const known = this.#collections.get(name)
    if (known !== undefined) return known
    const definition = this.#definition(at.namespace)
    if (definition === undefined) {
      throw new LedgerFault(
        'COLLECTION_UNKNOWN',
        `collection config not defined for chaincode [${at.namespace}], pass the collection configuration upon chaincode definition/instantiation`,
      )
    }
    const found = this.#definitions.collectionOf(definition, at.collection)
    if (found === undefined) {
      throw new LedgerFault(
        'COLLECTION_UNKNOWN',
        `collection [${at.collection}] not defined in the collection config for chaincode [${at.namespace}]`,
      )
    }
    this.#collections.set(name, found)
    return found
  }

  #requireRead(at: PrivateKey): void {
    const collection = this.#collection(at)
    if (!collection.memberOnlyRead) return
    if (collection.memberOrganizations.includes(this.#creatorMspId)) return
    throw new LedgerFault(
      'COLLECTION_READ_DENIED',
      `tx creator does not have read access permission on privatedata in chaincodeName:${at.namespace} collectionName: ${at.collection}`,
    )
  }

  #requireWrite(at: StateKey): void {
    this.#open()
    const problem = keyProblem(at.key)
    if (problem !== undefined) throw new LedgerFault('KEY_INVALID', `invalid key: ${problem}`)
    if (isPrivate(at)) this.#requireMemberWrite(at)
    if (this.#phase.privateQueries) {
      throw new LedgerFault(
        'WRITE_AFTER_QUERY',
        `txid [${this.txId}]: unsuppored transaction. Transaction has already performed queries on pvt data. Writes are not allowed`,
      )
    }
    if (this.#phase.pagedQueries) {
      throw new LedgerFault(
        'WRITE_AFTER_QUERY',
        `txid [${this.txId}]: unsuppored transaction. Transaction has already performed a paginated query. Writes are not allowed`,
      )
    }
    this.#phase.writes = true
  }

  #requireMemberWrite(at: PrivateKey): void {
    const collection = this.#collection(at)
    if (!collection.memberOnlyWrite) return
    if (collection.memberOrganizations.includes(this.#creatorMspId)) return
    throw new LedgerFault(
      'COLLECTION_WRITE_DENIED',
      `tx creator does not have write access permission on privatedata in chaincodeName:${at.namespace} collectionName: ${at.collection}`,
    )
  }

  #read(at: StateKey): StoredValue | undefined {
    this.#open()
    const stored = this.#view.value(at.namespace, at.key)
    this.#builder.read(at, stored?.version)
    return stored
  }

  #hashed(at: PrivateKey): StoredValue | undefined {
    this.#collection(at)
    const { namespace, collection } = at
    const keyHash = sha256(Buffer.from(at.key, 'utf8'))
    const stored = this.#view.hashed({ namespace, collection, keyHash })
    this.#builder.readHashed(at, keyHash, stored?.version)
    return stored
  }

  getState(at: StateKey): Uint8Array | undefined {
    if (keyProblem(at.key) !== undefined) {
      throw new LedgerFault('KEY_INVALID', `invalid key: ${keyProblem(at.key)}`)
    }
    return isPrivate(at) ? this.#getPrivate(at) : this.#read(at)?.value
  }

  #getPrivate(at: PrivateKey): Uint8Array | undefined {
    this.#requireRead(at)
    const stored = this.#hashed(at)
    this.#builder.readPrivate(at)
    if (stored === undefined) return undefined
    const { namespace, collection } = at
    const keyHash = sha256(Buffer.from(at.key, 'utf8'))
    const value = privateValueOf(this.#view, { namespace, collection, keyHash })
    if (value !== undefined && valueFits(value, stored.value)) return value
    throw new LedgerFault(
      'PRIVATE_VALUE_MISSING',
      'private data matching public hash version is not available. ' +
        `Public hash version = {BlockNum: ${stored.version.block}, TxNum: ${stored.version.tx}}, ` +
        'Private data version = <nil>',
    )
  }

  #interest(at: StateKey): void {
    const stored = isPrivate(at)
      ? this.#view.hashed({ ...at, keyHash: sha256(Buffer.from(at.key, 'utf8')) })
      : this.#view.value(at.namespace, at.key)
    this.#builder.touch(at, stored?.metadata ?? NOTHING)
  }

  putState(at: StateKey, value: Uint8Array): void {
    this.#requireWrite(at)
    if (value.length > VALUE_BYTES_MAX) throw new LedgerFault('VALUE_INVALID', 'value is too long')
    this.#builder.write(at, value)
    this.#interest(at)
  }

  delState(at: StateKey): void {
    this.putState(at, NOTHING)
  }

  purgePrivate(at: StateKey): void {
    if (!isPrivate(at)) throw new LedgerFault('KEY_INVALID', 'only private data can be purged')
    this.#requireWrite(at)
    this.#builder.purge(at)
    this.#interest(at)
  }

  getPrivateHash(at: StateKey): Uint8Array | undefined {
    if (!isPrivate(at)) throw new LedgerFault('COLLECTION_UNKNOWN', 'collection must not be empty')
    return this.#hashed(at)?.value
  }

  getMetadata(at: StateKey): ReadonlyMap<string, Uint8Array> {
    if (isPrivate(at)) this.#requireRead(at)
    const stored = isPrivate(at) ? this.#hashed(at) : this.#read(at)
    return readMetadata(stored?.metadata ?? NOTHING)
  }

  putMetadata(at: StateKey, name: string, value: Uint8Array): void {
    if (name !== VALIDATION_PARAMETER) {
      throw new LedgerFault('KEY_INVALID', `unknown metadata ${name}`)
    }
    this.#requireWrite(at)
    this.#builder.writeMetadata(at, value.length === 0 ? [] : [{ name, value }])
    this.#interest(at)
  }

  getRange(range: RangeArguments): Rows<KeyValue> {
    this.#open()
    const at = { namespace: range.namespace, collection: range.collection ?? '', key: '' }
    if (isPrivate(at)) {
      this.#requireRead(at)
      this.#requireNoWrites('Queries on pvt data is')
      this.#phase.privateQueries = true
      return privateRangeRows(this.#view, { ...range, collection: at.collection })
    }
    if (range.pageSize !== undefined && range.pageSize > 0) {
      this.#requireNoWrites('Paginated queries are')
      this.#phase.pagedQueries = true
      return pagedRows(this.#view, { ...range, pageSize: range.pageSize })
    }
    const { rows, query } = publicRows(this.#view, range)
    this.#builder.range(range.namespace, query)
    return rows
  }

  #requireNoWrites(what: string): void {
    if (!this.#phase.writes) return
    throw new LedgerFault(
      'QUERY_AFTER_WRITE',
      `txid [${this.txId}]: unsuppored transaction. ${what} supported only in a read-only transaction`,
    )
  }

  getHistory(at: StateKey): Rows<KeyModification> {
    this.#open()
    if (isPrivate(at)) throw new LedgerFault('KEY_INVALID', 'private data has no history')
    return keyProblem(at.key) === undefined
      ? this.#history(this.#view, at.namespace, at.key)
      : closedRows()
  }

  definition(chaincode: string): ChaincodeDefinition | undefined {
    this.#open()
    const definition = this.#definition(chaincode)
    if (chaincode !== LIFECYCLE) {
      this.#read({ namespace: LIFECYCLE, key: sequenceKey(chaincode) })
    }
    return definition
  }

  finish(): SimulationResults {
    this.#open()
    return this.#builder.finish()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#snapshot.done()
  }
}
