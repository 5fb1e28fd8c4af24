/** What cannot be learnt from, or no longer be read. */
export type FaultCode =
  | 'LEARNING_ROWS'
  | 'LEARNING_LABELS'
  | 'LEARNING_SCORES'
  | 'LEARNING_SETTINGS'
  | 'LEARNING_MODEL'
  | 'LEARNING_COLUMNS'
  | 'LEARNING_BOTH_MASKS'

export class LearningFault extends Error {
  readonly code: FaultCode
  constructor(code: FaultCode, detail: string) {
    super(`${code}: ${detail}`)
    this.name = 'LearningFault'
    this.code = code
  }
}

export function required(holds: boolean, code: FaultCode, detail: string): asserts holds {
  if (!holds) throw new LearningFault(code, detail)
}
