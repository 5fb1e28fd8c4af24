/** A peer fetches values it lacks from others, a Fabric peer once a minute; longer than that and they are lost. */
export const PATIENCE_MS = 300_000

/** The peer has a block of ours without our private values: read again until they are there. */
export class ValuesMissing extends Error {
  constructor(block: bigint) {
    super(`block ${block}: own private values are not at the peer yet`)
  }
}

/** Counts from the first time a block is asked about. */
export function createPatience(limitMs: number) {
  let waitsFor: { block: bigint; sinceMs: number } | undefined
  return {
    holds(block: bigint): boolean {
      if (waitsFor?.block !== block) waitsFor = { block, sinceMs: Date.now() }
      return Date.now() - waitsFor.sinceMs < limitMs
    },
  }
}
