/** From a block to the rows of bronze: the same rows whoever asks, so that a lake can be checked against its ledger. */
import { collectionOf, parseKey } from '@triflow/chaincode/model'
import type { LedgerBlock, LedgerTransaction, PublicWrite } from '../../platform/ledger/blocks.ts'
import type { Cell } from '../session.ts'
import type { Side } from './tables.ts'

export type BlockRows = Readonly<
  Record<'blocks' | 'transactions' | 'writes', readonly (readonly Cell[])[]>
>

/** Microseconds since 1970, as a TIMESTAMP holds them. */
const instant = (ms: number): bigint => BigInt(ms) * 1000n

/** @param arrivedMs when this process received the block. */
export function rowsOf(block: LedgerBlock, ownMsp: string, arrivedMs: number): BlockRows {
  const own = collectionOf(ownMsp)
  const writes = block.transactions.flatMap(transaction =>
    writesOf(transaction, own).map((write, position) => [
      ...originOf(block, transaction),
      position,
      ...write,
    ]),
  )
  const transactions = block.transactions.map(transaction => [
    ...originOf(block, transaction),
    transaction.txId,
    transaction.validationCode,
    transaction.name,
    transaction.creatorMsp,
  ])
  const { previousHash, dataHash } = block
  return {
    blocks: [
      [
        block.number,
        previousHash,
        dataHash,
        transactions.length,
        writes.length,
        instant(arrivedMs),
      ],
    ],
    transactions,
    writes,
  }
}

const originOf = (block: LedgerBlock, transaction: LedgerTransaction): Cell[] => [
  block.number,
  transaction.index,
  instant(transaction.timestampMs),
]

type WriteCells = [side: Side, kind: string, id: string, value: string | null]

function writesOf({ writes, privateWrites }: LedgerTransaction, own: string): WriteCells[] {
  return [
    ...writes.map(write => cellsOf('PUBLIC', write)),
    ...privateWrites
      .filter(({ collection }) => collection === own)
      .map(write => cellsOf('PRIVATE', write)),
  ]
}

/** A key that is none of ours keeps its text and has no kind: bronze leaves nothing out. */
function cellsOf(side: Side, { key, value }: PublicWrite): WriteCells {
  const place = parseKey(key)
  const text = value === undefined ? null : Buffer.from(value).toString('utf8')
  return [side, place?.kind ?? '', place?.id ?? key, text]
}
