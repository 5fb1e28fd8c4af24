/** Tree upon tree, each grown from what the ones before leave over. */
import { log, logistic, rounded } from '../exact.ts'
import { choose, createRandom } from '../random.ts'
import type { Column } from '../table.ts'
import { wordsOf, type Bins, type Cut } from './bins.ts'
import { writeGradients, type Scales } from './gradients.ts'
import { createGrower, type Asking, type Grown } from './grow.ts'
import { modelColumns, modelTree, type ModelTree, type TreeModel } from './model.ts'
import type { TreeSettings } from './settings.ts'
import { sidesOf } from './split.ts'

export interface BinnedRows {
  readonly bins: Bins
  readonly labels: Float64Array
  readonly weights: Float64Array | undefined
}

export interface Task {
  readonly settings: TreeSettings
  readonly scales: Scales
  readonly columns: readonly Column[]
  readonly cuts: readonly Cut[]
  readonly rows: BinnedRows
  /** Rows held back, by whose loss it is decided when to stop. */
  readonly held: BinnedRows | undefined
  /** Trees in a row that do not lower that loss, until it is stopped. */
  readonly patience: number
  /** What this thread does of the work that is shared: of `of` threads it is number `at`. */
  readonly share: { readonly at: number; readonly of: number }
  /** Shared by all threads. */
  readonly scores: Float64Array
  readonly gradients: Float64Array
  /** Told of each tree; the loss where rows are held back. */
  readonly onTree?: (tree: number, loss: number | undefined) => void
}

export function* boost(task: Task): Asking<TreeModel> {
  const { settings, columns, cuts, rows, scores, gradients, scales, share } = task
  const rowCount = rows.labels.length
  const own = rows.bins.words.map((_, at) => at).filter(at => at % share.of === share.at)
  const grower = createGrower({ settings, scales, columns, cuts, bins: rows.bins, own })
  const baseScore = yield* baseOf(task)
  const [from, to] = partOf(rowCount, share)
  scores.fill(baseScore, from, to)
  const held = createHeld(task, baseScore)
  const draw = createDraws(settings, { rowCount, columnCount: columns.length })
  const learning = { ...rows, objective: settings.objective, scales }
  const trees: ModelTree[] = []
  for (let tree = 0; tree < settings.trees; tree += 1) {
    writeGradients(learning, scores, gradients, [from, to])
    yield { kind: 'MEET' }
    const { drawn, chosen } = draw(grower.order)
    const grown = yield* grower.grow(gradients, drawn, chosen)
    if (grown.leaves.length === 1) {
      if (isDrawn(settings)) continue
      break
    }
    trees.push(modelTree(grown, cuts, settings.learningRate))
    if (drawn < rowCount) addByWay(scores, rows.bins, { grown, task, range: [from, to] })
    else addByLeaf(scores, grower.order, { grown, task })
    const loss = held ? yield* held.after(grown) : undefined
    task.onTree?.(tree, loss)
    if (held?.isOver()) break
    yield { kind: 'MEET' }
  }
  return {
    schema: 1,
    kind: 'BOOSTED_TREES',
    objective: settings.objective,
    baseScore,
    columns: modelColumns(columns, cuts),
    trees: held ? trees.slice(0, held.best()) : trees,
  }
}

const isDrawn = ({ rowShare, columnShare }: TreeSettings): boolean =>
  rowShare < 1 || columnShare < 1

const partOf = (count: number, { at, of }: Task['share']): [number, number] => [
  Math.floor((count * at) / of),
  Math.floor((count * (at + 1)) / of),
]

/** What all rows have in common: the log-odds of the mean label, or the mean. */
function* baseOf({ settings, scales, rows }: Task): Asking<number> {
  const sums = new Float64Array(2)
  for (let row = 0; row < rows.labels.length; row += 1) {
    const weight = rows.weights ? (rows.weights[row] as number) : 1
    sums[0] = (sums[0] as number) + rounded(weight * scales.gradient)
    sums[1] = (sums[1] as number) + rounded(weight * (rows.labels[row] as number) * scales.gradient)
  }
  yield { kind: 'SUMS', sums }
  const [weights = 1, labels = 0] = sums
  const mean = labels / weights
  if (settings.objective === 'SQUARED') return mean
  // Where all rows are alike nothing can be learnt, and no score is endless.
  const chance = Math.min(1 - 1e-6, Math.max(1e-6, mean))
  return log(chance / (1 - chance))
}

/** The rows and the columns of each tree; the same ones in every thread. */
function createDraws(
  { rowShare, columnShare, seed }: TreeSettings,
  { rowCount, columnCount }: { readonly rowCount: number; readonly columnCount: number },
) {
  const random = createRandom(seed)
  const all = Int32Array.from({ length: rowCount }, (_, row) => row)
  const everyColumn = new Set(Array.from({ length: columnCount }, (_, at) => at))
  return (order: Int32Array): { drawn: number; chosen: ReadonlySet<number> } => {
    const chosen =
      columnShare < 1
        ? new Set(choose(columnCount, Math.max(1, Math.round(columnCount * columnShare)), random))
        : everyColumn
    const rows =
      rowShare < 1 ? choose(rowCount, Math.max(1, Math.round(rowCount * rowShare)), random) : all
    order.set(rows)
    return { drawn: rows.length, chosen }
  }
}

interface Adding {
  readonly grown: Grown
  readonly task: Pick<Task, 'settings' | 'share'>
}

/** Of the rows that the tree was grown from, a share of each thread by their places in `order`. */
function addByLeaf(scores: Float64Array, order: Int32Array, { grown, task }: Adding): void {
  const [from, to] = partOf(order.length, task.share)
  for (const { value, begin, size } of grown.leaves) {
    const added = value * task.settings.learningRate
    const end = Math.min(to, begin + size)
    for (let at = Math.max(from, begin); at < end; at += 1) {
      const row = order[at] as number
      scores[row] = (scores[row] as number) + added
    }
  }
}

/** Any rows, each by its way through the tree. */
function addByWay(
  scores: Float64Array,
  bins: Bins,
  { grown, task, range }: Adding & { readonly range: readonly [number, number] },
): void {
  const steps = grown.nodes.map(({ split, left }) => {
    if (!split) return undefined
    const [words, shift] = wordsOf(bins, split.column)
    return { words, shift, sides: sidesOf(split), left }
  })
  for (let row = range[0]; row < range[1]; row += 1) {
    let node = 0
    for (let step = steps[node]; step; step = steps[node]) {
      const bin = ((step.words[row] as number) >>> step.shift) & 0xff
      node = step.left + 1 - (step.sides[bin] as number)
    }
    const value = (grown.nodes[node]?.value ?? 0) * task.settings.learningRate
    scores[row] = (scores[row] as number) + value
  }
}

/** A loss above it is as bad. */
const LOSS_MAX = 64

/** The rows held back; every thread walks them all. */
function createHeld(task: Task, baseScore: number) {
  const { held, settings, scales, patience } = task
  if (!held) return undefined
  const scores = new Float64Array(held.labels.length).fill(baseScore)
  const unit = scales.gradient / LOSS_MAX
  let [best, bestLoss, trees] = [0, Infinity, 0]

  function* loss(): Asking<number> {
    const sums = new Float64Array(2)
    for (let row = 0; row < scores.length; row += 1) {
      const weight = held?.weights ? (held.weights[row] as number) : 1
      const of = lossOf(settings.objective, scores[row] as number, held?.labels[row] as number)
      sums[0] = (sums[0] as number) + rounded(weight * unit)
      sums[1] = (sums[1] as number) + rounded(weight * Math.min(LOSS_MAX, of) * unit)
    }
    yield { kind: 'SUMS', sums }
    return (sums[1] as number) / (sums[0] as number)
  }

  return {
    *after(grown: Grown): Asking<number> {
      addByWay(scores, held.bins, { grown, task, range: [0, scores.length] })
      trees += 1
      const now = yield* loss()
      if (now < bestLoss) {
        bestLoss = now
        best = trees
      }
      return now
    },
    best: () => best,
    isOver: () => trees - best >= patience,
  }
}

function lossOf(objective: TreeSettings['objective'], score: number, label: number): number {
  if (objective === 'SQUARED') return (score - label) ** 2
  const chance = logistic(label > 0.5 ? score : -score)
  return -log(Math.max(1e-30, chance))
}
