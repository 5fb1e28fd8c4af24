/** How good our trees are on real tables, beside the peers on the same rows and the same folds. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import {
  accuracyAt,
  auc,
  bootstrapDifference,
  brier,
  certainEnough,
  createScorer,
  groupFolds,
  ks,
  labelledRows,
  majority,
  picked,
  rowsOf,
  stratifiedFolds,
  train,
  type Metric,
  type Scored,
  type Split,
  type TreeSettings,
} from '@triflow/learning'
import { figure, type Figure } from '../report/index.ts'
import { LIBRARIES, type Peers } from './peers.ts'
import type { RealSet } from './sets.ts'

const FOLDS = 5
/** One recipe for every table: slow steps, on parts of the rows and columns, several times over. */
const RECIPE: Partial<TreeSettings> = {
  trees: 500,
  learningRate: 0.03,
  rowShare: 0.8,
  columnShare: 0.5,
}
const SEEDS = [1, 2, 3]

interface Goal {
  readonly auc?: string
  readonly accuracy?: string
  /** Coverage at an accuracy of 95 % of the cases that are decided. */
  readonly coverage?: string
}

const GOALS: Readonly<Record<string, Goal>> = {
  polish_5y: { accuracy: '>= 0.966' },
  hmeq: { auc: '>= 0.95', coverage: '>= 0.86' },
  sba_30k: { auc: '>= 0.83' },
}

const foldsOf = ({ labels, groups }: RealSet): Split[] =>
  groups
    ? groupFolds(groups, { folds: FOLDS, labels, seed: 1 })
    : stratifiedFolds(labels, { folds: FOLDS, seed: 1 })

/** Of each row by a model that has not seen it. */
function ownChances(set: RealSet, folds: readonly Split[]): Float64Array {
  const chances = new Float64Array(set.labels.length)
  for (const { learnt, held } of folds)
    for (const seed of SEEDS) {
      const model = train(labelledRows(set, learnt), { ...RECIPE, seed })
      const found = createScorer(model).predictAll(rowsOf(set.table, held))
      held.forEach((row, at) => {
        chances[row] = (chances[row] as number) + (found[at] as number) / SEEDS.length
      })
    }
  return chances
}

/** Of each fold, then the mean: models of different folds need not agree on a scale. */
function meanOf(metric: Metric, { labels, scores }: Scored, folds: readonly Split[]): number {
  const values = folds.map(
    ({ held }) => metric({ labels: picked(labels, held), scores: picked(scores, held) }) ?? NaN,
  )
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

export function accuracyFigures(
  set: RealSet,
  { folder, peers }: { readonly folder: string; readonly peers: Peers | undefined },
): Figure[] {
  const folds = foldsOf(set)
  const goal = GOALS[set.name] ?? {}
  const scored = { labels: set.labels, scores: ownChances(set, folds) }
  const accuracy: Metric = one => accuracyAt(one, 0.5)
  const shown = (what: string, value: number, target?: string, more: object = {}): Figure =>
    figure(`${set.name}: ${what}`, '', [value], { ...(target ? { target } : {}), ...more })
  const certain = certainEnough(scored, { accuracyMin: 0.95 })
  return [
    shown('majority', majority(scored)),
    shown('accuracy', meanOf(accuracy, scored, folds), goal.accuracy),
    shown('AUC', meanOf(auc, scored, folds), goal.auc),
    shown('KS', meanOf(ks, scored, folds)),
    shown('Brier', meanOf(brier, scored, folds)),
    shown('coverage at 95 % accuracy', certain?.coverage ?? 0, goal.coverage),
    ...(peers ? besidePeers(set, { folds, scored, folder, peers }) : []),
  ]
}

interface Beside {
  readonly folds: readonly Split[]
  readonly scored: Scored
  readonly folder: string
  readonly peers: Peers
}

/** The AUC of each peer, and how far ours lies from the best of them on the same draws. */
function besidePeers(set: RealSet, { folds, scored, folder, peers }: Beside): Figure[] {
  const found = LIBRARIES.map(library => {
    const scores = peerChances(set, folds, { folder, peers, library })
    return { library, scores, auc: meanOf(auc, { ...scored, scores }, folds) }
  })
  const best = found.reduce((most, one) => (one.auc > most.auc ? one : most))
  const { labels, scores } = scored
  const groups = set.groups ? { groups: set.groups } : {}
  const compared = { labels, one: scores, other: best.scores }
  const difference = bootstrapDifference(compared, auc, { resamples: 2_000, seed: 1, ...groups })
  return [
    ...found.map(({ library, auc: value }) =>
      figure(`${set.name}: AUC of ${library}`, '', [value]),
    ),
    figure(`${set.name}: AUC less that of ${best.library}`, '', [difference.value]),
    figure(`${set.name}: the same, lower bound of 95 %`, '', [difference.low], {
      ...(set.name === 'polish_5y' ? { target: '>= -0.005' } : {}),
    }),
  ]
}

function peerChances(
  { table, labels }: RealSet,
  folds: readonly Split[],
  { folder, peers, library }: Pick<Beside, 'folder' | 'peers'> & { readonly library: string },
): Float64Array {
  const file = path.join(folder, 'set')
  const said = path.join(folder, 'chances')
  const foldOf = new Float64Array(labels.length)
  folds.forEach(({ held }, fold) => held.forEach(row => (foldOf[row] = fold)))
  const all = [...table.values, labels, foldOf]
  writeFileSync(file, Buffer.concat(all.map(column => new Uint8Array(column.slice().buffer))))
  peers.predict(
    {
      library,
      file,
      said,
      rows: labels.length,
      columns: table.columns.length,
      categories: table.columns.flatMap(({ kind }, at) => (kind === 'CATEGORY' ? [at] : [])),
      folds: folds.length,
    },
    path.join(folder, 'task.json'),
  )
  const bytes = readFileSync(said)
  return new Float64Array(new Uint8Array(bytes).buffer)
}
