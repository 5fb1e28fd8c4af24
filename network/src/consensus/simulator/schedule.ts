/** Virtual time: a binary heap of what happens next; ties in order of insertion. */
interface Entry {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

export interface Schedule {
  readonly now: number
  after(delayMs: number, run: () => void): void
  /** Runs the next entry; false when nothing is left or it lies beyond `until`. */
  runNext(until: number): boolean
}

export function createSchedule(): Schedule {
  const heap: Entry[] = []
  let now = 0
  let order = 0
  const isBefore = (left: Entry, right: Entry): boolean =>
    left.at < right.at || (left.at === right.at && left.order < right.order)

  function push(entry: Entry): void {
    let index = heap.push(entry) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!isBefore(entry, heap[parent]!)) break
      heap[index] = heap[parent]!
      index = parent
    }
    heap[index] = entry
  }

  function pop(): Entry {
    const top = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return top
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1
      if (!isBefore(heap[child]!, last)) break
      heap[index] = heap[child]!
      index = child
    }
    heap[index] = last
    return top
  }

  return {
    get now() {
      return now
    },
    after(delayMs, run) {
      push({ at: now + delayMs, order: (order += 1), run })
    },
    runNext(until) {
      if (heap.length === 0 || heap[0]!.at > until) return false
      const entry = pop()
      now = entry.at
      entry.run()
      return true
    },
  }
}
