/**
 * What analysts do, whoever carries it to them: each question is asked as its caller may ask, and noted with what
 * became of it.
 */
import type { Caller } from '../../platform/http/tokens.ts'
import { answerOf, callOf, questionOf, type Ask, type Asker, type Asking } from './asking.ts'
import type { Relation } from './catalogue.ts'
import { refusal } from './check.ts'
import { createDesk, type DeskOptions, type Moment } from './desk.ts'
import { exportActions, type ExportActions } from './exporting.ts'
import { maskFor, type Reader, type RolePolicy } from './policy.ts'
import type { Analysis, Question } from './query.ts'
import { createQueryLog, type QueryLog } from './queryLog.ts'
import { readerOf } from './reader.ts'
import { savedActions, type SavedActions } from './saving.ts'

export interface Analysts {
  tables(caller: Caller): Promise<ReturnType<typeof tablesOf>>
  lineage(
    caller: Caller,
    place: { readonly table: string; readonly column: string },
  ): ReturnType<Analysis['lineageOfColumn']>
  run(caller: Caller, asking: Asking): Promise<ReturnType<typeof answerOf>>
  check(caller: Caller, asking: Asking): ReturnType<typeof checkedOf>
  readonly saved: SavedActions
  readonly exports: ExportActions
  readonly log: QueryLog
  close(): void
}

const IN_FLIGHT_MAX = 3

/** The configuration of the gateway, and its own database; the lake is opened at the first question. */
export function createAnalysts(options: DeskOptions): Analysts {
  const { config, database } = options
  const desk = createDesk(options)
  const log = createQueryLog(database)

  const inFlight = new Map<string, number>()

  /** Readers of one kind share a sandbox, which answers in turn: nobody fills the queue for the others. */
  async function inPlace<T>({ userId }: Caller, work: () => Promise<T>): Promise<T> {
    const count = inFlight.get(userId) ?? 0
    if (count >= IN_FLIGHT_MAX)
      throw refusal('QUERY_BUSY', 'wait for the answers to your own questions', 429)
    inFlight.set(userId, count + 1)
    try {
      return await work()
    } finally {
      const left = (inFlight.get(userId) ?? 1) - 1
      if (left > 0) inFlight.set(userId, left)
      else inFlight.delete(userId)
    }
  }

  const ask: Ask = ({ caller, asked, moment = {} }, work) =>
    log.noting(caller, asked, told => {
      const reader = readerOf(config, caller)
      told.role = reader.role
      return inPlace(caller, () =>
        desk.using(async analysis => {
          checkMoment(analysis.policyOf(reader), moment)
          const version = await desk.versionAt(moment)
          told.snapshot = version
          return work({ analysis, reader, version, told })
        }),
      )
    })

  return {
    log,
    saved: savedActions(database, ask),
    exports: exportActions({ database, config, log, ask }),
    tables: async caller => {
      const reader = readerOf(config, caller)
      return desk.using(async analysis => tablesOf(analysis, reader))
    },
    lineage: async (caller, { table, column }) => {
      const reader = readerOf(config, caller)
      return desk.using(analysis => analysis.lineageOfColumn(reader, table, column))
    },
    run: (caller, asking) =>
      ask(callOf(caller, asking, { kind: 'RUN', route: 'lakeQueries.run' }), async asker =>
        answerOf(
          await asker.analysis.runQuery(asker.reader, questionOf(asking, asker.version)),
          asker,
        ),
      ),
    check: (caller, asking) =>
      ask(callOf(caller, asking, { kind: 'CHECK', route: 'lakeQueries.check' }), asker =>
        checkedOf(asker, questionOf(asking, asker.version)),
      ),
    close: desk.close,
  }
}

/** Said before anything is looked up: whether there was such a moment is an answer too. */
function checkMoment(policy: RolePolicy, { at, atBlock }: Moment): void {
  if ((at !== undefined || atBlock !== undefined) && !policy.isTimeTraveller)
    throw refusal('QUERY_AT', 'the role sees the lake as it is', 403)
}

async function checkedOf({ analysis, reader, told }: Asker, question: Question) {
  const { tables, parameters } = await analysis.checkQuery(reader, question)
  told.tables = [...tables].sort()
  const lineage = await analysis.lineageOf(reader, question)
  return { tables: told.tables, parameters: [...parameters].sort(), ...lineage }
}

function tablesOf(analysis: Analysis, reader: Reader) {
  const policy = analysis.policyOf(reader)
  const { rowsMax, timeoutMs } = policy.limits
  const tables = Object.keys(policy.tables)
    .sort()
    .flatMap(name => {
      const relation = analysis.catalogue.get(name)
      return relation ? [tableOf(relation, policy)] : []
    })
  return {
    role: reader.role,
    k: policy.k,
    timeTravel: policy.isTimeTraveller,
    rowsMax,
    timeoutMs,
    tables,
  }
}

const tableOf = ({ name, words, columns }: Relation, policy: RolePolicy) => ({
  name,
  ...(words ? { words } : {}),
  rows: policy.tables[name] === 'ALL' ? ('ALL' as const) : ('PART' as const),
  columns: Object.entries(columns).map(([column, each]) => ({
    name: column,
    ...each,
    mask: maskFor(policy, each.kind),
  })),
})
