/** What is asked of one training, ours or a peer's, and what it says. */
export interface Task {
  /** Doubles, column behind column, the labels last; NaN is missing. */
  readonly file: string
  readonly rows: number
  readonly columns: number
  readonly trees: number
  readonly leaves: number
  readonly learningRate: number
  readonly threads: number
}

export interface Run {
  readonly seconds: number
  readonly scoreSeconds: number
  readonly explainSeconds: number
  /** What the largest moment of the training added. */
  readonly memoryMb: number
}
