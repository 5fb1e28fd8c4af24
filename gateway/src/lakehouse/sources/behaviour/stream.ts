/** Makes the cuts that are due, and the rows that follow from them. */
import { CodedError } from '../../../platform/faults.ts'
import type { Queryable } from '../../../platform/database/database.ts'
import { NO_ROWS, type Engine, type LakeTransaction } from '../../engine.ts'
import { lakeHeight } from '../../ledger/height.ts'
import { LAKE, quoted } from '../../names.ts'
import { movePosition, positionOf } from '../../positions.ts'
import { pull, type LakeParts, type Stream } from '../../stream.ts'
import { CATALOGUE } from '../catalogue/index.ts'
import { CUTS_AT_ONCE, cutsDue, type Cut, type Known } from './cuts.ts'
import { BEHAVIOUR, BEHAVIOUR_STREAM, CUTS, measuredSql, MEMBER_CODES } from './tables.ts'

const PAUSE_MS = 5_000

export interface BehaviourOptions {
  readonly engine: Engine
  /** Has the directory of members. */
  readonly database: Queryable
  /** How often within a day. */
  readonly everyMs: number
  readonly now?: () => number
}

/** Whether more is due, and whether anything was made. */
export type Look = () => Promise<{
  readonly outcome: 'MORE' | 'CAUGHT_UP'
  readonly isMoved: boolean
}>

export function createBehaviour(options: BehaviourOptions): Look {
  const { engine, database, everyMs, now = Date.now } = options
  const sinceMs = now()
  const known = knownOf(engine)
  /** What this process has made last; nobody else makes cuts, and who does finds the position moved. */
  let made: { readonly position: string | undefined; readonly last: Cut | undefined } | undefined

  async function fillNext(): Promise<'MORE' | 'CAUGHT_UP'> {
    const position = await positionOf(engine, BEHAVIOUR_STREAM)
    const cuts = await cutsBehind(engine, Number(position ?? -1))
    if (cuts.length > 0) {
      await fill(engine, position, { cuts, isNew: false, codes: [] })
      return 'MORE'
    }
    const [last] = await cutsBehind(engine, Number(position ?? -1) - 1)
    made = { position, last }
    return 'CAUGHT_UP'
  }

  async function makeDue({ position, last }: NonNullable<typeof made>) {
    const cuts = await cutsDue(last, known, { nowMs: now(), sinceMs, everyMs })
    const newest = cuts.at(-1)
    if (!newest) return 'CAUGHT_UP'
    made = undefined
    await fill(engine, position, { cuts, isNew: true, codes: await newCodes(engine, database) })
    made = { position: String(newest.number), last: newest }
    return cuts.length < CUTS_AT_ONCE ? 'CAUGHT_UP' : 'MORE'
  }

  return async () => {
    if (!made && (await fillNext()) === 'MORE') return { outcome: 'MORE', isMoved: true }
    const before = made?.position
    const outcome = made ? await makeDue(made) : 'CAUGHT_UP'
    return { outcome, isMoved: made?.position !== before }
  }
}

interface CutRow extends Record<string, unknown> {
  readonly number: string
  readonly as_of: string
  readonly revision: string
  readonly block: string
  readonly known_ms: string
  readonly final: boolean
}

/** In their order; as many as one transaction takes. */
async function cutsBehind({ query }: Pick<Engine, 'query'>, number: number): Promise<Cut[]> {
  const rows = await query<CutRow>(
    `SELECT number, as_of, revision, block, epoch_ms(known_at) AS known_ms, final
     FROM ${LAKE}.bronze.${CUTS.name} WHERE number > ${number} ORDER BY number LIMIT ${CUTS_AT_ONCE}`,
  )
  return rows.map(row => ({
    number: Number(row.number),
    asOf: row.as_of,
    revision: Number(row.revision),
    block: BigInt(row.block),
    knownAtMs: Number(row.known_ms),
    isFinal: row.final,
  }))
}

function knownOf(engine: Engine): Known {
  const transactions = `${LAKE}.bronze.transactions`
  return {
    height: () => lakeHeight(engine),
    async firstMs() {
      const [first] = await engine.query<{ ms: string | null }>(
        `SELECT epoch_ms(min("at")) AS ms FROM ${transactions}`,
      )
      return first?.ms ? Number(first.ms) : undefined
    },
    async blockBefore(ms) {
      const [later] = await engine.query<{ block: string | null }>(
        `SELECT min(block) - 1 AS block FROM ${transactions} WHERE "at" >= ${instant(ms)}`,
      )
      return later?.block ? BigInt(later.block) : undefined
    },
  }
}

interface Code extends Record<string, unknown> {
  readonly member_id: string
  readonly uscc: string
}

async function newCodes({ query }: Pick<Engine, 'query'>, database: Queryable): Promise<Code[]> {
  const rows = await query<{ member: string }>(
    `SELECT member FROM ${LAKE}.bronze.${MEMBER_CODES.name}`,
  )
  const known = new Set(rows.map(({ member }) => member))
  const members = await database.query<Code>('SELECT member_id, uscc FROM members')
  return members.filter(({ member_id }) => !known.has(member_id))
}

interface Filling {
  readonly cuts: readonly Cut[]
  readonly isNew: boolean
  readonly codes: readonly Code[]
}

async function fill(
  engine: Engine,
  after: string | undefined,
  { cuts, isNew, codes }: Filling,
): Promise<void> {
  const last = cuts.at(-1)
  if (!last) throw new CodedError('CUTS_MISSING')
  await engine.write(NO_ROWS, async transaction => {
    await movePosition(transaction, BEHAVIOUR_STREAM, { after, to: String(last.number) })
    const values = cuts.map(valuesOf).join(', ')
    if (isNew) await transaction.run(`INSERT INTO ${LAKE}.bronze.${CUTS.name} VALUES ${values}`)
    await noteCodes(transaction, codes, cuts[0]?.knownAtMs ?? 0)
    await transaction.run(
      `INSERT INTO ${LAKE}.silver.${BEHAVIOUR.name} ${measuredSql(
        `(VALUES ${values}) AS t (${Object.keys(CUTS.columns).join(', ')})`,
      )}`,
    )
  })
}

const instant = (ms: number): string => `make_timestamp(${ms}::BIGINT * 1000)`

/** In the order of the columns of `CUTS`. */
const valuesOf = ({ number, asOf, revision, block, knownAtMs, isFinal }: Cut): string =>
  `(${number}, DATE '${asOf}', ${revision}, ${block}, ${instant(knownAtMs)}, ${isFinal})`

/** Known from the first of these cuts on: a code is no fact of a day. */
async function noteCodes(
  { run }: LakeTransaction,
  codes: readonly Code[],
  knownAtMs: number,
): Promise<void> {
  if (codes.length === 0) return
  const rows = codes.map(
    ({ member_id, uscc }) => `(${quoted(member_id)}, ${quoted(uscc)}, ${instant(knownAtMs)})`,
  )
  await run(`INSERT INTO ${LAKE}.bronze.${MEMBER_CODES.name} VALUES ${rows.join(', ')}`)
}

export function startLedgerBehaviour(parts: LakeParts): Stream {
  const { engine, database, settings, journal } = parts
  const everyMs = settings.behaviourSeconds * 1_000
  const look = createBehaviour({ engine, database, everyMs })
  let isSaid = false
  return pull(
    {
      name: BEHAVIOUR_STREAM,
      pauseMs: PAUSE_MS,
      async take() {
        const { outcome, isMoved } = await look()
        if (isMoved || !isSaid) journal.stream(BEHAVIOUR_STREAM, { facts: await factsOf(engine) })
        isSaid = true
        return outcome
      },
    },
    parts,
  )
}

/** In the words of `SourceStatus`. */
async function factsOf({ query }: Engine): Promise<Record<string, unknown>> {
  const [row] = await query<{ records: string; event_ms: string | null; known_ms: string | null }>(
    `SELECT count(*) AS records, epoch_ms(max(event_at)) AS event_ms,
       epoch_ms(max(arrived_at)) AS known_ms FROM ${LAKE}.silver.${BEHAVIOUR.name}`,
  )
  const iso = (ms: string): string => new Date(Number(ms)).toISOString()
  if (!row?.event_ms || !row.known_ms) return { state: 'NEVER' }
  const age = Date.now() - Number(row.event_ms)
  return {
    state: age > CATALOGUE.ledger_behaviour.freshDays * 86_400_000 ? 'STALE' : 'FRESH',
    records: Number(row.records),
    lastEventAt: iso(row.event_ms),
    lastArrivalAt: iso(row.known_ms),
  }
}
