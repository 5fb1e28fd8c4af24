/** One piece of work at a time; who is urgent goes before all others that wait, and waits for the one under way. */
export interface Turns {
  take<T>(work: () => Promise<T>, options?: { readonly isUrgent?: boolean }): Promise<T>
  /**
   * Something urgent comes, at the latest within so many milliseconds: until then no other work begins. Behind
   * everything urgent one of the others has its turn, however soon the next is expected.
   */
  expectUrgent(withinMs: number): void
}

export function createTurns(): Turns {
  const urgent: (() => Promise<void>)[] = []
  const others: (() => Promise<void>)[] = []
  let isRunning = false
  let wasUrgent = false
  let expectedUntilMs = 0
  let waking: NodeJS.Timeout | undefined

  function next(): (() => Promise<void>) | undefined {
    const first = urgent.shift()
    const isOwed = wasUrgent
    wasUrgent = first !== undefined
    if (first) return first
    const leftMs = expectedUntilMs - performance.now()
    if (isOwed || leftMs <= 0) return others.shift()
    if (others.length > 0) {
      clearTimeout(waking)
      waking = setTimeout(() => void run(), leftMs + 1)
    }
    return undefined
  }

  async function run(): Promise<void> {
    if (isRunning) return
    isRunning = true
    for (let work = next(); work; work = next()) await work()
    isRunning = false
  }

  return {
    take: (work, { isUrgent = false } = {}) =>
      new Promise((resolve, reject) => {
        const lane = isUrgent ? urgent : others
        lane.push(() => work().then(resolve, reject))
        void run()
      }),
    expectUrgent(withinMs) {
      expectedUntilMs = performance.now() + withinMs
    },
  }
}
