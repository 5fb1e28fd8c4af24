/** A benchmark that is told to end must not leave a network running: its processes outlive their parent. */
const works = new Set<() => Promise<void>>()
let isWatching = false

function watch(): void {
  if (isWatching) return
  isWatching = true
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      void Promise.allSettled([...works].map(work => work())).then(() => process.exit(1))
    })
}

/** Does the work when the program is told to end; the answer takes it back. */
export function atSignal(work: () => Promise<void>): () => void {
  watch()
  works.add(work)
  return () => works.delete(work)
}
