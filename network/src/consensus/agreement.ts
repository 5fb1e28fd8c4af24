/** The normal case: pre-prepare, prepare, commit, final. */
import { lookUp } from './digestMap.ts'
import { invariant } from './invariant.ts'
import type {
  Certificate,
  CommitMessage,
  Digest,
  Message,
  PhaseMessage,
  PrepareMessage,
  Proposal,
  ReplicaId,
  Vote,
} from './model.ts'
import { pendingOf, without } from './pool.ts'
import type { Ignored } from './protocol.ts'
import {
  changeSlot,
  kept,
  leaderIn,
  parentHash,
  put,
  rememberOrdered,
  sendOthers,
  type Draft,
  type Replica,
  type Slot,
  type SlotVote,
} from './replica.ts'

type PrePrepareMessage = Extract<Message, { kind: 'prePrepare' }>

export const heightOf = (message: PhaseMessage): number => {
  switch (message.kind) {
    case 'prePrepare':
      return message.proposal.header.height
    case 'prepare':
      return message.height
    case 'commit':
      return message.header.height
  }
}

/** Votes of a view this replica has not entered yet wait, a bounded number per sender. */
export function onPhaseMessage(
  draft: Draft,
  from: ReplicaId,
  message: PhaseMessage,
): Ignored | undefined {
  const why = ignorePhaseMessage(draft, message)
  if (why) return why
  if (message.view > draft.view || draft.phase === 'changing') {
    return keepEarly(draft, from, message)
  }
  if (message.kind === 'prePrepare') {
    return ignorePrePrepare(draft, from, message) ?? onPrePrepare(draft, message)
  }
  const ignored = ignoreVote(draft, from, message)
  if (ignored) return ignored
  return message.kind === 'prepare'
    ? onPrepare(draft, from, message)
    : onCommit(draft, from, message)
}

/** Also asked by the shell before it spends a signature check on a vote. */
export function ignorePhaseMessage(
  replica: Replica | Draft,
  message: PhaseMessage,
): Ignored | undefined {
  const height = heightOf(message)
  if (message.view < replica.view) return 'staleView'
  if (height <= replica.decided.height) return 'alreadyDecided'
  // Others may be a whole window ahead of us: their votes are kept, ours wait for the blocks below.
  const last = replica.decided.height + 2 * replica.settings.limits.window
  return height > last ? 'beyondWindow' : undefined
}

function keepEarly(draft: Draft, from: ReplicaId, message: PhaseMessage): Ignored | undefined {
  const { replicas, limits } = draft.settings
  if (message.view >= draft.view + replicas.length) return 'futureView'
  if (message.kind === 'prePrepare' && leaderIn(draft, message.view) !== from) return 'notLeader'
  const before = draft.early.get(from) ?? []
  draft.early = put(draft.early, from, [...before.slice(1 - 4 * limits.window), message])
  return undefined
}

/** Replays what arrived before the view did. */
export function replayEarly(draft: Draft): void {
  const early = draft.early
  draft.early = new Map()
  for (const [from, messages] of early) {
    for (const message of messages) onPhaseMessage(draft, from, message)
  }
}

function ignorePrePrepare(
  draft: Draft,
  from: ReplicaId,
  message: PrePrepareMessage,
): Ignored | undefined {
  const slot = draft.slots.get(message.proposal.header.height)
  if (leaderIn(draft, message.view) !== from) return 'notLeader'
  if (message.proposal.header.height <= draft.base) return 'alreadyDecided'
  if (slot?.expected) return 'chosenByNewView'
  const known = slot?.accepted ?? slot?.candidate
  if (known) return known.hash === message.proposal.hash ? 'repeated' : 'equivocation'
  return undefined
}

function onPrePrepare(draft: Draft, { proposal }: PrePrepareMessage): undefined {
  changeSlot(draft, proposal.header.height, { candidate: proposal, since: draft.now })
  advance(draft)
}

function ignoreVote(
  draft: Draft,
  from: ReplicaId,
  message: PrepareMessage | CommitMessage,
): Ignored | undefined {
  const slot = draft.slots.get(heightOf(message))
  const known = (message.kind === 'prepare' ? slot?.prepares : slot?.commits)?.get(from)
  if (known) return known.hash === message.hash ? 'repeated' : 'equivocation'
  return undefined
}

function onPrepare(draft: Draft, from: ReplicaId, message: PrepareMessage): undefined {
  const vote = { hash: message.hash, proof: message.proof }
  const prepares = put(draft.slots.get(message.height)?.prepares ?? new Map(), from, vote)
  changeSlot(draft, message.height, { prepares })
  if (from === draft.settings.self) sendOthers(draft, message)
  advance(draft)
}

function onCommit(draft: Draft, from: ReplicaId, message: CommitMessage): undefined {
  const { height } = message.header
  const vote = { hash: message.hash, proof: message.proof }
  const commits = put(draft.slots.get(height)?.commits ?? new Map(), from, vote)
  changeSlot(draft, height, { commits })
  if (from === draft.settings.self) sendOthers(draft, message)
  advance(draft)
}

/**
 * Does everything that has become possible: binds to proposals whose parent is settled, votes in
 * order of height, and makes blocks final from the lowest up.
 */
export function advance(draft: Draft): void {
  do {
    if (draft.phase === 'normal' && draft.decided.height >= draft.base) advanceSlots(draft)
  } while (decideNext(draft))
}

function advanceSlots(draft: Draft): void {
  const last = draft.decided.height + draft.settings.limits.window
  for (let height = draft.decided.height + 1; height <= last; height += 1) {
    if (!advanceSlot(draft, height)) return
  }
}

/** True when the slot has a block, so that the next one may be looked at. */
function advanceSlot(draft: Draft, height: number): boolean {
  const slot = draft.slots.get(height)
  if (!slot || !(slot.accepted ?? acceptIn(draft, slot))) return false
  if (isReadyToVote(draft, height)) signPrepare(draft, draft.slots.get(height)!)
  moveToPrepared(draft, draft.slots.get(height)!)
  signCommit(draft, draft.slots.get(height)!)
  return true
}

/** Height n+1 is prepared only after n is prepared in this view, or final. */
function isReadyToVote(draft: Draft, height: number): boolean {
  if (draft.slots.get(height)?.hasSignedPrepare) return false
  return height === draft.decided.height + 1 || draft.slots.get(height - 1)?.isPrepared === true
}

/** Binds this replica to the block of a slot, if it has one that may be voted for. */
function acceptIn(draft: Draft, slot: Slot): boolean {
  const proposal = slot.expected ? draft.proposals.get(slot.expected.hash) : slot.candidate
  if (!proposal || proposal.header.previous !== parentHash(draft, slot.height)) {
    if (proposal && !slot.expected && parentHash(draft, slot.height)) draft.isLeaderFaulty = true
    return false
  }
  // What a new view chose was checked by the correct replicas that prepared it.
  if (!slot.expected && isFaulty(draft, proposal)) {
    draft.isLeaderFaulty = true
    return false
  }
  bind(draft, proposal)
  return true
}

/** The record that forbids any other block at this view and height; precedes the vote. */
export function bind(draft: Draft, proposal: Proposal): void {
  const { height } = proposal.header
  const slot = draft.slots.get(height)
  invariant(draft.phase === 'normal', 'a replica binds itself only in a view it has entered')
  invariant(slot?.accepted === undefined, 'a replica binds itself once per view and height')
  keepProposal(draft, proposal)
  draft.effects.push({
    kind: 'persist',
    record: { kind: 'accepted', view: draft.view, height, hash: proposal.hash },
  })
  changeSlot(draft, height, { accepted: proposal })
}

/** Logs the bytes behind a header before anything refers to them. */
export function keepProposal(draft: Draft, proposal: Proposal): void {
  if (draft.proposals.has(proposal.hash)) return
  draft.effects.push({ kind: 'persist', record: { kind: 'proposal', proposal } })
  draft.proposals = put(draft.proposals, proposal.hash, proposal)
}

/** A batch no correct leader proposes: empty, too large, or with a request twice on the chain. */
function isFaulty(draft: Draft, proposal: Proposal): boolean {
  const { limits } = draft.settings
  const { requests } = proposal
  const bytes = requests.reduce((sum, request) => sum + request.payload.length, 0)
  const isEmpty = requests.length === 0
  if (isEmpty || requests.length > limits.batchCount || bytes > limits.batchMaxBytes) return true
  return repeatsRequest(draft, proposal)
}

function repeatsRequest(draft: Draft, { header, requests }: Proposal): boolean {
  const digests = new Set(requests.map(request => request.digest))
  if (digests.size !== requests.length) return true
  // The leader may have seen a few more blocks final than we have: its window starts a bit later.
  const { dedupBlocks, window } = draft.settings.limits
  const known = header.height - dedupBlocks + 2 * window
  for (const digest of digests) {
    if ((lookUp(draft.ordered, digest) ?? known) > known) return true
  }
  for (let height = draft.decided.height + 1; height < header.height; height += 1) {
    const below = draft.slots.get(height)?.accepted?.requests ?? []
    if (below.some(request => digests.has(request.digest))) return true
  }
  return false
}

function signPrepare(draft: Draft, slot: Slot): void {
  invariant(slot.accepted !== undefined, 'a prepare follows its accepted record')
  const { hash } = slot.accepted
  changeSlot(draft, slot.height, { hasSignedPrepare: true })
  draft.effects.push({
    kind: 'sign',
    ballot: { kind: 'prepare', view: draft.view, height: slot.height, hash },
  })
}

function moveToPrepared(draft: Draft, slot: Slot): void {
  if (slot.isPrepared || !slot.hasSignedPrepare) return
  const votes = votesFor(slot.prepares, slot.accepted!.hash)
  if (votes.length < draft.quorum) return
  const certificate = certificateOf(draft, slot.accepted!, votes)
  draft.effects.push({ kind: 'persist', record: { kind: 'prepared', certificate } })
  draft.prepared = put(draft.prepared, slot.height, certificate)
  changeSlot(draft, slot.height, { isPrepared: true })
}

function signCommit(draft: Draft, slot: Slot): void {
  if (!slot.isPrepared || slot.hasSignedCommit) return
  const { header, hash } = slot.accepted!
  invariant(
    draft.prepared.get(slot.height)?.hash === hash,
    'a commit vote follows its prepared record',
  )
  invariant(draft.prepared.get(slot.height)?.view === draft.view, 'a commit vote is of this view')
  changeSlot(draft, slot.height, { hasSignedCommit: true })
  draft.effects.push({ kind: 'sign', ballot: { kind: 'commit', view: draft.view, header, hash } })
}

export function votesFor(votes: ReadonlyMap<ReplicaId, SlotVote>, hash: Digest): Vote[] {
  const found: Vote[] = []
  for (const [replica, vote] of votes) {
    if (vote.hash === hash) found.push({ replica, proof: vote.proof })
  }
  return found
}

function certificateOf(draft: Draft, proposal: Proposal, votes: readonly Vote[]): Certificate {
  const chosen = votes.slice(0, draft.quorum).sort((left, right) => left.replica - right.replica)
  invariant(chosen.length === draft.quorum, 'a certificate has exactly q votes')
  return { view: draft.view, header: proposal.header, hash: proposal.hash, votes: chosen }
}

/**
 * A replica whose ledger lags by so many times `unappliedMax` takes no further blocks: memory stays
 * bounded, and if the others need its vote they wait for it.
 */
const LAG_FACTOR = 4

/** Makes the next height final if its certificate and its bytes are here. */
function decideNext(draft: Draft): boolean {
  const { limits } = draft.settings
  if (draft.decided.height - draft.applied >= LAG_FACTOR * limits.unappliedMax) return false
  const height = draft.decided.height + 1
  const slot = draft.slots.get(height)
  const certificate = draft.proven.get(height) ?? (slot && certificateIn(draft, slot))
  const proposal = certificate && draft.proposals.get(certificate.hash)
  if (!certificate || !proposal) return false
  invariant(
    proposal.header.previous === draft.decided.hash,
    'a final block extends the final chain',
  )
  draft.effects.push({ kind: 'persist', record: { kind: 'decided', certificate } })
  draft.effects.push({ kind: 'deliver', proposal, certificate })
  draft.unapplied = [...draft.unapplied, { proposal, certificate }]
  settle(
    draft,
    certificate,
    proposal.requests.map(request => request.digest),
  )
  return true
}

function certificateIn(draft: Draft, slot: Slot): Certificate | undefined {
  if (!slot.accepted) return undefined
  const votes = votesFor(slot.commits, slot.accepted.hash)
  return votes.length < draft.quorum ? undefined : certificateOf(draft, slot.accepted, votes)
}

/** The block of this certificate is final: everything that was only about it is dropped. */
export function settle(draft: Draft, certificate: Certificate, digests: readonly Digest[]): void {
  const { height } = certificate.header
  invariant(height === draft.decided.height + 1, 'blocks become final in order')
  noteOvertaking(draft, digests)
  draft.decided = { height, hash: certificate.hash }
  draft.finals = [...draft.finals, certificate].slice(-draft.settings.limits.window)
  draft.decidedAt = draft.now
  draft.failures = 0
  draft.pool = without(draft.pool, digests)
  rememberOrdered(draft, height, digests)
  const isAbove = (other: number): boolean => other > height
  draft.slots = kept(draft.slots, isAbove)
  draft.prepared = kept(draft.prepared, isAbove)
  draft.proven = kept(draft.proven, isAbove)
  draft.proposals = kept(draft.proposals, (_hash, proposal) => proposal.header.height > height)
}

function noteOvertaking(draft: Draft, digests: readonly Digest[]): void {
  for (const digest of digests) {
    const receivedAt = pendingOf(draft.pool, digest)?.receivedAt ?? Number.NEGATIVE_INFINITY
    draft.newestOrderedAt = Math.max(draft.newestOrderedAt, receivedAt)
  }
}
