/**
 * A bounded map that forgets what was not asked for lately: two generations, the older dropped
 * whole when the younger is full. Cheaper than a list per access and as good at keeping the hot.
 */
export class GenerationCache<V> {
  readonly #generationMax: number
  #young = new Map<string, V>()
  #old = new Map<string, V>()

  /** Holds at most twice `generationMax` entries. */
  constructor(generationMax: number) {
    this.#generationMax = generationMax
  }

  get(key: string): V | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old !== undefined) this.set(key, old)
    return old
  }

  set(key: string, value: V): void {
    if (this.#young.size >= this.#generationMax) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, value)
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }
}
