import type { Version } from '../rules/rwset.ts'
import type {
  CommittedState,
  HashedPlace,
  KeyRange,
  StoredKey,
  StoredValue,
} from '../rules/state.ts'
import { hashText } from '../rules/updates.ts'

/**
 * The state before a block, each key read once: policy, version and metadata of a key are asked
 * for one after the other. Lives as long as the judging of one block.
 */
export class BlockState implements CommittedState {
  readonly #state: CommittedState
  readonly #values = new Map<string, Map<string, StoredValue | undefined>>()
  readonly #hashed = new Map<string, Map<string, StoredValue | undefined>>()

  constructor(state: CommittedState) {
    this.#state = state
  }

  value(namespace: string, key: string): StoredValue | undefined {
    const known = keysOf(this.#values, namespace)
    const found = known.get(key)
    if (found !== undefined || known.has(key)) return found
    const value = this.#state.value(namespace, key)
    known.set(key, value)
    return value
  }

  version(namespace: string, key: string): Version | undefined {
    return this.value(namespace, key)?.version
  }

  hashed(place: HashedPlace): StoredValue | undefined {
    const known = keysOf(this.#hashed, `${place.namespace}\u0000${place.collection}`)
    const hash = hashText(place.keyHash)
    const found = known.get(hash)
    if (found !== undefined || known.has(hash)) return found
    const value = this.#state.hashed(place)
    known.set(hash, value)
    return value
  }

  range(range: KeyRange): Iterable<StoredKey> {
    return this.#state.range(range)
  }
}

const keysOf = <V>(places: Map<string, Map<string, V>>, name: string): Map<string, V> => {
  const known = places.get(name)
  if (known !== undefined) return known
  const made = new Map<string, V>()
  places.set(name, made)
  return made
}
