/**
 * Whole numbers modulo 2^64, each as two words, the lower first: what is masked has no sign and no end, so a masked
 * number says nothing of the one below.
 */
export type Lanes = Uint32Array

const WORD = 2 ** 32

/** Whole numbers of at most 53 bits. */
export function lanesOf(numbers: Float64Array): Lanes {
  const lanes = new Uint32Array(2 * numbers.length)
  for (let at = 0; at < numbers.length; at += 1) {
    const number = numbers[at] as number
    // Stored into a word a number is taken modulo 2^32, a negative one as its complement.
    lanes[2 * at] = number
    lanes[2 * at + 1] = Math.floor(number / WORD)
  }
  return lanes
}

/** What lies beyond 53 bits was no sum of numbers that do not. */
export function numbersOf(lanes: Lanes): Float64Array {
  const numbers = new Float64Array(lanes.length / 2)
  for (let at = 0; at < numbers.length; at += 1)
    numbers[at] = ((lanes[2 * at + 1] as number) | 0) * WORD + (lanes[2 * at] as number)
  return numbers
}

/** In place. */
export function add(sum: Lanes, other: Lanes): void {
  for (let at = 0; at < sum.length; at += 2) {
    const low = (sum[at] as number) + (other[at] as number)
    sum[at] = low
    sum[at + 1] = (sum[at + 1] as number) + (other[at + 1] as number) + (low >= WORD ? 1 : 0)
  }
}

/** In place. */
export function subtract(sum: Lanes, other: Lanes): void {
  for (let at = 0; at < sum.length; at += 2) {
    const low = (sum[at] as number) - (other[at] as number)
    sum[at] = low
    sum[at + 1] = (sum[at + 1] as number) - (other[at + 1] as number) - (low < 0 ? 1 : 0)
  }
}
