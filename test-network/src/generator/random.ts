/** A seeded stream of random numbers: the same seed gives the same year of trade on every machine. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform whole number in [low, high]. */
  whole(low: number, high: number): number
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
  hex(digits: number): string
  digits(count: number): string
  /** A stream of its own: drawing from it does not shift the draws of any other. */
  fork(label: string): Random
}

/** FNV-1a over the text, then the finaliser of MurmurHash3 to spread neighbouring seeds. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}

/** Mulberry32: 32 bits of state are plenty for a few hundred thousand draws. */
export function seeded(seed: string): Random {
  let state = hash(seed)
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296
  }
  const whole = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1))
  const repeat = (count: number, alphabet: string): string =>
    Array.from({ length: count }, () => alphabet[whole(0, alphabet.length - 1)]).join('')
  return {
    next,
    whole,
    chance: probability => next() < probability,
    pick: items => {
      const item = items[whole(0, items.length - 1)]
      if (item === undefined) throw new Error('nothing to pick from')
      return item
    },
    hex: count => repeat(count, '0123456789abcdef'),
    digits: count => repeat(count, '0123456789'),
    fork: label => seeded(`${seed}/${label}`),
  }
}
