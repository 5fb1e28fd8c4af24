/**
 * A reader's question to the lake: checked, then run over views in a process of the reader's own. A sandbox is opened at
 * the first question and kept; the one that has not been asked for longest makes place.
 */
import { CodedError } from '../../platform/faults.ts'
import { withoutPlaces, type Node } from './ast.ts'
import type { Catalogue } from './catalogue.ts'
import { checkText, checkTree, refusal, type CheckedQuery } from './check.ts'
import { createLineage, type Lineage, type QueryLineage } from './lineage.ts'
import { readerKey } from './masks.ts'
import type { Policy, Reader, RolePolicy } from './policy.ts'
import type { Answer, Bound } from './protocol.ts'
import { createSandbox, type Sandbox } from './sandbox.ts'
import { viewsFor } from './views.ts'

/** Where the tables are: a DuckLake, or in a test tables in memory. */
export interface AnalysisLake {
  /** The catalogue's name inside the sandbox. */
  readonly catalogue: string
  /** Statements that attach it for reading, as it is or as it was at a version. */
  attach(version?: number): readonly string[]
  /** Folders or buckets of its files. */
  readonly folders: readonly string[]
}

export interface AnalysisOptions {
  readonly lake: AnalysisLake
  readonly catalogue: Catalogue
  readonly policy: Policy
  /** Of the organisation, 32 bytes; pseudonyms change with it. */
  readonly secret: Uint8Array
  readonly sandboxesMax?: number
}

export interface Question {
  readonly sql: string
  readonly values?: Readonly<Record<string, Bound>>
  /** A version of the lake: time travel, where the role may. */
  readonly version?: number
}

export interface QueryAnswer extends Answer {
  /** `gold.invoices`: what was read. */
  readonly tables: readonly string[]
  readonly elapsedMs: number
}

export interface Analysis {
  runQuery(reader: Reader, question: Question): Promise<QueryAnswer>
  /** The tree and what it names, without running it. */
  checkQuery(reader: Reader, question: Question): Promise<CheckedQuery>
  /** Runs a tree that was made from a checked one; it is checked once more as text. */
  runTree(reader: Reader, tree: Node, question: Question, rowsMax: number): Promise<Answer>
  policyOf(reader: Reader): RolePolicy
  /** Of a column, and of each column of a query that the reader may ask. */
  lineageOfColumn(reader: Reader, table: string, column: string): ReturnType<Lineage['ofColumn']>
  lineageOf(reader: Reader, question: Question): Promise<QueryLineage>
  readonly catalogue: Catalogue
  close(): void
}

interface Opened {
  readonly sandbox: Sandbox
  readonly tables: ReadonlySet<string>
}

const SANDBOXES_MAX = 4

export function createAnalysis(options: AnalysisOptions): Analysis {
  const policyOf = (reader: Reader): RolePolicy => options.policy[reader.role]
  const sandboxes = createShelf(options)

  async function check(reader: Reader, question: Question): Promise<CheckedQuery> {
    checkText(question.sql)
    const { sandbox, tables } = sandboxes.of(reader, question.version)
    const reserved = await sandbox.reserved()
    const checked = checkTree(await sandbox.parse(question.sql), { tables, reserved })
    checkValues(checked, question)
    return checked
  }

  function run(reader: Reader, question: Question, rowsMax: number): Promise<Answer> {
    const { timeoutMs, bytesMax } = policyOf(reader).limits
    const { sandbox } = sandboxes.of(reader, question.version)
    const values = question.values ?? {}
    return sandbox.run({ sql: question.sql, values, timeoutMs, rowsMax, bytesMax })
  }

  const lineage = (reader: Reader): Lineage =>
    createLineage({
      catalogue: options.catalogue,
      parse: sql => sandboxes.of(reader).sandbox.parse(sql),
    })

  return {
    policyOf,
    async lineageOf(reader, question) {
      return lineage(reader).of((await check(reader, question)).node)
    },
    async lineageOfColumn(reader, table, column) {
      if (!sandboxes.of(reader).tables.has(table))
        throw refusal('QUERY_TABLE', 'no such table', 403)
      return lineage(reader).ofColumn(table, column)
    },
    catalogue: options.catalogue,
    checkQuery: check,
    async runQuery(reader, question) {
      const from = performance.now()
      const { tables } = await check(reader, question)
      const answer = await run(reader, question, policyOf(reader).limits.rowsMax)
      return { ...answer, tables: [...tables].sort(), elapsedMs: performance.now() - from }
    },
    async runTree(reader, node, question, rowsMax) {
      const { sandbox } = sandboxes.of(reader, question.version)
      const sql = await sandbox.print({ error: false, statements: [{ node }] })
      const printed = await check(reader, { ...question, sql })
      if (!isSame(printed.node, node)) throw refusal('QUERY_FORM', 'write the query more simply')
      return run(reader, { ...question, sql }, rowsMax)
    },
    close: sandboxes.close,
  }
}

/** What is printed must be read back as the same tree: a name that prints as something else would be an injection. */
const isSame = (one: Node, other: Node): boolean =>
  JSON.stringify(withoutPlaces(one)) === JSON.stringify(withoutPlaces(other))

function checkValues({ parameters }: CheckedQuery, { values = {} }: Question): void {
  const given = new Set(Object.keys(values))
  for (const name of parameters)
    if (!given.has(name)) throw refusal('QUERY_PARAMETER', `no value for $${name}`)
  for (const name of given)
    if (!parameters.has(name)) throw refusal('QUERY_PARAMETER', `the query has no $${name}`)
}

function createShelf(options: AnalysisOptions): {
  of(reader: Reader, version?: number): Opened
  close(): void
} {
  const opened = new Map<string, Opened>()
  const max = options.sandboxesMax ?? SANDBOXES_MAX
  return {
    of(reader, version) {
      checkVersion(options.policy[reader.role], version)
      const name = JSON.stringify([reader.role, reader.mspId, reader.memberId ?? '', version ?? ''])
      const found = opened.get(name) ?? open(options, reader, version)
      opened.delete(name)
      opened.set(name, found)
      const [oldest] = opened.keys()
      if (opened.size > max && oldest !== undefined) {
        opened.get(oldest)?.sandbox.close()
        opened.delete(oldest)
      }
      return found
    },
    close() {
      for (const { sandbox } of opened.values()) sandbox.close()
      opened.clear()
    },
  }
}

function checkVersion(policy: RolePolicy, version: number | undefined): void {
  if (version === undefined) return
  if (!policy.isTimeTraveller) throw refusal('QUERY_AT', 'the role sees the lake as it is', 403)
  if (!Number.isSafeInteger(version) || version < 0)
    throw new CodedError('QUERY_AT', { status: 400, detail: 'a version is a number' })
}

function open(options: AnalysisOptions, reader: Reader, version: number | undefined): Opened {
  const { lake, catalogue } = options
  const policy = options.policy[reader.role]
  const key = readerKey(options.secret, JSON.stringify([reader.role, reader.memberId ?? '']))
  const views = viewsFor({ catalogue, policy, reader, key, lake: lake.catalogue })
  const { memoryMb, threads } = policy.limits
  const sandbox = createSandbox({
    attach: lake.attach(version),
    views: views.sql,
    hidesRows: views.hidesRows,
    folders: lake.folders,
    memoryMb,
    threads,
  })
  return { sandbox, tables: views.tables }
}
