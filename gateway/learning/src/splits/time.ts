/** Learning from what was before, measuring on what came after: as it will be when the model is used. */
import { required } from '../fault.ts'
import { ascending } from '../metrics/scored.ts'
import type { Split } from './folds.ts'

/** Rows before `from` to learn from, all others to measure on. `times` in any unit. */
export function splitAtTime(times: Float64Array, from: number): Split {
  checkTimes(times)
  required(!Number.isNaN(from), 'LEARNING_SETTINGS', 'from is not a number')
  const rows = Int32Array.from(times, (_, row) => row)
  const learnt = rows.filter(row => (times[row] as number) < from)
  const held = rows.filter(row => (times[row] as number) >= from)
  required(learnt.length > 0 && held.length > 0, 'LEARNING_ROWS', 'one side would have no rows')
  return { learnt, held }
}

/** About that share of the rows, the latest, to measure on; rows of one moment stay together. */
export function splitByTime(times: Float64Array, heldShare: number): Split {
  required(heldShare > 0 && heldShare < 1, 'LEARNING_SETTINGS', 'heldShare is out of range')
  checkTimes(times)
  return splitAtTime(times, startOf(times.slice().sort(), times.length * (1 - heldShare)))
}

/**
 * The rows in the order of time in one more part than there are folds: each part but the first is held back once, and
 * what is learnt for it is all that lies before it.
 */
export function timeFolds(times: Float64Array, folds: number): Split[] {
  required(Number.isInteger(folds) && folds >= 1, 'LEARNING_SETTINGS', 'folds is out of range')
  checkTimes(times)
  const order = ascending(times)
  const sorted = times.slice().sort()
  const begins = Array.from({ length: folds }, (_, fold) => {
    const from = startOf(sorted, (sorted.length * (fold + 1)) / (folds + 1))
    return sorted.indexOf(from)
  })
  return begins.map((begin, fold) => {
    const end = begins[fold + 1] ?? sorted.length
    required(begin > 0 && end > begin, 'LEARNING_ROWS', 'too few different times for the folds')
    return { learnt: order.slice(0, begin).sort(), held: order.slice(begin, end).sort() }
  })
}

/** The moment that begins nearest to a place in the order. */
function startOf(sorted: Float64Array, place: number): number {
  const at = Math.min(sorted.length - 1, Math.round(place))
  const time = sorted[at] as number
  const begin = sorted.indexOf(time)
  const end = sorted.findIndex(one => one > time)
  const isNextNearer = end > 0 && (begin === 0 || end - place < place - begin)
  return isNextNearer ? (sorted[end] as number) : time
}

function checkTimes(times: Float64Array): void {
  required(times.length > 1, 'LEARNING_ROWS', 'there are not two rows')
  const isTime = times.every(time => Number.isFinite(time))
  required(isTime, 'LEARNING_ROWS', 'a time is not a number')
}
