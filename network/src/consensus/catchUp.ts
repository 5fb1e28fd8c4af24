/** Replicas that fell behind: status, proofs of the present view, blocks from elsewhere. */
import { advance, settle } from './agreement.ts'
import type { LedgerBlock, ReplicaId, StatusMessage } from './model.ts'
import type { Ignored } from './protocol.ts'
import { changePeer, peerOf, type Draft } from './replica.ts'

export function onStatus(
  draft: Draft,
  from: ReplicaId,
  status: StatusMessage,
): Ignored | undefined {
  const { view, changing, decided } = status
  changePeer(draft, from, { view, isChanging: changing, decided })
  helpBehind(draft, from, changing ? view - 1 : view)
  return undefined
}

/** Hands the proof of the present view to a replica that shows it has not entered it. */
export function helpBehind(draft: Draft, id: ReplicaId, view: number): boolean {
  const { newView, now } = draft
  const isHelped = now - peerOf(draft, id).helpedAt < draft.settings.timeouts.resendMs
  if (!newView || draft.phase !== 'normal' || view >= draft.view || isHelped) return false
  changePeer(draft, id, { helpedAt: now })
  draft.effects.push({ kind: 'send', to: id, message: newView })
  return true
}

/** Replicas that say they hold final blocks we lack. */
const aheadOf = (draft: Draft): ReplicaId[] =>
  draft.settings.replicas.filter(id => peerOf(draft, id).decided > draft.decided.height)

export function isBehind(draft: Draft): boolean {
  const { timeouts, limits } = draft.settings
  const ahead = aheadOf(draft)
  if (ahead.length === 0) return false
  const furthest = Math.max(...ahead.map(id => peerOf(draft, id).decided))
  const isFar = furthest >= draft.decided.height + limits.window
  return isFar || draft.now - draft.decidedAt >= timeouts.catchUpAfterMs
}

/** Asks one replica for the next final blocks; another one when it fails. */
export function requestFetch(draft: Draft): void {
  if (isFetching(draft)) return
  const { replicas, self, limits, timeouts } = draft.settings
  const ahead = aheadOf(draft)
  const sources = ahead.length > 0 ? ahead : replicas.filter(id => id !== self)
  const from = sources[draft.fetches % sources.length]
  if (from === undefined) return
  const first = draft.decided.height + 1
  const claimed = Math.max(peerOf(draft, from).decided, draft.base, first)
  const last = Math.min(claimed, first + limits.fetchMax - 1)
  draft.fetches += 1
  draft.fetching = { from, last, until: draft.now + timeouts.fetchTimeoutMs }
  draft.effects.push({ kind: 'fetch', from, first, last })
}

const isFetching = ({ fetching, now, decided }: Draft): boolean =>
  fetching !== undefined && now < fetching.until && decided.height < fetching.last

/** A ledger takes its time over a batch; asking again meanwhile would only fetch it once more. */
const LEDGER_PATIENCE = 10

/** The source answered, perhaps with less than it was asked for. */
export function onFetched(draft: Draft, from: ReplicaId, last: number): Ignored | undefined {
  const { fetching, now, settings } = draft
  if (fetching?.from !== from) return 'notWanted'
  const until = now + LEDGER_PATIENCE * settings.timeouts.fetchTimeoutMs
  draft.fetching = { from, last, until }
  return undefined
}

export function onFetchFailed(draft: Draft, from: ReplicaId): Ignored | undefined {
  if (draft.fetching?.from !== from) return 'notWanted'
  // A source that could not serve is not believed until it says so again.
  changePeer(draft, from, { decided: 0 })
  delete draft.fetching
  return undefined
}

/** Blocks that stand in the ledger already. Some may be known here by now. */
export function onBlocks(draft: Draft, blocks: readonly LedgerBlock[]): Ignored | undefined {
  let isNew = false
  for (const block of blocks) {
    if (block.header.height !== draft.decided.height + 1 || !block.certificate) continue
    settle(draft, block.certificate, block.digests)
    isNew = true
  }
  if (!isNew) return 'nothingNew'
  onApplied(draft, draft.decided.height)
  advance(draft)
  if (draft.decided.height < draft.base || isBehind(draft)) requestFetch(draft)
  return undefined
}

export function onApplied(draft: Draft, height: number): Ignored | undefined {
  if (height <= draft.applied) return 'nothingNew'
  draft.applied = height
  measureBlock(draft)
  const unapplied = draft.unapplied.filter(({ proposal }) => proposal.header.height > height)
  draft.unapplied = unapplied
  advance(draft)
  return undefined
}

/** How long the last own proposal took until it was durable. */
function measureBlock(draft: Draft): void {
  const { lastProposedHeight, lastProposedAt, blockMs, now } = draft
  if (lastProposedHeight === 0 || draft.applied < lastProposedHeight) return
  const tookMs = now - lastProposedAt
  draft.blockMs = blockMs === 0 ? tookMs : 0.7 * blockMs + 0.3 * tookMs
  draft.lastProposedHeight = 0
}
