/** What a thread works on, in one memory: its words, the rows of the leaves, their numbers, and the sums. */
import { required } from '../fault.ts'
import { PACKED, type Bins } from './bins.ts'
import { addIn, COLUMN_BYTES, createWasmMemory } from './kernel.ts'

/** Numbers of a column: 256 bins of two, whether it has so many or not. */
export const COLUMN_WIDTH = COLUMN_BYTES / Float64Array.BYTES_PER_ELEMENT
/** Numbers of the four columns of a word. */
export const WORD_WIDTH = PACKED * COLUMN_WIDTH

const PAGE_BYTES = 65_536
const BYTES_MAX = 2 ** 32 - PAGE_BYTES

/** The sums of a leaf: by its words, then the two numbers of all its rows. */
export interface LeafSums {
  readonly at: number
  readonly numbers: Float64Array
}

export interface Memory {
  /** The rows, in the order of the leaves. */
  readonly order: Int32Array
  /** Room for the sums of so many leaves. */
  readonly leaves: readonly LeafSums[]
  /** Makes the numbers of the rows [begin, begin + size) lie one behind the other; all rows stand in their own order. */
  gather(gradients: Float64Array, begin: number, size: number): void
  /** Adds what has been gathered to the sums of a word. */
  add(word: number, leaf: LeafSums, begin: number, size: number): void
}

/** @param own the words whose columns are summed here. */
export function createMemory(bins: Bins, own: readonly number[], leafCount: number): Memory {
  const { rowCount } = bins
  const width = own.length * WORD_WIDTH + 2
  let end = 0
  const place = (bytes: number): number => {
    const at = end
    end += Math.ceil(bytes / 16) * 16
    return at
  }
  const words = own.map(() => place(4 * rowCount))
  const orderAt = place(4 * rowCount)
  const gatheredAt = place(16 * rowCount)
  const leavesAt = Array.from({ length: leafCount }, () => place(8 * width))
  required(end <= BYTES_MAX, 'LEARNING_ROWS', 'too many rows and columns for one thread')
  const memory = createWasmMemory(Math.ceil(end / PAGE_BYTES))
  own.forEach((word, at) =>
    new Uint32Array(memory.buffer, words[at], rowCount).set(bins.words[word] as Uint32Array),
  )
  const order = new Int32Array(memory.buffer, orderAt, rowCount)
  const gathered = new Float64Array(memory.buffer, gatheredAt, 2 * rowCount)
  const add = addIn(memory)
  return {
    order,
    leaves: leavesAt.map(at => ({ at, numbers: new Float64Array(memory.buffer, at, width) })),
    gather(gradients, begin, size) {
      if (size === rowCount) {
        gathered.set(gradients)
        return
      }
      for (let at = 0; at < size; at += 1) {
        const row = 2 * (order[begin + at] as number)
        gathered[2 * at] = gradients[row] as number
        gathered[2 * at + 1] = gradients[row + 1] as number
      }
    },
    add: (word, leaf, begin, size) =>
      add(
        words[word] as number,
        orderAt + 4 * begin,
        size,
        gatheredAt,
        leaf.at + 8 * word * WORD_WIDTH,
      ),
  }
}

/** What is left of a leaf's sums when those of one of its halves are taken away; in place. */
export function takeAway(whole: Float64Array, half: Float64Array): void {
  for (let at = 0; at < whole.length; at += 1)
    whole[at] = (whole[at] as number) - (half[at] as number)
}
