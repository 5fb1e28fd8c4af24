/** Boosted trees as data: what is kept, sent, hashed and put on the ledger. */
import { z } from 'zod'
import { required } from '../fault.ts'
import { parsed } from '../parsed.ts'
import type { Column } from '../table.ts'
import type { Cut } from './bins.ts'
import type { Grown, GrownNode } from './grow.ts'
import { BINS_MAX, DEPTH_MAX } from './settings.ts'

const whole = z
  .int()
  .min(0)
  .max(2 ** 31 - 1)
const finite = z.number().refine(Number.isFinite)

const tree = z.strictObject({
  /** Of the table; -1 at a leaf. */
  column: z.array(z.int().min(-1)).min(1),
  /** NUMBER: what is not larger goes left. */
  threshold: z.array(finite),
  /** CATEGORY: what goes left. */
  levels: z.array(z.array(whole).max(BINS_MAX).nullable()),
  /** What is missing, or a level that was rare, goes left. */
  missingLeft: z.array(z.boolean()),
  /** The node on the left; the one on the right lies behind it. 0 at a leaf. */
  left: z.array(whole),
  /** What a leaf adds to the score; at other nodes what they would add if they were one. */
  value: z.array(finite),
  /** Rows that it was grown from. */
  rows: z.array(whole.min(1)),
})

const column = z.strictObject({
  name: z.string().min(1).max(200),
  kind: z.enum(['NUMBER', 'CATEGORY']),
  monotone: z.union([z.literal(1), z.literal(-1)]).optional(),
  /** CATEGORY: the levels that were told from others. */
  levels: z.array(whole).max(BINS_MAX).optional(),
})

const model = z.strictObject({
  schema: z.literal(1),
  kind: z.literal('BOOSTED_TREES'),
  objective: z.enum(['LOGISTIC', 'SQUARED']),
  baseScore: finite,
  columns: z.array(column).min(1),
  trees: z.array(tree),
})

export type TreeModel = z.infer<typeof model>
export type ModelTree = z.infer<typeof tree>
export type ModelColumn = z.infer<typeof column>

/**
 * Whatever comes from a file or from another party.
 *
 * @throws LearningFault LEARNING_MODEL, with the path of what is wrong.
 */
export function parseModel(json: unknown): TreeModel {
  const read = parsed(model, json)
  read.trees.forEach((one, at) => checkTree(one, read.columns.length, at))
  return read
}

/** Each node but the root below exactly one that lies before it: no way through it is endless, or too long to walk. */
function checkTree(one: ModelTree, columnCount: number, at: number): void {
  const count = one.column.length
  const isAsLong = [
    one.threshold,
    one.levels,
    one.missingLeft,
    one.left,
    one.value,
    one.rows,
  ].every(list => list.length === count)
  required(isAsLong, 'LEARNING_MODEL', `trees.${at}: lists of different lengths`)
  const above = new Uint8Array(count)
  const depth = new Uint8Array(count)
  for (let node = 0; node < count; node += 1) {
    const of = one.column[node] as number
    if (of < 0) continue
    const left = one.left[node] as number
    const isBelow = of < columnCount && left > node && left + 1 < count
    required(isBelow, 'LEARNING_MODEL', `trees.${at}: node ${node} leads nowhere`)
    const below = (depth[node] as number) + 1
    required(below <= DEPTH_MAX, 'LEARNING_MODEL', `trees.${at}: deeper than ${DEPTH_MAX}`)
    depth.fill(below, left, left + 2)
    above[left] = (above[left] as number) + 1
    above[left + 1] = (above[left + 1] as number) + 1
  }
  const isTree = above.every((times, node) => times === (node === 0 ? 0 : 1))
  required(isTree, 'LEARNING_MODEL', `trees.${at}: not a tree`)
}

export function modelColumns(columns: readonly Column[], cuts: readonly Cut[]): ModelColumn[] {
  return columns.map(({ name, kind, monotone }, at) => ({
    name,
    kind,
    ...(monotone ? { monotone } : {}),
    ...(kind === 'CATEGORY' ? { levels: [...(cuts[at] as Cut).edges] } : {}),
  }))
}

export function modelTree({ nodes }: Grown, cuts: readonly Cut[], learningRate: number): ModelTree {
  return {
    column: nodes.map(({ split }) => split?.column ?? -1),
    threshold: nodes.map(node => thresholdOf(node, cuts)),
    levels: nodes.map(node => levelsOf(node, cuts)),
    missingLeft: nodes.map(({ split }) => split?.missingLeft ?? false),
    left: nodes.map(({ left }) => Math.max(0, left)),
    value: nodes.map(({ value }) => value * learningRate),
    rows: nodes.map(({ sums }) => sums.rows),
  }
}

function thresholdOf({ split }: GrownNode, cuts: readonly Cut[]): number {
  if (!split || split.levels) return 0
  return (cuts[split.column] as Cut).edges[split.bin - 1] as number
}

function levelsOf({ split }: GrownNode, cuts: readonly Cut[]): number[] | null {
  if (!split?.levels) return null
  const { edges } = cuts[split.column] as Cut
  return split.levels.filter(bin => bin > 0).map(bin => edges[bin - 1] as number)
}
