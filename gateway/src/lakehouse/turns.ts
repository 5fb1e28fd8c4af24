/** One piece of work at a time; who is urgent goes before all others that wait, and waits for the one under way. */
export interface Turns {
  take<T>(work: () => Promise<T>, options?: { readonly isUrgent?: boolean }): Promise<T>
}

export function createTurns(): Turns {
  const urgent: (() => Promise<void>)[] = []
  const others: (() => Promise<void>)[] = []
  let isRunning = false

  async function run(): Promise<void> {
    if (isRunning) return
    isRunning = true
    for (let next = urgent.shift() ?? others.shift(); next; next = urgent.shift() ?? others.shift())
      await next()
    isRunning = false
  }

  return {
    take: (work, { isUrgent = false } = {}) =>
      new Promise((resolve, reject) => {
        const lane = isUrgent ? urgent : others
        lane.push(() => work().then(resolve, reject))
        void run()
      }),
  }
}
