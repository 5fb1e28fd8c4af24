import { chaincodeOfSequenceKey } from '../rules/definition.ts'
import type { NamespaceSet } from '../rules/rwset.ts'
import { hashBytes, type UpdateBatch } from '../rules/updates.ts'
import { endOf, type FileEnd } from './block-file.ts'
import type { StateView, Tables } from './database.ts'
import {
  blockKey,
  hashedKey,
  historyKey,
  readBlockNumber,
  stateKey,
  transactionKey,
} from './keys.ts'
import { writeBlockRow, writeLocation, writeStored, type BlockRow } from './rows.ts'

const NOTHING = Buffer.alloc(0)
const SAVEPOINT = Buffer.from('savepoint')
const GENESIS = Buffer.from('genesis')

/** All blocks below `number` are in the state; the next one lies at `end` of the block file. */
export interface Savepoint {
  readonly number: number
  readonly end: FileEnd
}

export const readSavepoint = (view: StateView): Savepoint => {
  const row = view.get('meta', SAVEPOINT)
  if (row === undefined) return { number: 0, end: { segment: 0, offset: 0 } }
  const end = { segment: row.readUInt32BE(6), offset: row.readUIntBE(10, 6) }
  return { number: readBlockNumber(row), end }
}

const writeSavepoint = ({ number, end }: Savepoint): Buffer => {
  const row = Buffer.allocUnsafe(16)
  row.writeUIntBE(number, 0, 6)
  row.writeUInt32BE(end.segment, 6)
  row.writeUIntBE(end.offset, 10, 6)
  return row
}

export const readGenesisHash = (view: StateView): Buffer | undefined => view.get('meta', GENESIS)

export interface BlockOutcome {
  readonly number: number
  readonly row: BlockRow
  readonly batch: UpdateBatch
  readonly transactions: readonly {
    readonly txId: string
    readonly code: number
    readonly indexed: boolean
    readonly valid: boolean
    readonly sets: readonly NamespaceSet[]
  }[]
}

const writeIndex = (tables: Tables, outcome: BlockOutcome): void => {
  const { number, row } = outcome
  tables.blocks.put(blockKey(number), writeBlockRow(row))
  tables.hashes.put(row.headerHash, blockKey(number))
  outcome.transactions.forEach(({ txId, code, indexed }, index) => {
    const key = indexed ? transactionKey(txId) : undefined
    if (key !== undefined) tables.transactions.put(key, writeLocation(number, index, code))
  })
}

/** One row per write of a valid transaction; values are read from the block itself. */
const writeHistory = (tables: Tables, outcome: BlockOutcome): void => {
  outcome.transactions.forEach(({ valid, sets }, index) => {
    if (!valid) return
    const place = { block: outcome.number, tx: index }
    for (const { namespace, writes } of sets) {
      for (const { key } of writes) {
        tables.history.put(historyKey(namespace, key, place), NOTHING)
      }
    }
  })
}

const writeState = (tables: Tables, batch: UpdateBatch): void => {
  for (const [namespace, updates] of batch.publicUpdates) {
    for (const [key, { value, version, metadata }] of updates) {
      const row = stateKey(namespace, key)
      if (value === undefined) tables.state.remove(row)
      else tables.state.put(row, writeStored({ value, version, metadata }))
    }
  }
  for (const [namespace, collections] of batch.hashedUpdates) {
    for (const [collection, updates] of collections) {
      for (const [hash, { value, version, metadata }] of updates) {
        const row = hashedKey({ namespace, collection, keyHash: hashBytes(hash) })
        if (value === undefined) tables.hashed.remove(row)
        else tables.hashed.put(row, writeStored({ value, version, metadata }))
      }
    }
  }
}

/** Everything of a block but private data, and the savepoint that says it is all there. */
export const writeBlockRows = (tables: Tables, outcome: BlockOutcome): void => {
  writeIndex(tables, outcome)
  writeHistory(tables, outcome)
  writeState(tables, outcome.batch)
  if (outcome.number === 0) tables.meta.put(GENESIS, outcome.row.headerHash)
  const savepoint = { number: outcome.number + 1, end: endOf(outcome.row) }
  tables.meta.put(SAVEPOINT, writeSavepoint(savepoint))
}

/** Names of all chaincodes with a committed definition. */
export const definedChaincodes = (view: StateView): string[] => {
  const range = {
    namespace: '_lifecycle',
    startKey: 'namespaces/fields/',
    endKey: 'namespaces/fields0',
    endIncluded: false,
  }
  return [...view.range(range)].flatMap(({ key }) => chaincodeOfSequenceKey(key) ?? [])
}
