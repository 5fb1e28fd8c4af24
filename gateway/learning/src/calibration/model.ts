/** What turns the chances of a model into chances that come as often as they say, as data. */
import { z } from 'zod'
import { required } from '../fault.ts'
import { parsed } from '../parsed.ts'

const finite = z.number().refine(Number.isFinite)
const chance = z.number().min(0).max(1)

const isotonic = z.strictObject({
  schema: z.literal(1),
  kind: z.literal('ISOTONIC'),
  /** Chances of the model, ascending, ... */
  at: z.array(chance).min(1),
  /** ... and what they become, never falling; on a straight line in between, and the same beyond both ends. */
  chances: z.array(chance).min(1),
})

const platt = z.strictObject({
  schema: z.literal(1),
  kind: z.literal('PLATT'),
  /** Of the log-odds of the model: 1 and 0 leave a chance as it is. */
  slope: finite.min(0),
  intercept: finite,
})

const calibration = z.discriminatedUnion('kind', [isotonic, platt])

export type IsotonicModel = z.infer<typeof isotonic>
export type PlattModel = z.infer<typeof platt>
export type CalibrationModel = z.infer<typeof calibration>

/**
 * Whatever comes from a file or from another party.
 *
 * @throws LearningFault LEARNING_MODEL, with the path of what is wrong.
 */
export function parseCalibration(json: unknown): CalibrationModel {
  const model = parsed(calibration, json)
  if (model.kind === 'ISOTONIC') checkSteps(model)
  return model
}

function checkSteps({ at, chances }: IsotonicModel): void {
  required(at.length === chances.length, 'LEARNING_MODEL', 'chances: of another length than at')
  const rises = at.every((value, step) => step === 0 || value > (at[step - 1] as number))
  required(rises, 'LEARNING_MODEL', 'at: does not rise')
  const neverFalls = chances.every((value, step) => step === 0 || value >= (chances[step - 1] ?? 0))
  required(neverFalls, 'LEARNING_MODEL', 'chances: falls')
}
