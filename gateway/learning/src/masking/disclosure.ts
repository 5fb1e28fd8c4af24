/**
 * What a party has told of the others in one session. Whoever held both the own mask of somebody and the masks that
 * they share could read their numbers: of one party only one of the two is ever told, whoever asks, however often.
 */
import { LearningFault } from '../fault.ts'

export interface Disclosure {
  /** The share of a party's own secret: it is lost after its numbers came. */
  share(party: number): void
  /** The key of the mask that is shared with a party in a message: it is lost before its numbers came. */
  pair(party: number): void
  /** So that a party that is started again has not forgotten it. */
  state(): DisclosureState
}

export interface DisclosureState {
  readonly shares: readonly number[]
  readonly pairs: readonly number[]
}

/** @throws LearningFault LEARNING_BOTH_MASKS from `share` and `pair` where the other has been told. */
export function createDisclosure(state: DisclosureState = { shares: [], pairs: [] }): Disclosure {
  const shares = new Set(state.shares)
  const pairs = new Set(state.pairs)
  const refuse = (party: number): never => {
    throw new LearningFault('LEARNING_BOTH_MASKS', `both masks of party ${party} were asked for`)
  }
  return {
    share(party) {
      if (pairs.has(party)) refuse(party)
      shares.add(party)
    },
    pair(party) {
      if (shares.has(party)) refuse(party)
      pairs.add(party)
    },
    state: () => ({ shares: [...shares], pairs: [...pairs] }),
  }
}
