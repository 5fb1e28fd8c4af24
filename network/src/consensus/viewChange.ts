/**
 * Replacing a leader, in three steps: complain (a replica goes on voting: one complainer alone
 * disturbs nobody), leave the view with what is prepared once q replicas complain, enter the next
 * view with the proof its leader sends.
 */
import { advance, keepProposal, replayEarly } from './agreement.ts'
import { helpBehind, requestFetch } from './catchUp.ts'
import type { Message, NewViewMessage, ReplicaId, ViewChange } from './model.ts'
import { oldest, requeued } from './pool.ts'
import type { Ignored } from './protocol.ts'
import { faultsOf } from './quorum.ts'
import {
  changePeer,
  emptySlot,
  leaderIn,
  peerOf,
  put,
  sendOthers,
  type Draft,
  type Slot,
} from './replica.ts'
import { chooseChain, isWellFormed, type Selection } from './selection.ts'

/** Overdue requests a complainer shows to all, so that they too miss them. */
const SHOWN_REQUESTS = 8
/** A complaint not repeated for this many resend intervals is taken back. */
const COMPLAINT_LIFE = 8

export function onComplain(draft: Draft, from: ReplicaId, view: number): Ignored | undefined {
  const peer = peerOf(draft, from)
  if (view <= draft.view) return helpBehind(draft, from, view - 1) ? undefined : 'staleView'
  const target = Math.max(view, freshComplaint(draft, from))
  changePeer(draft, from, { complaint: target, complaintAt: draft.now })
  weighComplaints(draft)
  return peer.complaint === view ? 'repeated' : undefined
}

const freshComplaint = (draft: Draft, id: ReplicaId): number => {
  const { complaint, complaintAt } = peerOf(draft, id)
  const life = COMPLAINT_LIFE * draft.settings.timeouts.resendMs
  return draft.now - complaintAt <= life ? complaint : 0
}

/** Says that this replica wants a view other than the present one. */
export function complain(draft: Draft, target: number): void {
  draft.complaint = target
  draft.complaintAt = draft.now
  sendOthers(draft, { kind: 'complain', view: target })
  let shown = 0
  for (const { request } of oldest(draft.pool)) {
    if (shown === SHOWN_REQUESTS) break
    shown += 1
    sendOthers(draft, { kind: 'request', request })
  }
  weighComplaints(draft)
}

/** The others' fresh complaints, furthest first. */
const complaintsOf = (draft: Draft): number[] =>
  draft.settings.replicas
    .filter(id => id !== draft.settings.self)
    .map(id => freshComplaint(draft, id))
    .sort((left, right) => right - left)

/** f+1 complainers hold a correct one: the view they want at least, to be joined. */
export const joinedView = (draft: Draft): number =>
  complaintsOf(draft)[faultsOf(draft.settings.replicas.length)] ?? 0

/** Joins f+1 complainers; leaves the view once q complain. */
function weighComplaints(draft: Draft): void {
  const joined = joinedView(draft)
  if (joined > draft.view && joined > draft.complaint) return complain(draft, joined)
  const all = [...complaintsOf(draft), draft.complaint].sort((left, right) => right - left)
  const agreed = all[draft.quorum - 1] ?? 0
  if (agreed > draft.view) moveToChanging(draft, agreed)
}

function moveToChanging(draft: Draft, view: number): void {
  draft.view = view
  draft.phase = 'changing'
  draft.complaint = Math.max(draft.complaint, view)
  draft.enteredAt = draft.now
  draft.failures += 1
  draft.slots = new Map()
  draft.isLeaderFaulty = false
  draft.effects.push({ kind: 'persist', record: { kind: 'changing', view } })
  signViewChange(draft)
}

export function signViewChange(draft: Draft): void {
  const prepared = [...draft.prepared.values()]
    .filter(({ header }) => header.height <= draft.decided.height + draft.settings.limits.window)
    .sort((left, right) => left.header.height - right.header.height)
  draft.effects.push({
    kind: 'sign',
    ballot: {
      kind: 'viewChange',
      view: draft.view,
      replica: draft.settings.self,
      decided: draft.decided.height,
      finals: draft.finals,
      prepared,
    },
  })
}

const formOf = (draft: Draft) => ({
  quorum: draft.quorum,
  window: draft.settings.limits.window,
  replicas: draft.settings.replicas,
})

export function onViewChange(
  draft: Draft,
  from: ReplicaId,
  change: ViewChange,
): Ignored | undefined {
  if (change.replica !== from || !isWellFormed(change, formOf(draft))) return 'malformed'
  if (change.view < draft.view || hasEntered(draft, change.view)) {
    return helpBehind(draft, from, change.view - 1) ? undefined : 'staleView'
  }
  const isOwn = from === draft.settings.self
  if (!isOwn && isKnown(draft, change)) return 'repeated'
  draft.viewChanges = put(draft.viewChanges, from, change)
  if (isOwn) sendOthers(draft, { kind: 'viewChange', ...change })
  else onComplain(draft, from, change.view)
  proposeView(draft)
  return undefined
}

const isKnown = (draft: Draft, { replica, view }: ViewChange): boolean =>
  (draft.viewChanges.get(replica)?.view ?? 0) >= view

const hasEntered = (draft: Draft, view: number): boolean =>
  view === draft.view && draft.phase === 'normal'

/** The leader of the next view starts it as soon as q replicas have left the old one. */
function proposeView(draft: Draft): void {
  if (draft.phase !== 'changing' || leaderIn(draft, draft.view) !== draft.settings.self) return
  const changes = draft.settings.replicas.flatMap(id => {
    const change = draft.viewChanges.get(id)
    return change?.view === draft.view ? [change] : []
  })
  if (changes.length < draft.quorum || !changes.some(isOwn(draft))) return
  const viewChanges = changes.slice(0, draft.quorum)
  draft.effects.push({ kind: 'sign', ballot: { kind: 'newView', view: draft.view, viewChanges } })
}

const isOwn = (draft: Draft) => (change: ViewChange) => change.replica === draft.settings.self

/** Signed by the leader of the view, so anybody may hand it on. */
export function onNewView(
  draft: Draft,
  from: ReplicaId,
  message: NewViewMessage,
): Ignored | undefined {
  const isWaiting = message.view === draft.view && draft.phase === 'changing'
  if (message.view <= draft.view && !isWaiting) return 'staleView'
  if (!isProven(draft, message)) return 'malformed'
  enterView(draft, from, message)
  return undefined
}

function isProven(draft: Draft, { view, viewChanges }: NewViewMessage): boolean {
  const senders = new Set(viewChanges.map(change => change.replica))
  return (
    viewChanges.length === draft.quorum &&
    senders.size === draft.quorum &&
    viewChanges.every(change => {
      const isMember = draft.settings.replicas.includes(change.replica)
      return isMember && change.view === view && isWellFormed(change, formOf(draft))
    })
  )
}

function enterView(draft: Draft, from: ReplicaId, message: NewViewMessage): void {
  const selection = chooseChain(message.viewChanges)
  draft.effects.push({ kind: 'persist', record: { kind: 'entered', newView: message } })
  if (from === draft.settings.self) sendOthers(draft, message)
  moveToNormal(draft, message, selection)
  dropUnnamed(draft)
  askMissing(draft)
  advance(draft)
  if (draft.decided.height < draft.base) requestFetch(draft)
  replayEarly(draft)
}

/** The state of a replica that has just entered the view of `message`. */
export function moveToNormal(draft: Draft, message: NewViewMessage, selection: Selection): void {
  draft.view = message.view
  draft.phase = 'normal'
  draft.base = selection.base
  draft.newView = message
  draft.slots = expectedSlots(draft, selection)
  draft.viewChanges = new Map([...draft.viewChanges].filter(([, { view }]) => view > message.view))
  draft.complaint = 0
  draft.isLeaderFaulty = false
  draft.forwardedArrivals = 0
  draft.newestOrderedAt = Number.NEGATIVE_INFINITY
  draft.enteredAt = draft.now
  draft.leaderHeardAt = draft.now
  draft.lastProposedHeight = 0
  draft.pool = requeued(draft.pool)
  for (const certificate of selection.finals) {
    const { height } = certificate.header
    if (height > draft.decided.height) draft.proven = put(draft.proven, height, certificate)
  }
}

function expectedSlots(draft: Draft, selection: Selection): Map<number, Slot> {
  const slots = new Map<number, Slot>()
  for (const expected of selection.chosen) {
    const { height } = expected.header
    if (height <= draft.decided.height) continue
    slots.set(height, { ...emptySlot(height, draft.now), expected })
  }
  return slots
}

/** Forgets proposals no certificate and no slot of the new view names. */
function dropUnnamed(draft: Draft): void {
  const named = new Set<string>()
  for (const { hash } of draft.prepared.values()) named.add(hash)
  for (const { hash } of draft.proven.values()) named.add(hash)
  for (const { expected } of draft.slots.values()) if (expected) named.add(expected.hash)
  draft.proposals = new Map([...draft.proposals].filter(([hash]) => named.has(hash)))
}

/** Chosen blocks whose bytes are not here. */
const missing = (draft: Draft): string[] =>
  [...draft.slots.values()].flatMap(({ expected }) =>
    expected && !draft.proposals.has(expected.hash) ? [expected.hash] : [],
  )

export function askMissing(draft: Draft): void {
  for (const hash of missing(draft)) {
    sendOthers(draft, { kind: 'ask', hash })
  }
}

export function onAsk(draft: Draft, from: ReplicaId, hash: string): Ignored | undefined {
  const settled = draft.unapplied.find(({ proposal }) => proposal.hash === hash)
  const proposal = draft.proposals.get(hash) ?? settled?.proposal
  if (!proposal) return 'unknownBlock'
  const { timeouts, limits } = draft.settings
  const { answers, answeredAt } = peerOf(draft, from)
  const isFresh = draft.now - answeredAt >= timeouts.resendMs
  // A small question has a large answer: nobody gets more of them than a view change needs.
  if (!isFresh && answers >= 2 * limits.window) return 'tooOften'
  changePeer(
    draft,
    from,
    isFresh ? { answers: 1, answeredAt: draft.now } : { answers: answers + 1 },
  )
  draft.effects.push({ kind: 'send', to: from, message: { kind: 'answer', proposal } })
  return undefined
}

export function onAnswer(
  draft: Draft,
  { proposal }: Extract<Message, { kind: 'answer' }>,
): Ignored | undefined {
  if (!missing(draft).includes(proposal.hash)) return 'notWanted'
  keepProposal(draft, proposal)
  advance(draft)
  return undefined
}
