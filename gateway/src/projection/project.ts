import { collectionOf, decodePrivate, decodeState, parseKey } from '@triflow/chaincode/model'
import type { Queryable } from '../platform/database/database.ts'
import type { LedgerBlock, LedgerTransaction, PublicWrite } from '../platform/ledger/blocks.ts'

/** Ids are printable and short; anything else is not a key of ours, whoever wrote it. */
const ID = /^[\x21-\x7e]{0,200}$/

type Decode = (key: string, value: Uint8Array) => unknown

interface Write {
  readonly kind: string
  readonly id: string
  readonly text: string | null
  readonly transaction: LedgerTransaction
}

/**
 * Writes one block into the read model, inside the caller's transaction. Applying a block twice changes
 * nothing: the checkpoint is moved in the same transaction and a block at or below it is skipped.
 *
 * @returns false when the block had been applied before.
 */
export async function projectBlock(
  tx: Queryable,
  block: LedgerBlock,
  ownMsp: string,
): Promise<boolean> {
  const moved = await moveCheckpoint(tx, block)
  if (!moved) return false
  const collection = collectionOf(ownMsp)
  const open: Write[] = []
  const secret: Write[] = []
  const states = { list: open, decode: decodeState }
  const values = { list: secret, decode: decodePrivate }
  for (const transaction of block.transactions) {
    for (const write of transaction.writes) push(states, write, transaction)
    for (const write of transaction.privateWrites)
      if (write.collection === collection) push(values, write, transaction)
  }
  await upsert(tx, { block, column: 'open', cast: 'jsonb', writes: lastOfEach(open) })
  await upsert(tx, { block, column: 'secret_text', cast: 'text', writes: lastOfEach(secret) })
  await insertChanges(tx, block, [...open, ...secret])
  return true
}

/**
 * Colluding organisations can write new keys with a contract of their own. What the model cannot read
 * is no record of ours; it is left out, and the chain is read on.
 */
function isReadable({ key, value }: PublicWrite, decode: Decode): boolean {
  if (value === undefined) return true
  try {
    decode(key, value)
    return true
  } catch {
    return false
  }
}

interface Target {
  readonly list: Write[]
  readonly decode: Decode
}

function push({ list, decode }: Target, write: PublicWrite, transaction: LedgerTransaction): void {
  const place = parseKey(write.key)
  if (!place || !ID.test(place.id) || !isReadable(write, decode)) return
  const text = write.value === undefined ? null : Buffer.from(write.value).toString('utf8')
  list.push({ ...place, text, transaction })
}

/** Two transactions of a block may write one key: the later one stands. */
function lastOfEach(writes: readonly Write[]): Write[] {
  return [...new Map(writes.map(write => [`${write.kind}:${write.id}`, write])).values()]
}

async function moveCheckpoint(tx: Queryable, block: LedgerBlock): Promise<boolean> {
  const invalid = block.transactions.filter(t => t.validationCode !== 0).length
  const at = timeOf(block.transactions.at(-1))
  const count = await tx.execute(
    `INSERT INTO checkpoint (block_number, transactions, invalid, updated_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (singleton) DO UPDATE SET block_number = excluded.block_number,
       transactions = checkpoint.transactions + excluded.transactions,
       invalid = checkpoint.invalid + excluded.invalid, updated_at = excluded.updated_at
     WHERE checkpoint.block_number + 1 = excluded.block_number`,
    [block.number.toString(), block.transactions.length, invalid, at],
  )
  return count === 1
}

function timeOf(transaction: LedgerTransaction | undefined): string {
  return new Date(transaction?.timestampMs ?? 0).toISOString()
}

interface Upsert {
  readonly block: LedgerBlock
  readonly column: 'open' | 'secret_text'
  readonly cast: 'jsonb' | 'text'
  readonly writes: readonly Write[]
}

async function upsert(tx: Queryable, { block, column, cast, writes }: Upsert): Promise<void> {
  if (writes.length === 0) return
  await tx.execute(
    `INSERT INTO records (kind, id, ${column}, block_number, tx_index, tx_id, updated_at)
     SELECT kind, id, value::${cast}, $1, tx_index, tx_id, at
     FROM unnest($2::text[], $3::text[], $4::text[], $5::int[], $6::text[], $7::timestamptz[])
       AS w(kind, id, value, tx_index, tx_id, at)
     ON CONFLICT (kind, id) DO UPDATE SET ${column} = excluded.${column},
       block_number = excluded.block_number, tx_index = excluded.tx_index,
       tx_id = excluded.tx_id, updated_at = excluded.updated_at`,
    [
      block.number.toString(),
      writes.map(w => w.kind),
      writes.map(w => w.id),
      writes.map(w => w.text),
      writes.map(w => w.transaction.index),
      writes.map(w => w.transaction.txId),
      writes.map(w => timeOf(w.transaction)),
    ],
  )
}

async function insertChanges(
  tx: Queryable,
  block: LedgerBlock,
  writes: readonly Write[],
): Promise<void> {
  const unique = new Map(writes.map(w => [`${w.kind}:${w.id}:${w.transaction.index}`, w]))
  const list = [...unique.values()]
  if (list.length === 0) return
  await tx.execute(
    `INSERT INTO changes (kind, id, block_number, tx_index, tx_id, name, at)
     SELECT kind, id, $1, tx_index, tx_id, name, at
     FROM unnest($2::text[], $3::text[], $4::int[], $5::text[], $6::text[], $7::timestamptz[])
       AS w(kind, id, tx_index, tx_id, name, at)`,
    [
      block.number.toString(),
      list.map(w => w.kind),
      list.map(w => w.id),
      list.map(w => w.transaction.index),
      list.map(w => w.transaction.txId),
      list.map(w => w.transaction.name),
      list.map(w => timeOf(w.transaction)),
    ],
  )
}

export async function projectedHeight(tx: Queryable): Promise<bigint> {
  const [row] = await tx.query<{ block_number: string }>('SELECT block_number FROM checkpoint')
  return BigInt(row?.block_number ?? -1)
}
