/** Grows a model from a table, in this thread. */
import { required } from '../fault.ts'
import { areSameColumns, type Labelled } from '../table.ts'
import { binned, cutTable, type Cut } from './bins.ts'
import { boost, type BinnedRows, type Task } from './boost.ts'
import { scalesOf, type Extent } from './gradients.ts'
import type { Asking } from './grow.ts'
import type { TreeModel } from './model.ts'
import { checkedSettings, type TreeSettings } from './settings.ts'

export interface TrainOptions extends Partial<TreeSettings> {
  /** Rows held back, to stop when more trees no longer help. */
  readonly held?: Labelled
  /** Trees that may pass without a smaller loss. */
  readonly patience?: number
  readonly onTree?: Task['onTree']
}

const PATIENCE = 50

/** @throws LearningFault when a setting, a label or a weight is out of range, or the table has no rows. */
export function train(learnt: Labelled, options: TrainOptions = {}): TreeModel {
  return answeredHere(boost(prepare(learnt, options, false)))
}

/** Nobody else is asked. */
export function answeredHere<T>(asking: Asking<T>): T {
  for (;;) {
    const step = asking.next()
    if (step.done) return step.value
  }
}

/** @param isShared whether other threads will work on it. */
export function prepare(learnt: Labelled, options: TrainOptions, isShared: boolean): Task {
  const { held, patience = PATIENCE, onTree, ...given } = options
  const settings = checkedSettings(given)
  checkRows(learnt, settings)
  if (held) {
    checkRows(held, settings)
    const isSame = areSameColumns(held.table.columns, learnt.table.columns)
    required(isSame, 'LEARNING_COLUMNS', 'the rows held back have other columns')
  }
  const cuts = cutTable(learnt.table, {
    binsMax: settings.binsMax,
    rowsMin: Math.max(1, Math.min(3, settings.rowsMin)),
    seed: settings.seed,
  })
  const rowCount = learnt.table.rowCount
  return {
    settings,
    scales: scalesOf(settings.objective, extentOf(learnt, settings)),
    columns: learnt.table.columns,
    cuts,
    rows: binnedRows(learnt, cuts, isShared),
    held: held ? binnedRows(held, cuts, isShared) : undefined,
    patience,
    share: { at: 0, of: 1 },
    scores: numbers(rowCount, isShared),
    gradients: numbers(2 * rowCount, isShared),
    ...(onTree ? { onTree } : {}),
  }
}

const numbers = (count: number, isShared: boolean): Float64Array =>
  isShared ? new Float64Array(new SharedArrayBuffer(8 * count)) : new Float64Array(count)

function binnedRows(
  { table, labels, weights }: Labelled,
  cuts: readonly Cut[],
  isShared: boolean,
): BinnedRows {
  return {
    bins: binned(table, cuts, isShared),
    labels: copied(labels, isShared),
    weights: weights ? copied(weights, isShared) : undefined,
  }
}

function copied(values: Float64Array, isShared: boolean): Float64Array {
  if (!isShared) return values
  const copy = numbers(values.length, true)
  copy.set(values)
  return copy
}

/** Scores of quantities may pass the largest label, but not by much. */
const OVERSHOOT = 4

function extentOf({ table, labels, weights }: Labelled, { objective }: TreeSettings): Extent {
  const largest = (values: Float64Array): number =>
    values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return {
    rowCount: table.rowCount,
    weightMax: weights ? largest(weights) : 1,
    residualMax: objective === 'LOGISTIC' ? 1 : Math.max(1, OVERSHOOT * largest(labels)),
  }
}

function checkRows({ table, labels, weights }: Labelled, { objective }: TreeSettings): void {
  const { rowCount } = table
  required(rowCount > 0, 'LEARNING_ROWS', 'there are no rows')
  required(table.columns.length > 0, 'LEARNING_COLUMNS', 'there are no columns')
  const isWhole =
    labels.length === rowCount &&
    table.values.length === table.columns.length &&
    table.values.every(column => column.length === rowCount)
  required(isWhole, 'LEARNING_ROWS', 'columns and labels are of different lengths')
  const isLabel =
    objective === 'LOGISTIC'
      ? (label: number) => label === 0 || label === 1
      : (label: number) => Number.isFinite(label)
  required(labels.every(isLabel), 'LEARNING_LABELS', 'a label is out of range')
  const isWeight = (weight: number): boolean => weight >= 0 && Number.isFinite(weight)
  if (!weights) return
  const areWeights = weights.length === rowCount && weights.every(isWeight)
  required(areWeights, 'LEARNING_LABELS', 'a weight is missing or out of range')
  required(
    weights.some(weight => weight > 0),
    'LEARNING_LABELS',
    'every weight is zero',
  )
}
