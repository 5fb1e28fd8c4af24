/**
 * PBFT ordering of blocks as a pure function: `step(replica, event) -> { replica, effects }`.
 *
 * Imports nothing of ours and does no I/O, reads no clock, draws no random number: time arrives as
 * events, signatures are made and verified by the shell (network/src/orderer), everything that
 * leaves is an effect. `simulator/` runs whole clusters of it on virtual time from a seed.
 *
 * Invariants:
 * - a block is a batch at a height; a certificate is q = ceil((n+f+1)/2) votes of one view;
 * - a replica prepares one block per view and height, and height n+1 only after n is prepared in
 *   that view or final;
 * - every promise is persisted before the message that makes it leaves (order of effects);
 * - two blocks are never final at one height while at most f replicas are faulty.
 * docs/internals/consensus.md explains the protocol and argues its safety.
 */
export { ignoreRequest } from './proposing.ts'
export { InvariantError } from './invariant.ts'
export { LIMITS, TIMEOUTS } from './protocol.ts'
export type {
  Digests,
  Effect,
  Event,
  Ignored,
  Limits,
  Settings,
  Timeouts,
  VoteRecord,
} from './protocol.ts'
export type {
  Ballot,
  Certificate,
  CommitMessage,
  Digest,
  Header,
  LedgerBlock,
  Message,
  NewViewMessage,
  PrepareMessage,
  Proposal,
  ReplicaId,
  Request,
  StatusMessage,
  ViewChange,
  ViewChangeClaim,
  Vote,
} from './model.ts'
export { faultsOf, leaderOf, quorumOf } from './quorum.ts'
export { ignoreUnverified, isKnownRequest } from './relevance.ts'
export { restart, snapshot } from './recovery.ts'
export type { Replica } from './replica.ts'
export { step, type Step } from './step.ts'
export { wakeAt } from './clock.ts'
