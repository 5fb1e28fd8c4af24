import { collectionOf, decodePrivate, decodeState, parseKey } from '@triflow/chaincode/model'
import type { Database, Queryable } from '../platform/database/database.ts'
import type { LedgerBlock, LedgerTransaction, PublicWrite } from '../platform/ledger/blocks.ts'
import { countedBefore, moveSums } from './sums.ts'

/** Ids are printable and short; anything else is not a key of ours, whoever wrote it. */
const ID = /^[\x21-\x7e]{0,200}$/

type Decode = (key: string, value: Uint8Array) => unknown

interface Write {
  readonly kind: string
  readonly id: string
  readonly text: string | null
  readonly block: bigint
  readonly transaction: LedgerTransaction
}

/** Channel of NOTIFY: the payload is the number of the block that has just been projected. */
export const PROJECTED = 'projected'

export interface ProjectOptions {
  readonly ownMsp: string
  /** Tell the processes of this organisation; not while a copy is built. */
  readonly announce?: boolean
}

/** Blocks that follow each other; at least one. */
export type Blocks = readonly [LedgerBlock, ...LedgerBlock[]]

export const lastOf = (blocks: Blocks): LedgerBlock => blocks.at(-1) ?? blocks[0]

export const isGroup = (blocks: readonly LedgerBlock[]): blocks is Blocks => blocks.length > 0

/**
 * Writes blocks into the read model, all of them or nothing; however a chain is cut into groups, the rows are the
 * same. Applying a block twice changes nothing: the checkpoint is moved with it, and blocks of which the first does
 * not follow the checkpoint are skipped.
 *
 * @returns false when they were skipped.
 */
export async function projectBlocks(
  database: Database,
  blocks: Blocks,
  options: ProjectOptions,
): Promise<boolean> {
  const { open, secret } = writesOf(blocks, collectionOf(options.ownMsp))
  const writes = [...open, ...secret]
  const upserts = upsertsOf(lastOfEach(open), lastOfEach(secret))
  const statement = statementOf(blocks, { upserts, changes: changesOf(writes) }, options)
  const write = async (to: Queryable): Promise<boolean> =>
    (await to.query(statement.sql, statement.values)).length > 0
  const counted = await countedBefore(database, writes)
  // Most blocks concern others: one statement is a transaction already.
  if (counted.facts.size === 0 && secret.length === 0) return write(database)
  return database.transaction(async tx => {
    if (!(await write(tx))) return false
    await moveSums(tx, counted)
    return true
  })
}

function writesOf(blocks: Blocks, collection: string): { open: Write[]; secret: Write[] } {
  const open: Write[] = []
  const secret: Write[] = []
  const states = { list: open, decode: decodeState }
  const values = { list: secret, decode: decodePrivate }
  for (const block of blocks)
    for (const transaction of block.transactions) {
      const origin = { block: block.number, transaction }
      for (const write of transaction.writes) push(states, write, origin)
      for (const write of transaction.privateWrites)
        if (write.collection === collection) push(values, write, origin)
    }
  return { open, secret }
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

function push(
  { list, decode }: Target,
  write: PublicWrite,
  origin: Pick<Write, 'block' | 'transaction'>,
): void {
  const place = parseKey(write.key)
  if (!place || !ID.test(place.id) || !isReadable(write, decode)) return
  const text = write.value === undefined ? null : Buffer.from(write.value).toString('utf8')
  list.push({ ...place, text, ...origin })
}

/** Several transactions may write one key: the last one stands. */
function lastOfEach(writes: readonly Write[]): Map<string, Write> {
  return new Map(writes.map(write => [`${write.kind}:${write.id}`, write]))
}

/** Rows of one shape; which transaction each row is from is that of `last`. */
interface Upsert {
  readonly open: readonly Write[] | undefined
  readonly secret: readonly Write[] | undefined
  readonly last: readonly Write[]
}

/** A record whose public and private half are both written is written once: every version costs each index. */
function upsertsOf(open: Map<string, Write>, secret: Map<string, Write>): Upsert[] {
  const of = (writes: Map<string, Write>, isWanted: (key: string) => boolean): Write[] =>
    [...writes].filter(([key]) => isWanted(key)).map(([, write]) => write)
  const openOnly = of(open, key => !secret.has(key))
  const secretOnly = of(secret, key => !open.has(key))
  const inBoth = [...open.keys()].filter(key => secret.has(key))
  const both = inBoth.map(key => [open.get(key) as Write, secret.get(key) as Write] as const)
  const upserts: Upsert[] = [
    { open: openOnly, secret: undefined, last: openOnly },
    { open: undefined, secret: secretOnly, last: secretOnly },
    {
      open: both.map(([first]) => first),
      secret: both.map(([, second]) => second),
      last: both.map(([first, second]) => (isLater(first, second) ? first : second)),
    },
  ]
  return upserts.filter(({ last }) => last.length > 0)
}

function isLater(one: Write, other: Write): boolean {
  if (one.block !== other.block) return one.block > other.block
  return one.transaction.index > other.transaction.index
}

function timeOf(transaction: LedgerTransaction | undefined): string {
  return new Date(transaction?.timestampMs ?? 0).toISOString()
}

/** The statement for blocks: its text is the same for all of their shape, so it is planned once. */
function statementOf(
  blocks: Blocks,
  { upserts, changes }: { upserts: readonly Upsert[]; changes: readonly Write[] },
  { announce = false }: ProjectOptions,
): { sql: string; values: unknown[] } {
  const values: unknown[] = []
  const bind = (value: unknown): string => `$${values.push(value)}`
  const parts = [
    `moved AS (${checkpointSql(blocks, bind)})`,
    ...upserts.map((upsert, index) => `records_${index} AS (${recordsSql(upsert, bind)})`),
    ...(changes.length > 0 ? [`history AS (${changesSql(changes, bind)})`] : []),
  ]
  const answer = announce ? `pg_notify('${PROJECTED}', block_number::text)` : 'block_number'
  return { sql: `WITH ${parts.join(', ')} SELECT ${answer} FROM moved`, values }
}

type Bind = (value: unknown) => string

function checkpointSql(blocks: Blocks, bind: Bind): string {
  const [first] = blocks
  const last = lastOf(blocks)
  const transactions = blocks.flatMap(block => block.transactions)
  const invalid = transactions.filter(t => t.validationCode !== 0).length
  const at = timeOf(last.transactions.at(-1))
  return `INSERT INTO checkpoint (block_number, transactions, invalid, updated_at)
    VALUES (${bind(last.number.toString())}, ${bind(transactions.length)}, ${bind(invalid)}, ${bind(at)})
    ON CONFLICT (singleton) DO UPDATE SET block_number = excluded.block_number,
      transactions = checkpoint.transactions + excluded.transactions,
      invalid = checkpoint.invalid + excluded.invalid, updated_at = excluded.updated_at
    WHERE checkpoint.block_number + 1 = ${bind(first.number.toString())}::bigint
    RETURNING block_number`
}

/** Which transaction wrote each row, as columns of `unnest`. */
function originOf(writes: readonly Write[], bind: Bind): { columns: string; arrays: string } {
  const arrays = [
    `${bind(writes.map(w => w.kind))}::text[]`,
    `${bind(writes.map(w => w.id))}::text[]`,
    `${bind(writes.map(w => w.block.toString()))}::bigint[]`,
    `${bind(writes.map(w => w.transaction.index))}::int[]`,
    `${bind(writes.map(w => w.transaction.txId))}::text[]`,
    `${bind(writes.map(w => timeOf(w.transaction)))}::timestamptz[]`,
  ]
  return { columns: 'kind, id, in_block, tx_index, tx_id, at', arrays: arrays.join(', ') }
}

/** Rows are written only where the checkpoint has moved. */
function recordsSql(upsert: Upsert, bind: Bind): string {
  const { open, secret, last } = upsert
  const origin = originOf(last, bind)
  const columns = {
    ...(open ? { open: 'open_text::jsonb' } : {}),
    ...(secret
      ? {
          secret_text: 'secret_text',
          secret: 'secret_text::jsonb',
          happened_on: 'happened_on',
        }
      : {}),
  }
  const texts = {
    ...(open ? { open_text: textsOf(open) } : {}),
    ...(secret ? { secret_text: textsOf(secret), happened_on: secret.map(happenedOn) } : {}),
  }
  const names = Object.keys(columns)
  const arrays = Object.values(texts).map(list => `${bind(list)}::text[]`)
  return `INSERT INTO records (kind, id, ${names.join(', ')}, block_number, tx_index, tx_id, updated_at)
    SELECT kind, id, ${Object.values(columns).join(', ')}, in_block, tx_index, tx_id, at
    FROM moved CROSS JOIN unnest(${[origin.arrays, ...arrays].join(', ')})
      AS w(${[origin.columns, ...Object.keys(texts)].join(', ')})
    ON CONFLICT (kind, id) DO UPDATE SET
      ${names.map(name => `${name} = excluded.${name}`).join(', ')},
      block_number = excluded.block_number, tx_index = excluded.tx_index,
      tx_id = excluded.tx_id, updated_at = excluded.updated_at`
}

const textsOf = (writes: readonly Write[]): (string | null)[] => writes.map(({ text }) => text)

/** One change for each record and transaction, whichever halves were written. */
function changesOf(writes: readonly Write[]): Write[] {
  const keyOf = ({ kind, id, block, transaction }: Write): string =>
    `${kind}:${id}:${block}:${transaction.index}`
  return [...new Map(writes.map(write => [keyOf(write), write])).values()]
}

function changesSql(writes: readonly Write[], bind: Bind): string {
  const { columns, arrays } = originOf(writes, bind)
  const names = bind(writes.map(w => w.transaction.name))
  return `INSERT INTO changes (kind, id, block_number, tx_index, tx_id, name, at)
    SELECT kind, id, in_block, tx_index, tx_id, name, at
    FROM moved CROSS JOIN unnest(${arrays}, ${names}::text[]) AS w(${columns}, name)`
}

const DAYS = ['issuedOn', 'orderedOn', 'receivedOn', 'despatchedOn', 'valueOn'] as const

/** The day by which lists are sorted; '' for a value without one. */
function happenedOn({ text }: Write): string {
  const value = JSON.parse(text ?? '{}') as Record<string, unknown>
  const day = DAYS.map(name => value[name]).find(each => typeof each === 'string')
  return (day as string | undefined) ?? ''
}

export async function projectedHeight(tx: Queryable): Promise<bigint> {
  const [row] = await tx.query<{ block_number: string }>('SELECT block_number FROM checkpoint')
  return BigInt(row?.block_number ?? -1)
}
