/** Threads that grow one tree together: each sums its columns, all take the same steps, and meet between them. */
import type { Ask, Asking } from './grow.ts'
import type { Sums } from './gradients.ts'
import { better, type Split } from './split.ts'

export interface Crew {
  readonly at: number
  readonly of: number
  /** Two numbers: how many have come to the meeting, and how many meetings there have been. */
  readonly meeting: Int32Array
  /** By thread, room for its splits; twice, since one may still be read while the next is written. */
  readonly slots: Float64Array
}

/** Splits of one question, at most. */
const SPLITS = 2
const HEAD = 14
/** A split: its numbers, then up to 255 levels. */
const SPLIT_WIDTH = HEAD + 255
const SLOT_WIDTH = SPLITS * SPLIT_WIDTH

export const createMeeting = (of: number): Pick<Crew, 'of' | 'meeting' | 'slots'> => ({
  of,
  meeting: new Int32Array(new SharedArrayBuffer(8)),
  slots: new Float64Array(new SharedArrayBuffer(8 * 2 * of * SLOT_WIDTH)),
})

/** A meeting is some microseconds away, and to be woken takes longer; whoever still waits then sleeps. */
const LOOKS = 50_000

function meet({ meeting, of }: Crew): void {
  const before = Atomics.load(meeting, 1)
  if (Atomics.add(meeting, 0, 1) + 1 === of) {
    Atomics.store(meeting, 0, 0)
    Atomics.add(meeting, 1, 1)
    Atomics.notify(meeting, 1)
    return
  }
  for (let look = 0; look < LOOKS; look += 1) if (Atomics.load(meeting, 1) !== before) return
  while (Atomics.load(meeting, 1) === before) Atomics.wait(meeting, 1, before)
}

/** Runs to the end in this thread; the others run the same. */
export function answeredTogether<T>(asking: Asking<T>, crew: Crew): T {
  let turn = 0
  const answer = (ask: Ask): void => {
    // Every thread has all rows: its sums are everybody's.
    if (ask.kind === 'SUMS') return
    if (ask.kind === 'BEST') {
      turn = 1 - turn
      ask.splits.forEach((split, at) => write(split, crew.slots, placeOf(crew, turn, crew.at, at)))
    }
    meet(crew)
    if (ask.kind === 'BEST')
      for (let thread = 0; thread < crew.of; thread += 1)
        ask.splits.forEach((split, at) => {
          const other = read(crew.slots, placeOf(crew, turn, thread, at))
          ask.splits[at] = thread === crew.at ? split : better(split, other)
        })
  }
  for (;;) {
    const step = asking.next()
    if (step.done) return step.value
    answer(step.value)
  }
}

const placeOf = ({ of }: Crew, turn: number, thread: number, at: number): number =>
  (turn * of + thread) * SLOT_WIDTH + at * SPLIT_WIDTH

function write(split: Split | undefined, slots: Float64Array, place: number): void {
  slots[place] = split ? 1 : 0
  if (!split) return
  const { left, right, levels } = split
  slots.set(
    [
      split.gain,
      split.column,
      split.bin,
      Number(split.missingLeft),
      left.gradient,
      left.hessian,
      left.rows,
      right.gradient,
      right.hessian,
      right.rows,
      split.leftValue,
      split.rightValue,
      levels ? levels.length : -1,
      ...(levels ?? []),
    ],
    place + 1,
  )
}

function read(slots: Float64Array, place: number): Split | undefined {
  const number = (at: number): number => slots[place + at] as number
  if (number(0) === 0) return undefined
  const sums = (at: number): Sums => ({
    gradient: number(at),
    hessian: number(at + 1),
    rows: number(at + 2),
  })
  const levels = number(HEAD - 1)
  return {
    gain: number(1),
    column: number(2),
    bin: number(3),
    missingLeft: number(4) === 1,
    left: sums(5),
    right: sums(8),
    leftValue: number(11),
    rightValue: number(12),
    levels: levels < 0 ? undefined : [...slots.subarray(place + HEAD, place + HEAD + levels)],
  }
}
