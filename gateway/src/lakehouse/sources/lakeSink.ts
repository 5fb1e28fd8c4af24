/**
 * The sink of the lake. A batch, the position behind it and what of it goes into silver are one transaction of the
 * lake, which batches of several sources share: a commit costs much the same for a few records as for many.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { CodedError, isFault } from '../../platform/faults.ts'
import type { Engine, LakeTransaction } from '../engine.ts'
import { LAKE, quoted, STAGING } from '../names.ts'
import { movePositions, positionsOf } from '../positions.ts'
import type { Cell, Rows } from '../session.ts'
import { PULLED } from './catalogue/index.ts'
import type { ConsentRegister } from './consents.ts'
import {
  FEW,
  isAt,
  keyText,
  NOTHING,
  type Batch,
  type RecordKey,
  type SourceSink,
  type SourceState,
} from './sink.ts'
import type { SourceName } from './source.ts'
import { DEAD_LETTERS, SOURCE_RECORDS, sourceRows, sourceTable } from './tables.ts'

export interface LakeSinkOptions {
  readonly engine: Engine
  readonly consents: ConsentRegister
  /** How long a short batch waits for those of other sources to join its transaction. */
  readonly gatherMs?: number
}

interface Waiting {
  readonly batch: Batch
  readonly settle: (fault: Error | undefined) => void
}

/** Nobody waits for a source, and one commit a second is enough. */
const GATHER_MS = 1_000
/** Records of one commit, or those of one batch: blocks wait while it is written. */
const RECORDS_MAX = 1_000

export const streamOf = (source: SourceName): string => `source/${source}`

export function createLakeSink({ engine, consents, gatherMs }: LakeSinkOptions): SourceSink {
  /** What the lake says, as this process has read or written it last; `deliver` finds out when it is not true. */
  const states = new Map<SourceName, SourceState>()
  let waiting: Waiting[] = []
  let work: Promise<void> | undefined

  async function load(): Promise<void> {
    const places = await positionsOf(
      engine,
      PULLED.map(({ name }) => streamOf(name)),
    )
    for (const { name } of PULLED) states.set(name, stateOf(places.get(streamOf(name))?.position))
  }

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      if (waiting.every(({ batch }) => batch.read <= FEW)) await delay(gatherMs ?? GATHER_MS)
      const group = fewOf(firstOfEach(waiting))
      waiting = waiting.filter(one => !group.includes(one))
      await deliverGroup(group)
    }
  }

  async function deliverGroup(group: readonly Waiting[]): Promise<void> {
    try {
      const faults = await deliverTogether(
        { engine, consents },
        group.map(({ batch }) => batch),
      )
      for (const { batch, settle } of group) {
        const fault = faults.get(batch.source)
        if (fault) states.delete(batch.source)
        else states.set(batch.source, batch.next)
        settle(fault)
      }
    } catch (error) {
      for (const { batch, settle } of group) {
        states.delete(batch.source)
        settle(error as Error)
      }
    }
  }

  return {
    async state(source) {
      if (!states.has(source)) await load()
      return states.get(source) ?? NOTHING
    },
    async known(source, keys) {
      const isEmpty = states.get(source)?.totals.records === 0
      return isEmpty ? new Map() : knownIn(engine, source, keys)
    },
    lettered: (source, raws) => letteredIn(engine, source, raws),
    deliver(batch) {
      return new Promise((resolve, reject) => {
        waiting.push({ batch, settle: fault => (fault ? reject(fault) : resolve()) })
        work ??= flush().finally(() => (work = undefined))
      })
    },
  }
}

async function knownIn({ query }: Engine, source: SourceName, keys: readonly RecordKey[]) {
  if (keys.length === 0) return new Map<string, string>()
  const rows = await query<{ id: string; revision: string; fingerprint: string }>(
    `SELECT id, revision, fingerprint FROM ${LAKE}.bronze.${SOURCE_RECORDS.name}
     WHERE source = $1 AND id IN (SELECT unnest(from_json($2, '["VARCHAR"]')))`,
    [source, JSON.stringify([...new Set(keys.map(({ id }) => id))])],
  )
  return new Map(
    rows.map(({ id, revision, fingerprint }) => [
      keyText({ id, revision: Number(revision) }),
      fingerprint,
    ]),
  )
}

async function letteredIn({ query }: Engine, source: SourceName, raws: readonly string[]) {
  if (raws.length === 0) return new Set<string>()
  const rows = await query<{ raw: string }>(
    `SELECT DISTINCT raw FROM ${LAKE}.bronze.${DEAD_LETTERS.name}
     WHERE source = $1 AND raw IN (SELECT unnest(from_json($2, '["VARCHAR"]')))`,
    [source, JSON.stringify(raws)],
  )
  return new Set(rows.map(({ raw }) => raw))
}

/** A second batch of one source waits: it can only follow the first, or find that it does not. */
const firstOfEach = (waiting: readonly Waiting[]): Waiting[] => [
  ...new Map([...waiting].reverse().map(one => [one.batch.source, one])).values(),
]

/** At least one, and no more than a commit should take. */
function fewOf(group: readonly Waiting[]): Waiting[] {
  let records = 0
  return group.filter(({ batch }, at) => {
    records += batch.records.length
    return at === 0 || records <= RECORDS_MAX
  })
}

type Faults = ReadonlyMap<SourceName, CodedError>

const TRIES = 3
const AGAIN_MS = 100

/** Of two processes that write from one snapshot one fails: it tries again, and asks again where each source is. */
async function deliverTogether(
  parts: Pick<LakeSinkOptions, 'engine' | 'consents'>,
  batches: readonly Batch[],
): Promise<Faults> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await deliverOnce(parts, batches)
    } catch (error) {
      if (!isFault(error, 'LAKE_QUERY')) throw error
      // What the engine says may repeat a value of a record: it is for the log, and for nobody's status.
      if (attempt >= TRIES) throw new Error('the lake did not take a batch', { cause: error })
      await delay(AGAIN_MS * attempt)
    }
  }
}

/** What was refused, by source; all others are in the lake, each whole. */
async function deliverOnce(
  { engine, consents }: Pick<LakeSinkOptions, 'engine' | 'consents'>,
  batches: readonly Batch[],
): Promise<Faults> {
  const asked = new Map(batches.map(({ source, consentOf }) => [source, consentOf]))
  return consents.holding(asked, async granted => {
    const faults = new Map<SourceName, CodedError>()
    const allowed = batches.filter(({ source, consentOf }) => {
      const isAllowed = consentOf.every(subject => granted.get(source)?.has(subject))
      if (!isAllowed) faults.set(source, new CodedError('CONSENT_WITHDRAWN', { facts: { source } }))
      return isAllowed
    })
    if (allowed.length === 0) return faults
    await engine.write(rowsOf(allowed), async transaction => {
      const moved = await movePositions(transaction, allowed.map(moveOf))
      await insert(
        transaction,
        allowed.filter(({ source }) => moved.has(streamOf(source))),
      )
      for (const { source } of allowed)
        if (!moved.has(streamOf(source)))
          faults.set(source, new CodedError('POSITION_MOVED', { facts: { source } }))
    })
    return faults
  })
}

const stateOf = (position: string | undefined): SourceState =>
  position === undefined ? NOTHING : (JSON.parse(position) as SourceState)

const moveOf = (batch: Batch) => ({
  stream: streamOf(batch.source),
  isAt: (position: string | undefined) => isAt(stateOf(position), batch),
  to: JSON.stringify(batch.next),
})

/** Statements only for what gets rows: one that adds none costs as much as one that does. */
async function insert({ run }: LakeTransaction, batches: readonly Batch[]): Promise<void> {
  const among = `WHERE source IN (${batches.map(({ source }) => quoted(source)).join(', ')})`
  const full = batches.filter(({ records }) => records.length > 0)
  const [records, letters] = [SOURCE_RECORDS.name, DEAD_LETTERS.name]
  if (full.length > 0)
    await run(`INSERT INTO ${LAKE}.bronze.${records} FROM ${STAGING}.${records} ${among}`)
  if (batches.some(({ dead }) => dead.length > 0))
    await run(`INSERT INTO ${LAKE}.bronze.${letters} FROM ${STAGING}.${letters} ${among}`)
  for (const { source } of full) {
    const table = sourceTable(source)
    if (table)
      await run(
        `INSERT INTO ${LAKE}.silver.${table.name} ${sourceRows(table, `${STAGING}.${records}`)}`,
      )
  }
}

const micros = (instant: string): bigint => BigInt(Date.parse(instant)) * 1000n

const rowsOf = (batches: readonly Batch[]): Rows => ({
  [SOURCE_RECORDS.name]: batches.flatMap(recordRows),
  [DEAD_LETTERS.name]: batches.flatMap(letterRows),
})

/** In the order of the columns of `SOURCE_RECORDS`. */
const recordRows = ({ records, next }: Batch): Cell[][] =>
  records.map((record, at) => [
    record.source,
    record.id,
    BigInt(record.revision),
    record.subject.kind,
    record.subject.id,
    micros(record.eventAt),
    micros(record.arrivedAt),
    BigInt(next.totals.records - records.length + at + 1),
    JSON.stringify(record.body),
    record.fingerprint,
  ])

/** In the order of the columns of `DEAD_LETTERS`. */
const letterRows = ({ dead, next }: Batch): Cell[][] =>
  dead.map(({ source, code, path, raw, isCut, arrivedAt }, at) => [
    source,
    BigInt(next.totals.dead - dead.length + at + 1),
    code,
    path,
    raw ?? null,
    isCut,
    micros(arrivedAt),
  ])
