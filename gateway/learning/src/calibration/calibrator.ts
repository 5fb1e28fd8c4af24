import { logistic } from '../exact.ts'
import { required } from '../fault.ts'
import type { CalibrationModel, IsotonicModel } from './model.ts'
import { logOddsOf } from './platt.ts'

export interface Calibrator {
  readonly model: CalibrationModel
  /** A chance for a chance; of two the larger never becomes the smaller. */
  apply(chance: number): number
}

export function createCalibrator(model: CalibrationModel): Calibrator {
  const calibrated =
    model.kind === 'ISOTONIC'
      ? createSteps(model)
      : (chance: number) => logistic(model.slope * logOddsOf(chance) + model.intercept)
  return {
    model,
    apply(chance) {
      required(chance >= 0 && chance <= 1, 'LEARNING_SCORES', 'a chance is outside [0, 1]')
      return calibrated(chance)
    },
  }
}

function createSteps({ at, chances }: IsotonicModel) {
  const [xs, ys] = [Float64Array.from(at), Float64Array.from(chances)]
  return (chance: number): number => {
    let [low, high] = [0, xs.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((xs[middle] as number) <= chance) low = middle + 1
      else high = middle
    }
    if (low === 0) return ys[0] as number
    const [x0, y0] = [xs[low - 1] as number, ys[low - 1] as number]
    if (low === xs.length) return y0
    const [x1, y1] = [xs[low] as number, ys[low] as number]
    // Rounding must not lift it above the next step.
    return Math.min(y1, y0 + ((y1 - y0) * (chance - x0)) / (x1 - x0))
  }
}
