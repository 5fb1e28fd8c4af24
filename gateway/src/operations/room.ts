/**
 * A room many may share, or one may have alone. Who wants it alone waits for those inside and holds back those
 * who come later, so that neither side starves.
 */
export interface Room {
  shared<T>(work: () => Promise<T>): Promise<T>
  alone<T>(work: () => Promise<T>): Promise<T>
}

interface Waiting {
  readonly alone: boolean
  readonly enter: () => void
}

export function createRoom(): Room {
  const queue: Waiting[] = []
  let inside = 0
  let taken = false

  function admit(): void {
    for (let head = queue[0]; head; head = queue[0]) {
      if (taken || (head.alone && inside > 0)) return
      queue.shift()
      inside++
      taken = head.alone
      head.enter()
    }
  }

  async function within<T>(alone: boolean, work: () => Promise<T>): Promise<T> {
    await new Promise<void>(enter => {
      queue.push({ alone, enter })
      admit()
    })
    try {
      return await work()
    } finally {
      inside--
      if (alone) taken = false
      admit()
    }
  }

  return {
    shared: work => within(false, work),
    alone: work => within(true, work),
  }
}
