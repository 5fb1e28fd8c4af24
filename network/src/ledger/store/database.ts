import { open, type Database, type RootDatabase, type Transaction } from 'lmdb'
import type {
  CommittedState,
  HashedPlace,
  KeyRange,
  StoredKey,
  StoredValue,
} from '../rules/state.ts'
import type { Version } from '../rules/rwset.ts'
import { KEY_BYTES_LIMIT, afterPrefix, hashedKey, namespacePrefix, stateKey } from './keys.ts'
import { readStored, readStoredVersion } from './rows.ts'

type Table = Database<Buffer, Buffer>

const TABLES = [
  /** Savepoint and format. */
  'meta',
  /** number -> position, hashes, flags */
  'blocks',
  /** header hash -> number */
  'hashes',
  /** transaction id -> block, index, code */
  'transactions',
  /** namespace, key -> version, metadata, value */
  'state',
  /** namespace, collection, hash of key -> version, metadata, hash of value */
  'hashed',
  /** namespace, collection, hash of key -> key, value */
  'private',
  /** namespace, collection, key -> nothing: private keys in order */
  'privateOrder',
  /** namespace, key, place -> nothing */
  'history',
  /** place, namespace, collection -> KVRWSet this member holds */
  'writeSets',
  /** namespace, collection, hash of key, place -> nothing: which write sets hold a key */
  'writeSetKeys',
  /** place, namespace, collection -> hash of the KVRWSet this member should hold */
  'missing',
  /** block of expiry, kind, what -> version */
  'expiry',
  /** namespace, collection, hash of key -> place of the last purge */
  'purges',
  /** transaction id, digest -> height, TxPvtReadWriteSet */
  'transient',
  /** height, transaction id, digest -> nothing */
  'transientHeights',
] as const

export type TableName = (typeof TABLES)[number]
export type Tables = Readonly<Record<TableName, Table>>

/** LMDB takes this much of the address space, not of the disk. */
const MAP_BYTES = 64 * 1024 * 1024 * 1024
const READERS_MAX = 2_048

/** One LMDB environment: everything a block changes commits in one of its transactions. */
export class LedgerDatabase {
  readonly #root: RootDatabase<Buffer, Buffer>
  readonly tables: Tables

  constructor(directory: string) {
    this.#root = open<Buffer, Buffer>({
      path: directory,
      keyEncoding: 'binary',
      encoding: 'binary',
      maxDbs: TABLES.length + 4,
      maxReaders: READERS_MAX,
      mapSize: MAP_BYTES,
    })
    const opened = TABLES.map(name => [
      name,
      this.#root.openDB<Buffer, Buffer>({ name, keyEncoding: 'binary', encoding: 'binary' }),
    ])
    this.tables = Object.fromEntries(opened) as Record<TableName, Table>
  }

  /** Runs `write` and resolves when all of it is committed, or none of it ever is. */
  async commit(write: (tables: Tables) => void): Promise<void> {
    await this.#root.batch(() => write(this.tables))
  }

  /** As `commit`, and resolves only when a power cut cannot take it back any more. */
  async commitDurably(write: (tables: Tables) => void): Promise<void> {
    await this.commit(write)
    await this.#root.flushed
  }

  snapshot(): Transaction {
    return this.#root.useReadTransaction()
  }

  async close(): Promise<void> {
    await this.#root.flushed
    await this.#root.close()
  }
}

interface Reading {
  readonly transaction?: Transaction
}

export interface StoredRow extends StoredKey {
  readonly stored: StoredValue
}

/** Committed state, the latest or as one snapshot sees it. */
export class StateView implements CommittedState {
  readonly #tables: Tables
  readonly #reading: Reading

  constructor(tables: Tables, transaction?: Transaction) {
    this.#tables = tables
    this.#reading = transaction === undefined ? {} : { transaction }
  }

  get(table: TableName, key: Buffer): Buffer | undefined {
    return key.length > KEY_BYTES_LIMIT ? undefined : this.#tables[table].get(key, this.#reading)
  }

  /** Keys and values of a table between two keys, lazily. */
  entries(
    table: TableName,
    bounds: { start: Buffer; end?: Buffer | undefined; reverse?: boolean; limit?: number },
  ): Iterable<{ key: Buffer; value: Buffer }> {
    const { start, end, reverse, limit } = bounds
    if (start.length > KEY_BYTES_LIMIT || (end?.length ?? 0) > KEY_BYTES_LIMIT) return []
    return this.#tables[table].getRange({
      start,
      ...(end === undefined ? {} : { end }),
      ...(reverse === undefined ? {} : { reverse }),
      ...(limit === undefined ? {} : { limit }),
      ...this.#reading,
    })
  }

  /** Everything under a prefix. */
  under(table: TableName, prefix: Buffer): Iterable<{ key: Buffer; value: Buffer }> {
    return this.entries(table, { start: prefix, end: afterPrefix(prefix) })
  }

  value(namespace: string, key: string): StoredValue | undefined {
    const row = this.get('state', stateKey(namespace, key))
    return row === undefined ? undefined : readStored(row)
  }

  version(namespace: string, key: string): Version | undefined {
    const row = this.get('state', stateKey(namespace, key))
    return row === undefined ? undefined : readStoredVersion(row)
  }

  hashed(place: HashedPlace): StoredValue | undefined {
    const row = this.get('hashed', hashedKey(place))
    return row === undefined ? undefined : readStored(row)
  }

  *rows(range: KeyRange): Iterable<StoredRow> {
    const prefix = namespacePrefix(range.namespace)
    const start = stateKey(range.namespace, range.startKey)
    const last = range.endKey === '' ? undefined : stateKey(range.namespace, range.endKey)
    const end = last === undefined ? afterPrefix(prefix) : range.endIncluded ? afterKey(last) : last
    if (end !== undefined && Buffer.compare(start, end) >= 0) return
    for (const { key, value } of this.entries('state', { start, end })) {
      const stored = readStored(value)
      const text = key.toString('utf8', prefix.length)
      yield { key: text, version: stored.version, stored }
    }
  }

  range(range: KeyRange): Iterable<StoredKey> {
    return this.rows(range)
  }
}

/** The smallest key greater than the given one. */
const afterKey = (key: Buffer): Buffer => Buffer.concat([key, Buffer.from([0])])
