import { required } from '../fault.ts'

/** How trees are grown. Defaults suit tables of thousands to a million rows. */
export interface TreeSettings {
  /** LOGISTIC: the chance of a label that is 0 or 1. SQUARED: the mean of a quantity. */
  readonly objective: 'LOGISTIC' | 'SQUARED'
  readonly trees: number
  /** Leaves of one tree, at most. */
  readonly leaves: number
  /** Splits on the way to a leaf, at most. */
  readonly depthMax: number
  readonly learningRate: number
  /** Rows of a leaf, at least. */
  readonly rowsMin: number
  /** Sum of the second derivatives of a leaf, at least. */
  readonly hessianMin: number
  /** Added to that sum where a value is worked out: values of small leaves are drawn to zero. */
  readonly l2: number
  /** A split that gains less is not made. */
  readonly gainMin: number
  /** Of the columns that a tree looks at. */
  readonly columnShare: number
  /** Of the rows that a tree is grown from. */
  readonly rowShare: number
  /** Bins of a column, at most; one more holds what is missing. */
  readonly binsMax: number
  /** Rows of a level of a category, at least, for it to be told from others. */
  readonly levelRowsMin: number
  /** Added to the second derivatives of a level where levels are put in order. */
  readonly levelSmoothing: number
  readonly seed: number
}

export const TREE_SETTINGS: TreeSettings = {
  objective: 'LOGISTIC',
  trees: 200,
  leaves: 31,
  depthMax: 16,
  learningRate: 0.1,
  rowsMin: 20,
  hessianMin: 1e-3,
  l2: 0,
  gainMin: 0,
  columnShare: 1,
  rowShare: 1,
  binsMax: 254,
  levelRowsMin: 20,
  levelSmoothing: 10,
  seed: 1,
}

/** Of a column; one more holds what is missing. */
export const BINS_MAX = 254
/** Splits on the way to any leaf. */
export const DEPTH_MAX = 64

const isWhole = (value: number, from: number, to: number): boolean =>
  Number.isInteger(value) && value >= from && value <= to

const isShare = (value: number): boolean => value > 0 && value <= 1

/** @throws LearningFault LEARNING_SETTINGS names the first that no tree can be grown by. */
export function checkedSettings(given: Partial<TreeSettings>): TreeSettings {
  const settings = { ...TREE_SETTINGS, ...given }
  const holds: Readonly<Record<string, boolean>> = {
    trees: isWhole(settings.trees, 1, 100_000),
    leaves: isWhole(settings.leaves, 2, 4_096),
    depthMax: isWhole(settings.depthMax, 1, DEPTH_MAX),
    learningRate: settings.learningRate > 0 && settings.learningRate <= 1,
    rowsMin: isWhole(settings.rowsMin, 1, 2 ** 31),
    hessianMin: settings.hessianMin >= 0 && Number.isFinite(settings.hessianMin),
    l2: settings.l2 >= 0 && Number.isFinite(settings.l2),
    gainMin: settings.gainMin >= 0 && Number.isFinite(settings.gainMin),
    columnShare: isShare(settings.columnShare),
    rowShare: isShare(settings.rowShare),
    binsMax: isWhole(settings.binsMax, 2, BINS_MAX),
    levelRowsMin: isWhole(settings.levelRowsMin, 1, 2 ** 31),
    levelSmoothing: settings.levelSmoothing >= 0 && Number.isFinite(settings.levelSmoothing),
    seed: isWhole(settings.seed, 0, 2 ** 32 - 1),
  }
  for (const [name, isSound] of Object.entries(holds))
    required(isSound, 'LEARNING_SETTINGS', `${name} is out of range`)
  return settings
}
