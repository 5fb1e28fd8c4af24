/**
 * A scorecard: columns cut into few bins, each bin's weight of evidence in the place of its values, and a logistic
 * regression over them. What it says of a row is a sum that anybody can check by hand.
 */
import { required } from '../fault.ts'
import { fitLogistic, type Coefficients } from '../logistic.ts'
import { checkScored } from '../metrics/scored.ts'
import type { Column, Labelled } from '../table.ts'
import { binColumn, type Binning } from './binning.ts'
import { createEvidence, type Cell, type Evidence } from './evidence.ts'
import {
  pointsOf,
  startPoints,
  type Scale,
  type ScorecardBin,
  type ScorecardColumn,
  type ScorecardModel,
} from './model.ts'
import { binAt, lookupOf } from './scorer.ts'
import { checkedSettings, type ScorecardSettings } from './settings.ts'

/** @throws LearningFault when a setting, a label or a weight is out of range, or all labels are alike. */
export function trainScorecard(
  learnt: Labelled,
  given: Partial<ScorecardSettings> = {},
): ScorecardModel {
  const settings = checkedSettings(given)
  checkRows(learnt)
  const { table, labels, weights } = learnt
  const evidence = createEvidence(allOf(learnt), settings.smoothing)
  const cut = table.columns.map((column, at) => {
    const values = table.values[at] as Float64Array
    return unweighted(
      column,
      binColumn(column, values, { labels, weights }, { settings, evidence }),
      evidence,
    )
  })
  const { intercept, coefficients } = regressed(learnt, cut, settings)
  const { basePoints, baseOdds, pointsToDouble } = settings
  const scale = { basePoints, baseOdds, pointsToDouble }
  return {
    schema: 1,
    kind: 'SCORECARD',
    ...scale,
    intercept,
    points: startPoints(scale, intercept),
    columns: cut.map((column, at) => weighted(column, coefficients[at] as number, scale)),
  }
}

function checkRows({ table, labels, weights }: Labelled): void {
  required(table.columns.length > 0, 'LEARNING_COLUMNS', 'there are no columns')
  const isWhole =
    labels.length === table.rowCount &&
    table.values.length === table.columns.length &&
    table.values.every(column => column.length === table.rowCount)
  required(isWhole, 'LEARNING_ROWS', 'columns and labels are of different lengths')
  checkScored({ labels, scores: labels, ...(weights ? { weights } : {}) })
}

function allOf({ labels, weights }: Labelled): Cell {
  let [ones, zeros] = [0, 0]
  for (let row = 0; row < labels.length; row += 1) {
    const weight = weights ? (weights[row] as number) : 1
    if (labels[row] === 1) ones += weight
    else zeros += weight
  }
  required(ones > 0 && zeros > 0, 'LEARNING_LABELS', 'all labels are alike')
  return { rows: labels.length, ones, zeros }
}

/** A column of the scorecard that has no say yet. */
function unweighted(column: Column, binning: Binning, evidence: Evidence): ScorecardColumn {
  const { cells, missing, rare, edges, levels } = binning
  const information = [...cells, missing, rare].reduce(
    (sum, cell) => sum + evidence.information(cell),
    0,
  )
  const shared = {
    name: column.name,
    information: Math.max(0, information),
    coefficient: 0,
    bins: cells.map(cell => binOfCell(cell, evidence)),
    missing: binOfCell(missing, evidence),
  }
  if (column.kind === 'CATEGORY')
    return {
      kind: 'CATEGORY',
      ...shared,
      levels: levels.map(own => [...own]),
      rare: binOfCell(rare, evidence),
    }
  const { monotone } = column
  return { kind: 'NUMBER', ...shared, ...(monotone ? { monotone } : {}), edges: [...edges] }
}

function binOfCell(cell: Cell, evidence: Evidence): ScorecardBin {
  const weight = cell.ones + cell.zeros
  const rate = weight > 0 ? cell.ones / weight : null
  return { rows: cell.rows, rate, woe: weight > 0 ? evidence.woe(cell) : 0, points: 0 }
}

/**
 * A column with a coefficient below zero would say the contrary of its own evidence: what others say already speaks
 * through it. The one that is furthest below is left out, until there is none.
 */
function regressed(
  { table, labels, weights }: Labelled,
  cut: readonly ScorecardColumn[],
  { informationMin, l2 }: ScorecardSettings,
): Coefficients {
  const evidence = cut.map((column, at) => {
    const lookup = lookupOf(column)
    return (table.values[at] as Float64Array).map(value => binAt(column, lookup, value).woe)
  })
  const coefficients = cut.map(() => 0)
  let kept = [...cut.keys()].filter(at => {
    const { information = 0 } = cut[at] ?? {}
    return information > 0 && information >= informationMin
  })
  for (;;) {
    const columns = kept.map(at => evidence[at] as Float64Array)
    const fitted = fitLogistic({ columns, targets: labels, weights }, { l2 })
    const least = Math.min(...fitted.coefficients)
    if (kept.length === 0 || least >= 0) {
      kept.forEach((at, place) => (coefficients[at] = fitted.coefficients[place] as number))
      return { intercept: fitted.intercept, coefficients }
    }
    kept = kept.toSpliced(fitted.coefficients.indexOf(least), 1)
  }
}

function weighted(column: ScorecardColumn, coefficient: number, scale: Scale): ScorecardColumn {
  const pointed = (bin: ScorecardBin): ScorecardBin => ({
    ...bin,
    points: pointsOf(scale, coefficient * bin.woe),
  })
  const shared = { coefficient, bins: column.bins.map(pointed), missing: pointed(column.missing) }
  return column.kind === 'CATEGORY'
    ? { ...column, ...shared, rare: pointed(column.rare) }
    : { ...column, ...shared }
}
