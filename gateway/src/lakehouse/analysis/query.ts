/**
 * A reader's question to the lake: checked, then run over views in a process of the reader's own. A
 * sandbox is opened at the first question and kept; the one that has not been asked for longest
 * makes place.
 */
import { fold, withoutPlaces, type Node } from './ast.ts'
import type { Catalogue } from './catalogue.ts'
import { checkText, checkTree, refusal, type CheckedQuery } from './check.ts'
import { createLineage, type Lineage, type QueryLineage } from './lineage.ts'
import type { Limits, Policy, Reader, RolePolicy } from './policy.ts'
import type { Answer, Bound } from './protocol.ts'
import { createShelf, type Opened } from './shelf.ts'

/** Where the tables are: a DuckLake, or in a test tables in memory. */
export interface AnalysisLake {
  /** The catalogue's name inside the sandbox. */
  readonly catalogue: string
  /** Statements that attach it for reading, as it is or as it was at a version. */
  attach(version?: number): readonly string[]
  /** Folders or buckets of its files. */
  readonly folders: readonly string[]
  /** What no message may show. */
  readonly secrets: readonly string[]
}

export interface AnalysisOptions {
  readonly lake: AnalysisLake
  readonly catalogue: Catalogue
  readonly policy: Policy
  /** Of the organisation, 32 bytes; pseudonyms change with it. */
  readonly secret: Uint8Array
  readonly sandboxesMax?: number
  /** How long a sandbox that nobody asks stays open. */
  readonly idleMs?: number
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

/** Of an answer, at the most. */
export type Size = Pick<Limits, 'rowsMax' | 'bytesMax'>

export interface Analysis {
  runQuery(reader: Reader, question: Question): Promise<QueryAnswer>
  /** The tree and what it names, without running it. */
  checkQuery(reader: Reader, question: Question): Promise<CheckedQuery>
  /** Runs a tree that was made from a checked one; it is checked once more as text. */
  runTree(reader: Reader, tree: Node, question: Question, size: Size): Promise<Answer>
  policyOf(reader: Reader): RolePolicy
  /** Of a column, and of each column of a query that the reader may ask. */
  lineageOfColumn(reader: Reader, table: string, column: string): ReturnType<Lineage['ofColumn']>
  lineageOf(reader: Reader, question: Question): Promise<QueryLineage>
  readonly catalogue: Catalogue
  close(): void
}

export function createAnalysis(options: AnalysisOptions): Analysis {
  const shelf = createShelf(options)
  const policyOf = (reader: Reader): RolePolicy => options.policy[reader.role]
  const using = <T>(
    reader: Reader,
    question: Pick<Question, 'version'>,
    work: (opened: Opened) => Promise<T>,
  ): Promise<T> => shelf.using({ reader, version: question.version }, work)

  function run(opened: Opened, reader: Reader, asked: Question, size: Size): Promise<Answer> {
    const { timeoutMs } = policyOf(reader).limits
    const { rowsMax, bytesMax } = size
    const values = asked.values ?? {}
    return opened.sandbox.run({ sql: asked.sql, values, timeoutMs, rowsMax, bytesMax })
  }

  const lineageIn = ({ sandbox }: Opened): Lineage =>
    createLineage({
      catalogue: options.catalogue,
      parse: async sql => (await sandbox.parse(sql)).tree,
    })

  return {
    policyOf,
    catalogue: options.catalogue,
    lineageOf: (reader, question) =>
      using(reader, question, async opened =>
        lineageIn(opened).of((await check(opened, question)).node),
      ),
    lineageOfColumn: (reader, table, column) =>
      using(reader, {}, async opened => {
        if (!opened.tables.has(table)) throw refusal('QUERY_TABLE', 'no such table', 403)
        return lineageIn(opened).ofColumn(table, column)
      }),
    checkQuery: (reader, question) => using(reader, question, opened => check(opened, question)),
    runQuery: (reader, question) =>
      using(reader, question, async opened => {
        const from = performance.now()
        const { tables } = await check(opened, question)
        const answer = await run(opened, reader, question, policyOf(reader).limits)
        return { ...answer, tables: [...tables].sort(), elapsedMs: performance.now() - from }
      }),
    runTree: (reader, node, question, size) =>
      using(reader, question, async opened => {
        const sql = await opened.sandbox.print({ error: false, statements: [{ node }] })
        const printed = { ...question, sql }
        const again = await check(opened, printed)
        if (!isSame(again.node, node)) throw refusal('QUERY_FORM', 'write the query more simply')
        return run(opened, reader, printed, size)
      }),
    close: shelf.close,
  }
}

async function check({ sandbox, tables }: Opened, question: Question): Promise<CheckedQuery> {
  checkText(question.sql)
  const reserved = await sandbox.reserved()
  const { tree, names } = await sandbox.parse(question.sql)
  const checked = checkTree(tree, { tables, reserved })
  checkNames(checked, names)
  checkValues(checked, question)
  return checked
}

/**
 * What is printed must be read back as the same tree: a name that prints as something else would be
 * an injection.
 */
const isSame = (one: Node, other: Node): boolean =>
  JSON.stringify(withoutPlaces(one)) === JSON.stringify(withoutPlaces(other))

/**
 * What the engine itself finds in the text must have been found by the check: a second look, for
 * the day on which the check does not know a new place where a table can stand. Of a query with
 * parameters the engine says nothing.
 */
function checkNames({ tables }: CheckedQuery, names: readonly string[] | null): void {
  if (!names) throw refusal('QUERY_INVALID', 'the query makes no sense to the engine')
  const known = new Set([...tables].map(name => name.split('.').at(-1)))
  if (names.some(name => !known.has(fold(name))))
    throw refusal('QUERY_TABLE', 'write the names of the tables plainly', 403)
}

function checkValues({ parameters }: CheckedQuery, { values = {} }: Question): void {
  const given = new Set(Object.keys(values))
  for (const name of parameters)
    if (!given.has(name)) throw refusal('QUERY_PARAMETER', `no value for $${name}`)
  for (const name of given)
    if (!parameters.has(name)) throw refusal('QUERY_PARAMETER', `the query has no $${name}`)
}
