/** Chance from a seed: the same numbers on every machine (xoshiro128**, seeded by splitmix32). */
export interface Random {
  /** In [0, 1), in steps of 2^-32. */
  next(): number
  /** A whole number in [0, end). */
  below(end: number): number
}

export function createRandom(seed: number): Random {
  const state = new Uint32Array(4)
  let mixed = seed >>> 0
  for (let at = 0; at < 4; at += 1) {
    mixed = (mixed + 0x9e3779b9) >>> 0
    let word = mixed
    word = Math.imul(word ^ (word >>> 16), 0x21f0aaad)
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97)
    state[at] = word ^ (word >>> 15)
  }
  const word = (): number => {
    const [a = 0, b = 0, c = 0, d = 0] = state
    const result = Math.imul(rotated(Math.imul(b, 5), 7), 9) >>> 0
    const shifted = b << 9
    const third = c ^ a
    const fourth = d ^ b
    state[1] = b ^ third
    state[0] = a ^ fourth
    state[2] = third ^ shifted
    state[3] = rotated(fourth, 11)
    return result
  }
  return {
    next: () => word() / 2 ** 32,
    below: end => Math.floor((word() / 2 ** 32) * end),
  }
}

const rotated = (word: number, by: number): number => (word << by) | (word >>> (32 - by))

/** In place. */
export function shuffle<T extends { [at: number]: number; readonly length: number }>(
  list: T,
  random: Random,
): T {
  for (let at = list.length - 1; at > 0; at -= 1) {
    const other = random.below(at + 1)
    const held = list[at] as number
    list[at] = list[other] as number
    list[other] = held
  }
  return list
}

/** So many of [0, count), each as likely as any other, in ascending order. */
export function choose(count: number, chosen: number, random: Random): Int32Array {
  const picked = new Int32Array(chosen)
  let need = chosen
  for (let at = 0; at < count && need > 0; at += 1)
    if (random.next() * (count - at) < need) {
      picked[chosen - need] = at
      need -= 1
    }
  return picked
}
