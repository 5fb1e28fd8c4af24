/** What was used last, up to a weight. */
export interface Bounded<K, V> {
  get(key: K): V | undefined
  set(key: K, value: V, weight: number): void
  clear(): void
}

export function createBounded<K, V>(weightMax: number): Bounded<K, V> {
  const kept = new Map<K, { readonly value: V; readonly weight: number }>()
  let weight = 0
  function forget(key: K): void {
    weight -= kept.get(key)?.weight ?? 0
    kept.delete(key)
  }
  return {
    get(key) {
      const known = kept.get(key)
      if (!known) return undefined
      // A map goes through its keys in the order in which they were set.
      kept.delete(key)
      kept.set(key, known)
      return known.value
    },
    set(key, value, own) {
      forget(key)
      kept.set(key, { value, weight: own })
      weight += own
      for (const oldest of kept.keys()) {
        if (weight <= weightMax || kept.size === 1) return
        forget(oldest)
      }
    },
    clear() {
      kept.clear()
      weight = 0
    },
  }
}
