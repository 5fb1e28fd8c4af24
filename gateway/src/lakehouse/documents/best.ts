export interface Scored {
  readonly document: number
  readonly score: number
  /** Where in its folded text the question is answered. */
  readonly position: number
}

/** Better first; of equal ones the newer. */
const byScore = (a: Scored, b: Scored): number => b.score - a.score || b.document - a.document

/** Keeps the best `count` of any number of documents. */
export function bestOf(count: number): {
  put(scored: Scored): void
  take(): Scored[]
} {
  let kept: Scored[] = []
  let least = -1
  const cut = (): void => {
    kept.sort(byScore)
    kept = kept.slice(0, count)
    if (kept.length === count) least = kept.at(-1)?.score ?? -1
  }
  return {
    put(scored) {
      if (scored.score < least) return
      kept.push(scored)
      if (kept.length >= 2 * count + 1_000) cut()
    },
    take() {
      cut()
      return kept
    },
  }
}
