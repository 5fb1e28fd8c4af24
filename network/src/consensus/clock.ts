/** What time alone brings about. Time is an event; nothing here reads a clock. */
import { isBehind, requestFetch } from './catchUp.ts'
import type { Digest } from './model.ts'
import { oldest, without } from './pool.ts'
import { batchDueAt, propose } from './proposing.ts'
import {
  isLeader,
  leaderIn,
  patience,
  sendOthers,
  type Draft,
  type Replica,
  type Slot,
} from './replica.ts'
import { askMissing, complain, joinedView, signViewChange } from './viewChange.ts'

/** How often a replica with work in hand looks at its deadlines. */
const WATCH_MS = 50
/** Requests handed to the leader per look. */
const FORWARDED = 32

export function onTick(draft: Draft): undefined {
  dropExpired(draft)
  propose(draft)
  if (draft.phase === 'normal') {
    forwardWaiting(draft)
    watchLeader(draft)
  } else {
    watchViewChange(draft)
  }
  if (draft.decided.height < draft.base || isBehind(draft)) requestFetch(draft)
  sendStatus(draft)
  resend(draft)
}

/** The next time a tick would do something. */
export function wakeAt(replica: Replica): number {
  const { now, statusAt, settings, phase } = replica
  const status = statusAt + settings.timeouts.heartbeatMs
  const isIdle = phase === 'normal' && !hasWork(replica) && replica.complaint <= replica.view
  const watch = isIdle ? Number.POSITIVE_INFINITY : now + WATCH_MS
  return Math.max(now, Math.min(status, watch, batchDueAt(replica)))
}

const hasWork = (replica: Replica | Draft): boolean =>
  replica.pool.entries.size > 0 ||
  replica.decided.height < replica.base ||
  [...replica.slots.values()].some(isOwed)

/**
 * The view owes us a decision on a slot that its leader or its new-view message has filled. Votes
 * alone are no reason to complain: a faulty replica can vote for blocks that do not exist.
 */
const isOwed = ({ candidate, accepted, expected }: Slot): boolean =>
  candidate !== undefined || accepted !== undefined || expected !== undefined

/**
 * Has something waited `ms` without fair progress since? Fair progress: blocks become final, and
 * none holds a request that came here `ms` later than one that still waits (censorship).
 */
function isStalled(draft: Draft, ms: number): boolean {
  const since = Math.max(waitingSince(draft), draft.enteredAt)
  if (draft.now - since < ms) return false
  return draft.now - draft.decidedAt >= ms || since + ms < draft.newestOrderedAt
}

function waitingSince(draft: Draft): number {
  let since = Number.POSITIVE_INFINITY
  for (const pending of oldest(draft.pool)) {
    since = pending.receivedAt
    break
  }
  for (const slot of draft.slots.values()) if (isOwed(slot)) since = Math.min(since, slot.since)
  return since
}

/** A client may have reached this replica alone: its request goes to the leader. */
function forwardWaiting(draft: Draft): void {
  const afterMs = patience(draft, draft.settings.timeouts.requestForwardMs)
  if (isLeader(draft) || !isStalled(draft, afterMs)) return
  const leader = leaderIn(draft, draft.view)
  let count = 0
  for (const { request, arrival, receivedAt } of oldest(draft.pool)) {
    if (count === FORWARDED || draft.now - receivedAt < afterMs) break
    if (arrival < draft.forwardedArrivals) continue
    count += 1
    draft.forwardedArrivals = arrival + 1
    draft.effects.push({ kind: 'send', to: leader, message: { kind: 'request', request } })
  }
}

/** What nobody ordered for so long was refused by the leaders: it must not be complained about for ever. */
function dropExpired(draft: Draft): void {
  const expired: Digest[] = []
  for (const { request, receivedAt } of oldest(draft.pool)) {
    if (draft.now - receivedAt < draft.settings.timeouts.requestLifeMs) break
    expired.push(request.digest)
  }
  draft.pool = without(draft.pool, expired)
}

function watchLeader(draft: Draft): void {
  const { timeouts } = draft.settings
  const isSilent =
    !isLeader(draft) &&
    draft.now - draft.leaderHeardAt >= patience(draft, timeouts.heartbeatTimeoutMs)
  const isOverdue = isStalled(draft, patience(draft, timeouts.requestTimeoutMs))
  if (draft.isLeaderFaulty || isSilent || isOverdue || joinedView(draft) > draft.view) {
    repeatComplaint(draft, draft.view + 1)
    return
  }
  draft.complaint = 0
  const isCalm = draft.now - draft.enteredAt >= patience(draft, timeouts.heartbeatTimeoutMs)
  if (isCalm && !hasWork(draft)) draft.failures = 0
}

function watchViewChange(draft: Draft): void {
  const { viewChangeTimeoutMs } = draft.settings.timeouts
  const isOverdue = draft.now - draft.enteredAt >= patience(draft, viewChangeTimeoutMs)
  repeatComplaint(draft, isOverdue ? draft.view + 1 : draft.view)
}

/** Complaints age at the others, so a complainer repeats itself while its reason lasts. */
function repeatComplaint(draft: Draft, target: number): void {
  const isFresh = draft.now - draft.complaintAt < draft.settings.timeouts.resendMs
  if (draft.complaint >= target && isFresh) return
  complain(draft, Math.max(target, draft.complaint))
}

function sendStatus(draft: Draft): void {
  const { heartbeatMs } = draft.settings.timeouts
  if (draft.now - draft.statusAt < heartbeatMs) return
  draft.statusAt = draft.now
  sendOthers(draft, {
    kind: 'status',
    view: draft.view,
    changing: draft.phase === 'changing',
    decided: draft.decided.height,
  })
}

/** Links lose what a crashed process had not read: while nothing moves, say it all again. */
function resend(draft: Draft): void {
  const { resendMs } = draft.settings.timeouts
  const movedAt = Math.max(draft.decidedAt, draft.resentAt)
  if (draft.now - movedAt < resendMs) return
  draft.resentAt = draft.now
  if (draft.phase === 'changing') return signViewChange(draft)
  askMissing(draft)
  for (const slot of draft.slots.values()) resendSlot(draft, slot)
}

function resendSlot(draft: Draft, slot: Slot): void {
  const { self, replicas } = draft.settings
  const { accepted, expected, prepares, commits, height } = slot
  if (!accepted) return
  const { view } = draft
  const { header, hash } = accepted
  if (isLeader(draft) && !expected) {
    // The batch is large: only those who show no sign of having it get it again.
    for (const to of replicas.filter(id => id !== self && !prepares.has(id))) {
      const message = { kind: 'prePrepare', view, proposal: accepted } as const
      draft.effects.push({ kind: 'send', to, message })
    }
  }
  const prepare = prepares.get(self)
  if (prepare) sendOthers(draft, { kind: 'prepare', view, height, hash, proof: prepare.proof })
  const commit = commits.get(self)
  if (commit) sendOthers(draft, { kind: 'commit', view, header, hash, proof: commit.proof })
}
