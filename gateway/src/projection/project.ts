import { collectionOf, decodePrivate, decodeState, parseKey } from '@triflow/chaincode/model'
import type { Queryable } from '../platform/database/database.ts'
import type { LedgerBlock, LedgerTransaction, PublicWrite } from '../platform/ledger/blocks.ts'
import { movingSums } from './sums.ts'

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
  await movingSums(tx, [...open, ...secret], async () => {
    for (const upsert of upsertsOf(lastOfEach(open), lastOfEach(secret)))
      await writeRecords(tx, block, upsert)
  })
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
function lastOfEach(writes: readonly Write[]): Map<string, Write> {
  return new Map(writes.map(write => [`${write.kind}:${write.id}`, write]))
}

interface Upsert {
  readonly open: readonly Write[] | undefined
  readonly secret: readonly Write[] | undefined
}

/** A record whose public and private half are both written is written once: every version costs each index. */
function upsertsOf(open: Map<string, Write>, secret: Map<string, Write>): Upsert[] {
  const of = (writes: Map<string, Write>, isWanted: (key: string) => boolean): Write[] =>
    [...writes].filter(([key]) => isWanted(key)).map(([, write]) => write)
  const inBoth = [...open.keys()].filter(key => secret.has(key))
  const both = inBoth.map(key => [open.get(key) as Write, secret.get(key) as Write] as const)
  const upserts: Upsert[] = [
    { open: of(open, key => !secret.has(key)), secret: undefined },
    { open: undefined, secret: of(secret, key => !open.has(key)) },
    { open: both.map(([first]) => first), secret: both.map(([, second]) => second) },
  ]
  return upserts.filter(one => rowsOf(one).length > 0)
}

const rowsOf = ({ open, secret }: Upsert): readonly Write[] => secret ?? open ?? []

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

/** One half of a record: the columns it fills, each from the text that came, and those texts. */
interface Half {
  readonly columns: Readonly<Record<string, string>>
  readonly texts: Readonly<Record<string, readonly (string | null)[]>>
}

const halvesOf = ({ open, secret }: Upsert): Half[] => [
  ...(open ? [{ columns: { open: 'open_text::jsonb' }, texts: { open_text: textsOf(open) } }] : []),
  ...(secret
    ? [
        {
          columns: {
            secret_text: 'secret_text',
            secret: 'secret_text::jsonb',
            happened_on: 'happened_on',
          },
          texts: { secret_text: textsOf(secret), happened_on: secret.map(happenedOn) },
        },
      ]
    : []),
]

const textsOf = (writes: readonly Write[]): (string | null)[] => writes.map(({ text }) => text)

async function writeRecords(tx: Queryable, block: LedgerBlock, upsert: Upsert): Promise<void> {
  const rows = rowsOf(upsert)
  const halves = halvesOf(upsert)
  const columns = Object.entries(Object.assign({}, ...halves.map(half => half.columns)))
  const texts = Object.entries(Object.assign({}, ...halves.map(half => half.texts)))
  const names = columns.map(([name]) => name)
  await tx.execute(
    `INSERT INTO records (kind, id, ${names.join(', ')}, block_number, tx_index, tx_id, updated_at)
     SELECT kind, id, ${columns.map(([, from]) => from).join(', ')}, $1, tx_index, tx_id, at
     FROM unnest($2::text[], $3::text[], $4::int[], $5::text[], $6::timestamptz[],
         ${texts.map((_, index) => `$${index + 7}::text[]`).join(', ')})
       AS w(kind, id, tx_index, tx_id, at, ${texts.map(([name]) => name).join(', ')})
     ON CONFLICT (kind, id) DO UPDATE SET
       ${names.map(name => `${name} = excluded.${name}`).join(', ')},
       block_number = excluded.block_number, tx_index = excluded.tx_index,
       tx_id = excluded.tx_id, updated_at = excluded.updated_at`,
    [
      block.number.toString(),
      rows.map(w => w.kind),
      rows.map(w => w.id),
      rows.map(w => w.transaction.index),
      rows.map(w => w.transaction.txId),
      rows.map(w => timeOf(w.transaction)),
      ...texts.map(([, values]) => values),
    ],
  )
}

const DAYS = ['issuedOn', 'orderedOn', 'receivedOn', 'despatchedOn', 'valueOn'] as const

/** The day by which lists are sorted; '' for a value without one. */
function happenedOn({ text }: Write): string {
  const value = JSON.parse(text ?? '{}') as Record<string, unknown>
  const day = DAYS.map(name => value[name]).find(each => typeof each === 'string')
  return (day as string | undefined) ?? ''
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
