/**
 * Learning from tables: boosted trees, what they say of themselves, and how good they really are.
 *
 * A library of functions: it knows nothing of credit, reads no file and asks no clock. Chance comes from seeds, and sums
 * are exact, so that the same rows give the same model on every machine.
 */
export { LearningFault, type FaultCode } from './fault.ts'
export { createRandom, shuffle, choose, type Random } from './random.ts'
export { rowsOf, labelledRows, picked, type Column, type Labelled, type Table } from './table.ts'
export { TREE_SETTINGS, type TreeSettings } from './trees/settings.ts'
export { train, type TrainOptions } from './trees/train.ts'
export { parseModel, type TreeModel } from './trees/model.ts'
export { createScorer, type Scorer } from './trees/scorer.ts'
export { createExplainer, type Explainer } from './trees/shap.ts'
export { trainInThreads, type ThreadOptions } from './trees/threads.ts'
export { type Metric, type Scored } from './metrics/scored.ts'
export { auc, gini, ks } from './metrics/ranking.ts'
export { brier, logLoss } from './metrics/loss.ts'
export {
  accuracyAt,
  confusionAt,
  majority,
  precisionAt,
  recallAt,
  type Confusion,
} from './metrics/confusion.ts'
export {
  certainEnough,
  certaintyOf,
  coverageCurve,
  decisionOf,
  wilsonLow,
  type CertainOptions,
  type CoveragePoint,
} from './metrics/selective.ts'
export {
  calibrationTable,
  expectedCalibrationError,
  type CalibrationBin,
  type CalibrationOptions,
} from './metrics/reliability.ts'
export {
  populationStability,
  type Stability,
  type StabilityBin,
  type StabilityOptions,
} from './metrics/stability.ts'
export {
  bootstrapDifference,
  bootstrapInterval,
  type BootstrapOptions,
  type Compared,
  type Difference,
  type Interval,
} from './metrics/bootstrap.ts'
export {
  groupFolds,
  stratifiedFolds,
  type FoldOptions,
  type GroupFoldOptions,
  type Split,
} from './splits/folds.ts'
export { splitAtTime, splitByTime, timeFolds } from './splits/time.ts'
export {
  parseCalibration,
  type CalibrationModel,
  type IsotonicModel,
  type PlattModel,
} from './calibration/model.ts'
export { fitIsotonic } from './calibration/isotonic.ts'
export { fitPlatt } from './calibration/platt.ts'
export { createCalibrator, type Calibrator } from './calibration/calibrator.ts'
export {
  fitLogistic,
  type Coefficients,
  type Regression,
  type RegressionOptions,
} from './logistic.ts'
export { SCORECARD_SETTINGS, type ScorecardSettings } from './scorecard/settings.ts'
export { trainScorecard } from './scorecard/train.ts'
export {
  parseScorecard,
  type ScorecardBin,
  type ScorecardColumn,
  type ScorecardModel,
} from './scorecard/model.ts'
export { createScorecard, type Reason, type Scorecard } from './scorecard/scorer.ts'
export { joinShares, splitSecret, type Share } from './masking/shares.ts'
export { add, lanesOf, numbersOf, type Lanes } from './masking/lanes.ts'
export { mask, messageKey, pairSecret, unmask, type Masking, type Told } from './masking/masks.ts'
export { createDisclosure, type Disclosure, type DisclosureState } from './masking/disclosure.ts'
