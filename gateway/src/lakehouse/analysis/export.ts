/**
 * Answers that leave the house: k-anonymous, or not at all.
 *
 * Rows that agree in all quasi-identifiers of the answer are a group; a group that is about fewer
 * than k subjects is left out, and how many rows that were is said. An aggregate's group is counted
 * the same way. People are counted, not rows: ten invoices of one supplier are one supplier.
 *
 * What k-anonymity does not protect from. A group of k who all have the same sensitive value tells
 * that value. A sum that one of k dominates is nearly that one's. What the recipient knows from
 * elsewhere counts as a quasi-identifier whether it is declared or not. And two answers that are
 * each harmless may differ by one person; against that stands the simplest rule that can be
 * checked: a group is left out when the rows by which it differs from any group published before to
 * the same audience are about fewer than k subjects. It sees pairs. Three answers or more, added
 * and subtracted, or two audiences that talk to each other, it does not see: for that there is
 * noise with a budget, which this is not.
 */
import { nodesOf, type Json, type Node } from './ast.ts'
import { refusal } from './check.ts'
import { originsOf } from './origins.ts'
import { createPace } from './pace.ts'
import type { Reader } from './policy.ts'
import type { Answer, ResultColumn } from './protocol.ts'
import type { Analysis, Question } from './query.ts'
import { hashOf, subjectsBetween, type ReleaseBook, type ReleasedRows } from './releases.ts'
import { exportShape, type ExportShape, type SubjectTable } from './shape.ts'

export interface Exported {
  readonly columns: readonly ResultColumn[]
  readonly rows: readonly (readonly Json[])[]
  readonly k: number
  /** Rows that were left out; of an aggregate the groups. */
  readonly suppressed: number
  /** Of these, the ones that differ too little from what was exported before. */
  readonly tooSimilar: number
}

/** What a k-anonymous answer is judged against and written into; see releases.ts. */
export interface Exporting {
  readonly analysis: Analysis
  readonly book: ReleaseBook<Exported>
}

/** With the keys of all rows that went into it: so much is compared without keeping others waiting. */
const SIZE = { rowsMax: 20_000, bytesMax: 8 * 1024 * 1024 }
const TOO_LARGE = `at most ${SIZE.rowsMax} rows, and not too many behind its groups; export a part`
/** Groups, and rows behind them, that are compared with every new one; beyond it no more is to be had. */
const GROUPS_MAX = 2_000
const RELEASED_ROWS_MAX = 200_000

/** Whoever may be handed the same files: the users of one reader. */
export const audienceOf = (reader: Reader): string =>
  JSON.stringify([reader.role, reader.mspId, reader.memberId ?? ''])

/** @throws EXPORT_FORM, EXPORT_TOO_LARGE, EXPORT_BUDGET and whatever refuses the query itself. */
export async function exportRows(
  { analysis, book }: Exporting,
  reader: Reader,
  question: Question,
): Promise<Exported> {
  const { node } = await analysis.checkQuery(reader, question)
  const shape = exportShape(node, analysis.catalogue)
  const tree = withKeys(node, shape)
  const answer = await analysis.runTree(reader, tree, question, SIZE)
  if (answer.truncated) throw refusal('EXPORT_TOO_LARGE', TOO_LARGE, 422)
  const quasi = quasiColumns(node, analysis, answer.columns.length - shape.subjects.length)
  const groups = await groupsOf(answer, shape, quasi)
  const { k } = analysis.policyOf(reader)
  return book.publish(audienceOf(reader), async before => {
    checkBudget(before, groups)
    const judged = await judgeAll(groups, before, k)
    const published = judged.filter(({ verdict }) => verdict === 'PUBLISHED')
    const countOf = (wanted: Verdict): number =>
      judged
        .filter(({ verdict }) => verdict === wanted)
        .reduce((sum, { group }) => sum + group.rows.length, 0)
    const result = {
      columns: answer.columns.slice(0, -shape.subjects.length),
      rows: inOrder(published.flatMap(({ group }) => group.rows)),
      k,
      suppressed: countOf('SMALL') + countOf('SIMILAR'),
      tooSimilar: countOf('SIMILAR'),
    }
    // What is published again tells nothing new, and takes no place in the book.
    const isNew = (rows: ReleasedRows): boolean =>
      !before.some(old => subjectsBetween(rows, old, 1) === 0)
    return { result, groups: published.flatMap(({ group }) => group.people).filter(isNew) }
  })
}

function checkBudget(before: readonly ReleasedRows[], groups: readonly Group[]): void {
  const people = [...before, ...groups.flatMap(group => group.people)]
  const rows = people.reduce((sum, { size }) => sum + size, 0)
  if (people.length > GROUPS_MAX || rows > RELEASED_ROWS_MAX)
    throw refusal(
      'EXPORT_BUDGET',
      'so much is published already that no more can be compared with it; use what was exported',
      422,
    )
}

/** The engine's order is that of arrival, which is nobody's business. */
const inOrder = (rows: readonly (readonly Json[])[]): readonly (readonly Json[])[] =>
  rows
    .map(row => ({ row, text: JSON.stringify(row) }))
    .sort((one, other) => (one.text < other.text ? -1 : 1))
    .map(({ row }) => row)

interface Group {
  readonly rows: (readonly Json[])[]
  /** By table of the query. */
  readonly people: readonly Map<string, string>[]
}

type Verdict = 'PUBLISHED' | 'SMALL' | 'SIMILAR'

async function judgeAll(
  groups: readonly Group[],
  before: readonly ReleasedRows[],
  k: number,
): Promise<readonly { readonly group: Group; readonly verdict: Verdict }[]> {
  const pace = createPace()
  const judged: { group: Group; verdict: Verdict }[] = []
  for (const group of groups) {
    judged.push({ group, verdict: judge(group, before, k) })
    await pace()
  }
  return judged
}

function judge(group: Group, before: readonly ReleasedRows[], k: number): Verdict {
  if (group.people.some(rows => new Set(rows.values()).size < k)) return 'SMALL'
  const isNear = (rows: ReleasedRows, old: ReleasedRows): boolean => {
    const between = subjectsBetween(rows, old, k)
    return between > 0 && between < k
  }
  return group.people.some(rows => before.some(old => isNear(rows, old))) ? 'SIMILAR' : 'PUBLISHED'
}

/** Per table one column more: subject and key of the row, of an aggregate all that went into it. */
function withKeys(node: Node, { subjects, isAggregate }: ExportShape): Node {
  const keys = subjects.map(table => (isAggregate ? listed(keyOf(table)) : keyOf(table)))
  return { ...node, select_list: [...nodesOf(node['select_list']), ...keys] }
}

const SEPARATOR = '\u001f'
const NO_ORDER = { type: 'ORDER_MODIFIER' }

const call = (name: string, children: readonly Node[], more: Node = {}): Node => ({
  class: 'FUNCTION',
  type: 'FUNCTION',
  function_name: name,
  children,
  order_bys: NO_ORDER,
  ...more,
})

const text = (value: string): Node => ({
  class: 'CONSTANT',
  type: 'VALUE_CONSTANT',
  value: { type: { id: 'VARCHAR' }, is_null: false, value },
})

const columnRef = (path: readonly string[]): Node => ({
  class: 'COLUMN_REF',
  type: 'COLUMN_REF',
  column_names: path,
})

const asText = (child: Node): Node => ({
  class: 'CAST',
  type: 'OPERATOR_CAST',
  child,
  cast_type: { id: 'VARCHAR' },
})

const orEmpty = (child: Node): Node => ({
  class: 'OPERATOR',
  type: 'OPERATOR_COALESCE',
  children: [asText(child), text('')],
})

const keyOf = ({ relation, subject, path }: SubjectTable): Node =>
  call('concat_ws', [
    text(SEPARATOR),
    ...[subject, ...relation.key].map(column => orEmpty(columnRef([...path, column]))),
  ])

const listed = (key: Node): Node => call('list', [key], { distinct: true })

/** Places of the answer's columns that are made from a quasi-identifier. */
function quasiColumns(node: Node, { catalogue }: Analysis, width: number): readonly number[] {
  const names = (table: string): readonly string[] | undefined => {
    const relation = catalogue.get(table)
    return relation && Object.keys(relation.columns)
  }
  const isQuasi = (name: string): boolean => {
    const at = name.lastIndexOf('.')
    return catalogue.get(name.slice(0, at))?.columns[name.slice(at + 1)]?.isQuasi ?? true
  }
  const { columns } = originsOf(node, names)
  // Counted differently, the wrong column would be taken for harmless.
  if (columns.length !== width) throw refusal('EXPORT_FORM', 'name the columns', 422)
  return columns.flatMap(({ from }, at) => ([...from].some(isQuasi) ? [at] : []))
}

async function groupsOf(
  answer: Answer,
  shape: ExportShape,
  quasi: readonly number[],
): Promise<readonly Group[]> {
  const pace = createPace()
  const groups = new Map<string, Group>()
  const width = answer.columns.length - shape.subjects.length
  for (const [at, row] of answer.rows.entries()) {
    await pace()
    // Each row of an aggregate is a group of its own, whatever it groups by.
    const name = shape.isAggregate
      ? String(at)
      : JSON.stringify(quasi.map(place => row[place] ?? null))
    const group: Group = groups.get(name) ?? {
      rows: [],
      people: shape.subjects.map(() => new Map()),
    }
    groups.set(name, group)
    group.rows.push(row.slice(0, width))
    shape.subjects.forEach(({ relation }, place) =>
      note(group.people[place], relation.name, row[width + place]),
    )
  }
  return [...groups.values()]
}

/** Silver and gold name the same row by the same key, so the layer is no part of it. */
function note(
  people: Map<string, string> | undefined,
  table: string,
  keys: Json | undefined,
): void {
  const base = table.split('.').at(-1) ?? table
  for (const key of Array.isArray(keys) ? (keys as readonly Json[]) : [keys ?? null]) {
    const [subject = ''] = String(key).split(SEPARATOR)
    if (subject !== '') people?.set(hashOf(`${base}${SEPARATOR}${key}`), hashOf(subject))
  }
}
