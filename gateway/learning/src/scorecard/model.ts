/** A scorecard as data: what is printed, kept, sent, hashed and put on the ledger. */
import { z } from 'zod'
import { log, rounded } from '../exact.ts'
import { required } from '../fault.ts'
import { parsed } from '../parsed.ts'

const whole = z
  .int()
  .min(0)
  .max(2 ** 31 - 1)
const finite = z.number().refine(Number.isFinite)
const name = z.string().min(1).max(200)

const bin = z.strictObject({
  /** Rows that were learnt from. */
  rows: whole,
  /** Share of ones among them, by weight; null where there are none. */
  rate: z.number().min(0).max(1).nullable(),
  /** Weight of evidence, smoothed; 0 where there are no rows. */
  woe: finite,
  points: z.int(),
})

const shared = {
  name,
  /** Information value. */
  information: finite.min(0),
  /** Of the weight of evidence; 0 where the column has no say. */
  coefficient: finite,
  bins: z.array(bin),
  missing: bin,
}

const numbers = z.strictObject({
  kind: z.literal('NUMBER'),
  ...shared,
  monotone: z.union([z.literal(1), z.literal(-1)]).optional(),
  /** The largest values of all bins but the last. */
  edges: z.array(finite),
})

const category = z.strictObject({
  kind: z.literal('CATEGORY'),
  ...shared,
  levels: z.array(z.array(whole).min(1)),
  /** Levels that had too few rows, and those that were never seen. */
  rare: bin,
})

const scorecard = z.strictObject({
  schema: z.literal(1),
  kind: z.literal('SCORECARD'),
  basePoints: finite,
  baseOdds: z.number().min(1e-6).max(1e6),
  pointsToDouble: z.number().gt(0).max(1e6),
  /** The log-odds of a one where all weights of evidence are 0. */
  intercept: finite,
  /** The points that every row has. */
  points: z.int(),
  columns: z.array(z.discriminatedUnion('kind', [numbers, category])).min(1),
})

export type ScorecardModel = z.infer<typeof scorecard>
export type ScorecardColumn = ScorecardModel['columns'][number]
export type ScorecardBin = z.infer<typeof bin>

export type Scale = Pick<ScorecardModel, 'basePoints' | 'baseOdds' | 'pointsToDouble'>

const factorOf = ({ pointsToDouble }: Scale): number => pointsToDouble / log(2)

/** What log-odds of a one add to the points: the likelier a one, the fewer. */
export const pointsOf = (scale: Scale, logOdds: number): number =>
  rounded(-factorOf(scale) * logOdds)

export const startPoints = (scale: Scale, intercept: number): number =>
  rounded(scale.basePoints - factorOf(scale) * (intercept + log(scale.baseOdds)))

/**
 * Whatever comes from a file or from another party.
 *
 * @throws LearningFault LEARNING_MODEL, with the path of what is wrong.
 */
export function parseScorecard(json: unknown): ScorecardModel {
  const model = parsed(scorecard, json)
  const isStart = model.points === startPoints(model, model.intercept)
  required(isStart, 'LEARNING_MODEL', 'points: not those of the intercept')
  model.columns.forEach((column, at) => {
    if (column.kind === 'NUMBER') checkEdges(column, `columns.${at}`)
    else checkLevels(column, `columns.${at}`)
    checkPoints(model, column, `columns.${at}`)
  })
  return model
}

function checkEdges(column: z.infer<typeof numbers>, path: string): void {
  const { edges, bins, monotone = 0, coefficient } = column
  required(
    bins.length === edges.length + 1,
    'LEARNING_MODEL',
    `${path}.bins: not one between edges`,
  )
  const rises = edges.every((edge, at) => at === 0 || edge > (edges[at - 1] as number))
  required(rises, 'LEARNING_MODEL', `${path}.edges: do not rise`)
  const keepsOrder = bins.every(
    ({ woe }, at) => at === 0 || monotone * coefficient * (woe - (bins[at - 1]?.woe ?? 0)) >= 0,
  )
  required(keepsOrder, 'LEARNING_MODEL', `${path}.bins: not monotone`)
}

function checkLevels({ levels, bins }: z.infer<typeof category>, path: string): void {
  required(bins.length === levels.length, 'LEARNING_MODEL', `${path}.bins: not one for each levels`)
  const all = levels.flat()
  const isOnce = new Set(all).size === all.length
  required(isOnce, 'LEARNING_MODEL', `${path}.levels: one is in two bins`)
}

export const binsOf = (column: ScorecardColumn): readonly ScorecardBin[] => [
  ...column.bins,
  column.missing,
  ...(column.kind === 'CATEGORY' ? [column.rare] : []),
]

/** Points that do not follow from the coefficients would be another scorecard than the one that foretells. */
function checkPoints(scale: Scale, column: ScorecardColumn, path: string): void {
  const areOwn = binsOf(column).every(
    ({ woe, points }) => points === pointsOf(scale, column.coefficient * woe),
  )
  required(areOwn, 'LEARNING_MODEL', `${path}: points are not those of the coefficient`)
}
