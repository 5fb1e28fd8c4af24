/** Whether a proof is the organisation's, and what it says is still so: in the lake and on the ledger at hand. */
import type { Database } from '../../platform/database/database.ts'
import type { LedgerBlock } from '../../platform/ledger/blocks.ts'
import type { Ledger } from '../../platform/ledger/ledger.ts'
import type { Engine } from '../engine.ts'
import { rowsOf } from '../ledger/rows.ts'
import { LAKE } from '../names.ts'
import type { StorageSettings } from '../storage.ts'
import { sha256Hex } from '../../platform/ledger/signer.ts'
import type { Subject } from '../sources/source.ts'
import { BRONZE } from '../ledger/tables.ts'
import { searchLogs } from './logs.ts'
import { isMarkerSql } from './marker.ts'
import { isAbout, openProof, type Commitment, type Proof } from './proof.ts'
import { scan } from './scan.ts'
import { nameOf } from './subject.ts'
import { oldestSnapshot } from './work.ts'

export interface Checking {
  readonly engine: Engine
  readonly database: Database
  readonly ledger: Ledger
  readonly dataPath: string
  readonly storage?: StorageSettings | undefined
  /** The organisation's certificate. */
  readonly trusted: string
  /** Who says that the proof is about them; without it nobody can be looked for. */
  readonly subject?: Subject
}

/** What does not hold, each in a word; none where all of it does. */
export interface Checked {
  readonly proof: Proof
  readonly wrong: readonly string[]
  readonly isSearched: boolean
}

/** @throws CodedError where the document is no proof of this organisation's. */
export async function checkProof(text: string, checking: Checking): Promise<Checked> {
  const proof = openProof(text, checking.trusted)
  const { subject } = checking
  const wrong = [
    ...(await pastWrong(checking, proof)),
    ...(await commitmentsWrong(checking, proof)),
    ...(subject ? await subjectWrong(checking, proof, subject) : []),
  ]
  return { proof, wrong, isSearched: subject !== undefined }
}

async function pastWrong({ engine }: Checking, { statement }: Proof): Promise<string[]> {
  const oldest = BigInt(await oldestSnapshot(engine))
  return oldest > BigInt(statement.snapshots.before)
    ? []
    : [`snapshot ${oldest} of before can be asked again`]
}

async function commitmentsWrong(checking: Checking, { statement }: Proof): Promise<string[]> {
  const wrong: string[] = []
  const { shown } = statement.remains.commitments
  const blocks = await blocksOf(checking.ledger, new Set(shown.map(({ block }) => block)))
  for (const one of shown) {
    const place = `block ${one.block}, transaction ${one.txIndex}, write ${one.position}`
    if (!(await isTakenOut(checking.engine, one)))
      wrong.push(`${place}: the lake has a value again`)
    if (!isOnLedger(blocks.get(one.block), one, statement.mspId))
      wrong.push(`${place}: the ledger says another transaction or value`)
  }
  return wrong
}

async function isTakenOut(engine: Engine, one: Commitment): Promise<boolean> {
  const rows = await engine.query(
    `SELECT 1 FROM ${LAKE}.bronze.writes
     WHERE block = ${one.block} AND tx_index = ${one.txIndex} AND position = ${one.position}
       AND ${isMarkerSql('value')} AND contains(value, $1)`,
    [one.valueHash],
  )
  return rows.length === 1
}

async function blocksOf(
  ledger: Ledger,
  numbers: ReadonlySet<string>,
): Promise<Map<string, LedgerBlock>> {
  const found = new Map<string, LedgerBlock>()
  const stop = new AbortController()
  for (const number of numbers)
    for await (const block of ledger.blocks(BigInt(number), stop.signal)) {
      found.set(number, block)
      break
    }
  stop.abort()
  return found
}

const VALUE = Object.keys(BRONZE.writes.columns).indexOf('value')
const POSITION = Object.keys(BRONZE.writes.columns).indexOf('position')
const TX_INDEX = Object.keys(BRONZE.writes.columns).indexOf('tx_index')

/** A peer that has purged the value itself still has the transaction. */
function isOnLedger(block: LedgerBlock | undefined, one: Commitment, mspId: string): boolean {
  const transaction = block?.transactions[one.txIndex]
  if (!block || transaction?.txId !== one.txId) return false
  if (transaction.withheld.length > 0) return true
  const write = rowsOf(block, mspId, 0).writes.find(
    row => row[TX_INDEX] === one.txIndex && row[POSITION] === one.position,
  )
  const value = write?.[VALUE]
  return typeof value === 'string' && sha256Hex(value) === one.valueHash
}

/** Rows that were said to stay may have gone since; others may not have come. */
async function subjectWrong(
  { database, dataPath, storage }: Checking,
  proof: Proof,
  subject: Subject,
): Promise<string[]> {
  if (!isAbout(proof, subject)) return ['it is about somebody else']
  const { statement } = proof
  const { identifiers } = await nameOf(database, subject, statement.source)
  const found = await scan({ database, dataPath, storage, identifiers })
  const logs = statement.source === undefined ? await searchLogs(database, identifiers) : {}
  const matches = { ...found.matches, ...logs }
  const said = new Map<string, number>()
  for (const { table, rows } of statement.remains.rows)
    said.set(table, (said.get(table) ?? 0) + rows)
  const bounds = 'catalogue ducklake_file_column_stats'
  return Object.entries(matches)
    .filter(([place]) => place !== bounds || said.size === 0)
    .filter(([place, rows]) => rows > (said.get(place) ?? 0))
    .map(([place, rows]) => `${place}: ${rows} rows name the subject, ${said.get(place) ?? 0} may`)
}
