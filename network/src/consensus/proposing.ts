/** The leader's work: when to cut a batch, and what stands in it. */
import { advance, bind } from './agreement.ts'
import { isPending, cut } from './pool.ts'
import type { Request } from './model.ts'
import type { Ignored } from './protocol.ts'
import { lookUp } from './digestMap.ts'
import { hasRoom, withRequest } from './pool.ts'
import {
  changeSlot,
  isLeader,
  parentHash,
  sendOthers,
  type Draft,
  type Replica,
} from './replica.ts'

/** A request from a client of this replica or handed on by another one. */
export function onRequest(draft: Draft, request: Request): Ignored | undefined {
  const why = ignoreRequest(draft, request)
  if (why) return why
  draft.pool = withRequest(draft.pool, request, draft.now)
  propose(draft)
  return undefined
}

/** Asked by the shell before it spends a signature check on an envelope. */
export function ignoreRequest(replica: Replica | Draft, request: Request): Ignored | undefined {
  const { limits } = replica.settings
  if (isPending(replica.pool, request.digest)) return 'duplicateRequest'
  if (lookUp(replica.ordered, request.digest) !== undefined) return 'alreadyOrdered'
  if (request.payload.length > limits.batchMaxBytes) return 'tooLarge'
  return hasRoom(replica.pool, request, limits) ? undefined : 'poolFull'
}

/** Proposes as many batches as are due. */
export function propose(draft: Draft): void {
  for (;;) {
    const height = nextHeight(draft)
    if (height === undefined || draft.now < dueAt(draft, height)) return
    if (!proposeAt(draft, height)) return
  }
}

/** When the next batch is due if nothing else arrives; Infinity when there is nothing to propose. */
export function batchDueAt(draft: Replica | Draft): number {
  const height = nextHeight(draft)
  return height === undefined ? Number.POSITIVE_INFINITY : dueAt(draft, height)
}

/** Under load, blocks follow each other at this multiple of the time one takes. */
const PACE = 2

/**
 * After a pause, a request is proposed at once. Under load a batch that is not full waits until the
 * ledger has the one before, and for a pause that follows what a block costs: every block is some
 * work on every node whatever it holds, so the slower blocks become, the more they should hold.
 */
function dueAt(replica: Replica | Draft, height: number): number {
  const { pool, settings, lastProposedAt, lastProposedHeight } = replica
  const { limits, timeouts } = settings
  if (pool.queued === 0) return Number.POSITIVE_INFINITY
  const isFull = pool.queued >= limits.batchCount || pool.queuedBytes >= limits.batchPreferredBytes
  if (isFull) return replica.now
  const { batchIntervalMs, batchIntervalMaxMs } = timeouts
  const isBlockOnItsWay = lastProposedHeight > 0 || height > replica.decided.height + 1
  if (isBlockOnItsWay) return lastProposedAt + Math.max(batchIntervalMs, batchIntervalMaxMs)
  const pace = Math.min(PACE * replica.blockMs, batchIntervalMaxMs)
  return lastProposedAt + Math.max(batchIntervalMs, pace)
}

/** The height this replica would propose at, if it may propose at all. */
function nextHeight(replica: Replica | Draft): number | undefined {
  if (!mayLead(replica)) return undefined
  const { decided, settings, slots } = replica
  const last = decided.height + settings.limits.window
  for (let height = decided.height + 1; height <= last; height += 1) {
    const slot = slots.get(height)
    if (slot?.expected && !slot.accepted) return undefined
    if (!slot?.accepted) return height
  }
  return undefined
}

/** A leader whose ledger does not keep up pauses: the batches grow meanwhile. */
function mayLead(replica: Replica | Draft): boolean {
  const { decided, applied, settings, phase, base } = replica
  const isInView = isLeader(replica) && phase === 'normal' && decided.height >= base
  return isInView && decided.height - applied < settings.limits.unappliedMax
}

function proposeAt(draft: Draft, height: number): boolean {
  const { limits, digests } = draft.settings
  const { pool, requests } = cut(draft.pool, limits)
  draft.pool = pool
  const fresh = requests.filter(request => !isInFlight(draft, request))
  if (fresh.length === 0) return pool.queued > 0
  const header = { height, previous: parentHash(draft, height)!, batch: digests.batch(fresh) }
  const proposal = { header, hash: digests.header(header), requests: fresh }
  changeSlot(draft, height, { since: draft.now })
  bind(draft, proposal)
  draft.lastProposedAt = draft.now
  draft.lastProposedHeight = height
  sendOthers(draft, { kind: 'prePrepare', view: draft.view, proposal })
  advance(draft)
  return true
}

/** A request of a block the new view chose, or of an earlier block of this view, is not proposed twice. */
function isInFlight(draft: Draft, request: Request): boolean {
  for (const { accepted } of draft.slots.values()) {
    if (accepted?.requests.some(({ digest }) => digest === request.digest)) return true
  }
  return false
}
