import { required } from '../fault.ts'

export interface ScorecardSettings {
  /** Bins of a column, at most, without those of what is missing or rare. */
  readonly binsMax: number
  /** Bins, of about as many rows each, or levels that these are merged from. */
  readonly fineBins: number
  /** Share of the rows that a bin has, at least; a level with less is rare. */
  readonly rowShareMin: number
  /** Standard errors by which the shares of ones in neighbouring bins differ, at least (ChiMerge, Kerber 1992). */
  readonly differenceMin: number
  /** Rows of the overall mix that are added to each bin: the weight of evidence of small ones is drawn to zero. */
  readonly smoothing: number
  /** A column whose information value is less gets no points. */
  readonly informationMin: number
  /** Of the regression on weights of evidence. */
  readonly l2: number
  /** Points at which zeros are `baseOdds` times as likely as ones. */
  readonly basePoints: number
  readonly baseOdds: number
  /** So many points more, and the odds of a zero are twice as large. */
  readonly pointsToDouble: number
}

export const SCORECARD_SETTINGS: ScorecardSettings = {
  binsMax: 6,
  fineBins: 40,
  rowShareMin: 0.03,
  differenceMin: 2.5,
  smoothing: 10,
  informationMin: 0.02,
  l2: 1,
  basePoints: 600,
  baseOdds: 50,
  pointsToDouble: 20,
}

const isWithin = (value: number, from: number, to: number): boolean => value >= from && value <= to

/** @throws LearningFault LEARNING_SETTINGS names the first that no scorecard can be made by. */
export function checkedSettings(given: Partial<ScorecardSettings>): ScorecardSettings {
  const settings = { ...SCORECARD_SETTINGS, ...given }
  const { binsMax, fineBins } = settings
  const holds: Readonly<Record<string, boolean>> = {
    binsMax: Number.isInteger(binsMax) && isWithin(binsMax, 1, 254),
    fineBins: Number.isInteger(fineBins) && isWithin(fineBins, Math.max(2, binsMax), 254),
    rowShareMin: isWithin(settings.rowShareMin, 0, 0.5),
    differenceMin: isWithin(settings.differenceMin, 0, 100),
    smoothing: isWithin(settings.smoothing, 1e-6, 1e9),
    informationMin: isWithin(settings.informationMin, 0, 1e6),
    l2: isWithin(settings.l2, 0, 1e12),
    basePoints: isWithin(settings.basePoints, -1e6, 1e6),
    baseOdds: isWithin(settings.baseOdds, 1e-6, 1e6),
    pointsToDouble: isWithin(settings.pointsToDouble, 1e-3, 1e6),
  }
  for (const [name, isSound] of Object.entries(holds))
    required(isSound, 'LEARNING_SETTINGS', `${name} is out of range`)
  return settings
}
