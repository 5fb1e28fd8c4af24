import { sha256 } from './block.ts'
import { writeKeyRead, type KeyRead, type MerkleSummary } from './rwset.ts'
import { Writer, equalBytes } from './wire.ts'

/** Fabric's degree: up to this many rows stand in the read set raw, more are summarised. */
export const RANGE_DEGREE_MAX = 50

const LEAF = 1

/**
 * The rows a range query returned, raw or as Fabric's incremental Merkle tree. Simulation builds
 * it from what the chaincode took, validation from what the state holds now.
 */
export class RangeReads {
  readonly #degree: number
  readonly #levels = new Map<number, Uint8Array[]>()
  #pending: KeyRead[] = []
  #maxLevel = LEAF

  constructor(degree: number = RANGE_DEGREE_MAX) {
    if (degree < 2) throw new RangeError('a Merkle degree is at least 2')
    this.#degree = degree
  }

  add(read: KeyRead): void {
    this.#pending.push(read)
    if (this.#pending.length > this.#degree) this.#hashPending()
  }

  #hashPending(): void {
    const reads = new Writer()
    for (const read of this.#pending) reads.element(1, writeKeyRead(read))
    this.#pending = []
    this.#append(LEAF, sha256(reads.finish()))
    for (let level = LEAF; ; level += 1) {
      const hashes = this.#levels.get(level) ?? []
      if (hashes.length <= this.#degree) return
      this.#levels.delete(level)
      this.#append(level + 1, sha256(...hashes))
      this.#maxLevel = Math.max(this.#maxLevel, level + 1)
    }
  }

  #append(level: number, hash: Uint8Array): void {
    const hashes = this.#levels.get(level)
    if (hashes === undefined) this.#levels.set(level, [hash])
    else hashes.push(hash)
  }

  /** Lifts what is left to the highest level, as Fabric completes its tree. */
  #complete(): void {
    for (let level = LEAF; level < this.#maxLevel; level += 1) {
      const hashes = this.#levels.get(level) ?? []
      if (hashes.length === 0) continue
      this.#levels.delete(level)
      this.#append(level + 1, hashes.length === 1 ? (hashes[0] as Uint8Array) : sha256(...hashes))
    }
    const top = this.#levels.get(this.#maxLevel) ?? []
    if (top.length <= this.#degree) return
    this.#levels.delete(this.#maxLevel)
    this.#maxLevel += 1
    this.#levels.set(this.#maxLevel, [sha256(...top)])
  }

  finish(): { readonly reads: readonly KeyRead[]; readonly merkle: MerkleSummary | undefined } {
    const empty = this.#maxLevel === LEAF && (this.#levels.get(LEAF) ?? []).length === 0
    if (empty) return { reads: this.#pending, merkle: undefined }
    if (this.#pending.length > 0) this.#hashPending()
    this.#complete()
    const hashes = this.#levels.get(this.#maxLevel) ?? []
    return { reads: [], merkle: { maxDegree: this.#degree, maxLevel: this.#maxLevel, hashes } }
  }
}

export const sameSummary = (a: MerkleSummary, b: MerkleSummary | undefined): boolean =>
  b !== undefined &&
  a.maxDegree === b.maxDegree &&
  a.maxLevel === b.maxLevel &&
  a.hashes.length === b.hashes.length &&
  a.hashes.every((hash, index) => equalBytes(hash, b.hashes[index] as Uint8Array))
