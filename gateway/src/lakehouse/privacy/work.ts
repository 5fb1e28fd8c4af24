/**
 * The work of an erasure, step by step. Each step may be killed and is done again, and comes to the same: what it has
 * written down, or deleted, is found written down and deleted.
 */
import { recordKey, type RecordKind } from '@triflow/chaincode/model'
import type { Database, Queryable } from '../../platform/database/database.ts'
import { CodedError, invariant } from '../../platform/faults.ts'
import { sha256Hex, type LedgerIdentity } from '../../platform/ledger/signer.ts'
import type { Secrets } from '../../platform/secrets.ts'
import { NO_ROWS, type Engine } from '../engine.ts'
import { PRESENT } from '../features/family.ts'
import { createFiller } from '../features/fill.ts'
import { remakePresent } from '../features/present.ts'
import { LAKE, quoted } from '../names.ts'
import { tellAgain } from '../sources/consents.ts'
import type { StorageSettings } from '../storage.ts'
import { ERASURE, type Rules } from './classes.ts'
import { eraseSubject, type Erasing } from './erase.ts'
import { ERASED } from './family.ts'
import { ALL } from './forgotten.ts'
import { changedLogs, purgeLogs, searchLogs } from './logs.ts'
import { isMarkerSql, placeText } from './marker.ts'
import { commitmentsHash, signProof, WORDS, type Commitment, type Statement } from './proof.ts'
import { forgetPast, rewrite, widenBounds } from './purge.ts'
import { remains, type Remaining } from './remains.ts'
import { openSecret, readErasure, type ErasureRow, type Secret, type Step } from './requests.ts'
import { scan, type Scan } from './scan.ts'
import { instant } from './sql.ts'
import { nameOf, proofTag } from './subject.ts'

export interface WorkParts {
  readonly engine: Engine
  readonly database: Database
  readonly secrets: Secrets
  readonly identity: LedgerIdentity
  readonly rules: Rules
  /** A folder, or `s3://bucket/prefix`, which `storage` says how to reach. */
  readonly dataPath: string
  readonly storage?: StorageSettings | undefined
  /** Longer than a batch of a source may be on its way: what was screened before the list knew has arrived by then. */
  readonly settleMs?: number
  readonly orphanMs?: number
  readonly now?: () => Date
  /** After each step; a test kills here. */
  readonly onStep?: (step: Step) => void
}

const SETTLE_MS = 30_000
/** Longer than a transaction of any process takes: a file that is still unknown then is nobody's. */
export const ORPHAN_MS = 600_000
const ROUNDS = 3
const SHOWN = 1_000

/** WAIT: batches may still be on their way. */
export type Outcome = 'DONE' | 'WAIT'

/**
 * Two processes that work at one erasure disturb each other and harm nothing: of two that write, one fails and tries
 * again. A lock of the database would keep what is deleted from being cleared away while it is held.
 */
export async function workErasure(parts: WorkParts, id: string): Promise<Outcome> {
  for (;;) {
    const row = await readErasure(parts.database, id)
    if (row.step === 'DONE') return 'DONE'
    if (!(await takeStep(parts, row))) return 'WAIT'
    parts.onStep?.((await readErasure(parts.database, id)).step)
  }
}

async function takeStep(parts: WorkParts, row: ErasureRow): Promise<boolean> {
  switch (row.step) {
    case 'APPROVED':
      await list(parts, row)
      return true
    case 'LISTED': {
      const { settleMs = SETTLE_MS, now = () => new Date() } = parts
      if (now().getTime() < Date.parse(row.step_at) + settleMs) return false
      await eraseSubject(parts, await erasingOf(parts, row))
      await eraseDerived(parts, row)
      await moveTo(parts, row, 'ERASED')
      return true
    }
    case 'ERASED':
      await purge(parts, await erasingOf(parts, row), await touched(parts.engine, row.erasure_id))
      await moveTo(parts, row, 'PURGED')
      return true
    case 'PURGED':
      await prove(parts, row)
      return true
    default:
      throw new CodedError('ERASURE_NOT_APPROVED', { detail: row.step })
  }
}

/** Features go by what the lake has: the copy of the facts, and of one source alone the values as they stand. */
async function eraseDerived(parts: WorkParts, row: ErasureRow): Promise<void> {
  const { engine, database, secrets, now = () => new Date() } = parts
  const table = `gold.${PRESENT.name}`
  await createFiller(parts).compare()
  // In the erasure of all sources the subject's values were deleted with everything else.
  if (!row.source) return
  const { identifiers } = await nameOf(database, openSecret(secrets, row).subject, undefined)
  const [known] = await engine.query<{ is: boolean }>(
    `SELECT count(*) > 0 AS "is" FROM ${LAKE}.${table}
     WHERE member IN (${identifiers.map(quoted).join(', ')})`,
  )
  if (!known?.is) return
  // In the book first: its files are to be purged as well.
  await engine.write(NO_ROWS, ({ run }) =>
    run(
      `INSERT INTO ${LAKE}.bronze.${ERASED.name}
       VALUES (${quoted(row.erasure_id)}, ${quoted(table)}, 'FOLLOWS', 0, ${instant(now())})`,
    ),
  )
  await remakePresent(parts, now().getTime())
}

const moveTo = ({ database }: WorkParts, { erasure_id: id, step }: ErasureRow, to: Step) =>
  database.execute(
    `UPDATE lake_erasures SET step = $3, step_at = now(), fault = NULL
     WHERE erasure_id = $1 AND step = $2`,
    [id, step, to],
  )

/** First of all the list: what is deleted below must not come in again above. */
async function list({ database, engine }: WorkParts, row: ErasureRow): Promise<void> {
  const [seen] = await engine.query<{ id: string }>(`FROM ${LAKE}.current_snapshot()`)
  await database.transaction(async tx => {
    await tx.execute(
      // An entry that ends with a withdrawal's erasure must not end under another one that is to last.
      `INSERT INTO lake_forgotten AS known (subject, source, erasure_id) VALUES ($1, $2, $3)
       ON CONFLICT (subject, source) DO UPDATE SET erasure_id = excluded.erasure_id
       WHERE EXISTS (SELECT 1 FROM lake_erasures e
         WHERE e.erasure_id = known.erasure_id AND e.consent_id IS NOT NULL)`,
      [row.subject, row.source ?? ALL, row.erasure_id],
    )
    await tx.execute(
      `UPDATE lake_erasures SET step = 'LISTED', step_at = now(), first_snapshot = $2
       WHERE erasure_id = $1 AND step = 'APPROVED'`,
      [row.erasure_id, seen?.id ?? '0'],
    )
  })
}

async function erasingOf(parts: WorkParts, row: ErasureRow): Promise<Erasing> {
  const { database, secrets, rules, now = () => new Date() } = parts
  const source = row.source ?? undefined
  const named = await nameOf(database, openSecret(secrets, row).subject, source)
  return { job: row.erasure_id, named, source, rules, now: now() }
}

/** Tables that the job has taken rows out of, as its book in the lake says. */
async function touched(engine: Engine, job: string): Promise<string[]> {
  const rows = await engine.query<{ name: string }>(
    `SELECT DISTINCT table_name AS name FROM ${LAKE}.bronze.${ERASED.name}
     WHERE job = ${quoted(job)} ORDER BY 1`,
  )
  return rows.map(({ name }) => name)
}

async function purge(
  { engine, database, orphanMs = ORPHAN_MS }: WorkParts,
  { named, job }: Erasing,
  tables: readonly string[],
): Promise<void> {
  await rewrite(engine, tables)
  await widenBounds(database, named.identifiers)
  await purgeLogs(database, job)
  await forgetPast({ engine, database, orphanMs })
}

/** @throws CodedError ERASURE_INCOMPLETE where something still names the subject that may not; it is tried again. */
async function prove(parts: WorkParts, row: ErasureRow): Promise<void> {
  const erasing = await erasingOf(parts, row)
  const secret = openSecret(parts.secrets, row)
  for (let round = 1; ; round += 1) {
    const left = await remains(parts.engine, erasing)
    const found = await search(parts, erasing)
    const unexplained = unexplainedIn(left, found)
    if (unexplained.length === 0) {
      const statement = await statementOf(parts, { row, secret, left, found })
      await end(parts, row, { statement, secret })
      return
    }
    if (round >= ROUNDS)
      throw new CodedError('ERASURE_INCOMPLETE', { detail: unexplained.join(', ') })
    // Somebody has written meanwhile, or deleted rows lie in a file that nobody has touched.
    await eraseSubject(parts, erasing)
    const tables = new Set([...(await touched(parts.engine, row.erasure_id)), ...unexplained])
    await purge(
      parts,
      erasing,
      [...tables].filter(name => /^[a-z]+\.\w+$/.test(name)),
    )
  }
}

/** Questions that analysts asked are of no source. */
async function search({ database, dataPath, storage }: WorkParts, erasing: Erasing): Promise<Scan> {
  const { identifiers } = erasing.named
  const found = await scan({ database, dataPath, storage, identifiers })
  const logs = erasing.source === undefined ? await searchLogs(database, identifiers) : {}
  return { ...found, matches: { ...found.matches, ...logs } }
}

/** Places in which the one engine finds more, or less, than the other explains. */
export function unexplainedIn(left: readonly Remaining[], { matches }: Scan): string[] {
  const allowed = new Map<string, number>()
  for (const { table, why, rows } of left)
    if (why !== 'LEFT') allowed.set(table, (allowed.get(table) ?? 0) + rows)
  const places = new Set([...allowed.keys(), ...Object.keys(matches)])
  const wrong = [...places].filter(place => {
    // Bounds of the columns of a file in which rows rightly stay.
    if (place === BOUNDS && allowed.size > 0) return false
    return (matches[place] ?? 0) !== (allowed.get(place) ?? 0)
  })
  return [...new Set([...wrong, ...left.filter(one => one.why === 'LEFT').map(one => one.table)])]
}
const BOUNDS = 'catalogue ducklake_file_column_stats'

interface Proven {
  readonly row: ErasureRow
  readonly secret: Secret
  readonly left: readonly Remaining[]
  readonly found: Scan
}

async function statementOf(
  parts: WorkParts,
  { row, secret, left, found }: Proven,
): Promise<Statement> {
  const { engine, identity, rules } = parts
  const commitments = await commitmentsOf(engine, await placesTaken(parts.database, row.erasure_id))
  const { matches: _, ...counts } = found
  invariant(row.decided_at !== null, 'nothing is erased that nobody has agreed to')
  return {
    kind: 'triflow/lake-erasure',
    version: 1,
    erasureId: row.erasure_id,
    mspId: identity.identity.mspId,
    subject: { kind: row.kind, tag: proofTag(secret.nonce, secret.subject) },
    ...(row.source ? { source: row.source } : {}),
    reason: row.reason,
    requestedAt: row.requested_at,
    decidedAt: row.decided_at,
    finishedAt: (parts.now?.() ?? new Date()).toISOString(),
    deleted: await deletedBy(parts, row.erasure_id),
    remains: {
      commitments: {
        count: commitments.length,
        hash: commitmentsHash(commitments),
        shown: commitments.slice(0, SHOWN),
      },
      rows: left.map(one => remainingOf(one, rules)),
    },
    scan: { ...counts, unexplained: 0 },
    snapshots: { before: row.first_snapshot ?? '0', oldestLeft: await oldestSnapshot(engine) },
    words: WORDS,
  }
}

type Remains = Statement['remains']['rows'][number]

function remainingOf({ until, ...one }: Remaining, rules: Rules): Remains {
  invariant(one.why !== 'LEFT', 'nothing is left that may not be')
  const held = one.why === 'HELD' ? rules[one.class as keyof Rules] : undefined
  return {
    ...one,
    why: one.why,
    ...(until && held ? { until: `${until.slice(0, 19).replace(' ', 'T')}Z` } : {}),
    ...(held ? { grounds: [...held.grounds, ERASURE] } : {}),
  }
}

async function deletedBy(
  { engine, database }: WorkParts,
  job: string,
): Promise<Statement['deleted']> {
  const rows = await engine.query<{ table: string; class: string; rows: string }>(
    `SELECT table_name AS "table", class, sum(rows)::BIGINT AS rows
     FROM ${LAKE}.bronze.${ERASED.name} WHERE job = ${quoted(job)}
     GROUP BY ALL HAVING sum(rows) > 0 ORDER BY ALL`,
  )
  const all = [...rows, ...(await changedLogs(database, job))]
  return all.map(({ table, class: kind, rows: count }) => ({
    table,
    class: kind,
    rows: Number(count),
  }))
}

interface Taken extends Record<string, unknown> {
  readonly block: string
  readonly tx_index: number
  readonly position: number
  readonly commitment: string
}

const placesTaken = (database: Database, job: string): Promise<Taken[]> =>
  database.query<Taken>(
    `SELECT block, tx_index, position, commitment FROM lake_redactions WHERE job = $1
     ORDER BY block, tx_index, position`,
    [job],
  )

/** With the transaction and the hash of the key, by which anybody finds the hash of the value on the ledger. */
async function commitmentsOf(engine: Engine, taken: readonly Taken[]): Promise<Commitment[]> {
  if (taken.length === 0) return []
  const rows = await engine.query<{ place: string; tx_id: string; kind: string; id: string }>(
    `SELECT w.block || '/' || w.tx_index || '/' || w.position AS place, t.tx_id, w.kind, w.id
     FROM ${LAKE}.bronze.writes w
     JOIN ${LAKE}.bronze.transactions t ON t.block = w.block AND t.tx_index = w.tx_index
     WHERE ${isMarkerSql('w.value')}`,
  )
  const byPlace = new Map(rows.map(row => [row.place, row]))
  return taken.map(({ block, tx_index: txIndex, position, commitment }) => {
    const row = byPlace.get(placeText(block, txIndex, position))
    invariant(row, 'a value that was taken out keeps its place')
    const key = row.kind === '' ? row.id : recordKey(row.kind as RecordKind, row.id)
    const hashes = { keyHash: sha256Hex(key), valueHash: commitment }
    return { block, txId: row.tx_id, txIndex, position, ...hashes }
  })
}

export async function oldestSnapshot(engine: Engine): Promise<string> {
  const [row] = await engine.query<{ id: string }>(
    `SELECT min(snapshot_id) AS id FROM ${LAKE}.snapshots()`,
  )
  return row?.id ?? '0'
}

/** The proof is kept, and the name is not. */
async function end(
  { database, identity }: WorkParts,
  row: ErasureRow,
  { statement, secret }: { statement: Statement; secret: Secret },
): Promise<void> {
  const proof = await signProof(statement, identity, secret.nonce)
  await database.transaction(async tx => {
    const ended = await tx.execute(
      `UPDATE lake_erasures SET step = 'DONE', step_at = now(), fault = NULL, sealed = NULL, proof = $2
       WHERE erasure_id = $1 AND step = 'PURGED'`,
      [row.erasure_id, JSON.stringify(proof)],
    )
    if (ended > 0 && row.consent_id !== null) await allowAgain(tx, row, secret)
  })
}

/** Whoever withdrew is not forgotten: a consent of before or after this moment brings records again. */
async function allowAgain(
  tx: Queryable,
  { erasure_id: id, source }: ErasureRow,
  { subject }: Secret,
): Promise<void> {
  invariant(source !== null, 'a consent is one to a source')
  await tx.execute('DELETE FROM lake_forgotten WHERE erasure_id = $1', [id])
  await tellAgain(tx, source, subject)
}
