/** One event in, the new replica and its effects out. The only switch that owns control flow. */
import { onPhaseMessage } from './agreement.ts'
import { onApplied, onBlocks, onFetched, onFetchFailed, onStatus } from './catchUp.ts'
import { onTick } from './clock.ts'
import { invariant } from './invariant.ts'
import type { Message, ReplicaId } from './model.ts'
import { onRequest, propose } from './proposing.ts'
import type { Effect, Event, Ignored } from './protocol.ts'
import { leaderIn, type Draft, type Replica } from './replica.ts'
import { onAnswer, onAsk, onComplain, onNewView, onViewChange } from './viewChange.ts'

export interface Step {
  readonly replica: Replica
  readonly effects: readonly Effect[]
  /** Why the event changed nothing of substance. */
  readonly ignored?: Ignored
}

export function step(replica: Replica, event: Event): Step {
  const draft: Draft = { ...replica, now: Math.max(replica.now, event.now), effects: [] }
  const ignored = dispatch(draft, event)
  return close(replica, draft, ignored)
}

function dispatch(draft: Draft, event: Event): Ignored | undefined {
  switch (event.kind) {
    case 'message':
      return onMessage(draft, event.from, event.message)
    case 'request':
      return onRequest(draft, event.request)
    case 'tick':
      return onTick(draft)
    case 'blocks':
      return thenPropose(draft, onBlocks(draft, event.blocks))
    case 'fetched':
      return onFetched(draft, event.from, event.last)
    case 'fetchFailed':
      return onFetchFailed(draft, event.from)
    case 'applied':
      return thenPropose(draft, onApplied(draft, event.height))
    case 'faultyProposal':
      return onFaultyProposal(draft, event.from, event.view)
  }
}

function onMessage(draft: Draft, from: ReplicaId, message: Message): Ignored | undefined {
  if (!draft.settings.replicas.includes(from)) return 'unknownReplica'
  if (from === leaderIn(draft, draft.view)) draft.leaderHeardAt = draft.now
  switch (message.kind) {
    case 'request':
      return onRequest(draft, message.request)
    case 'prePrepare':
    case 'prepare':
    case 'commit':
      return thenPropose(draft, onPhaseMessage(draft, from, message))
    case 'complain':
    case 'viewChange':
    case 'newView':
      return thenPropose(draft, onViewMessage(draft, from, message))
    default:
      return thenPropose(draft, onHelpMessage(draft, from, message))
  }
}

type ViewMessage = Extract<Message, { kind: 'complain' | 'viewChange' | 'newView' }>

function onViewMessage(draft: Draft, from: ReplicaId, message: ViewMessage): Ignored | undefined {
  switch (message.kind) {
    case 'complain':
      return onComplain(draft, from, message.view)
    case 'viewChange':
      return onViewChange(draft, from, message)
    case 'newView':
      return onNewView(draft, from, message)
  }
}

type HelpMessage = Extract<Message, { kind: 'status' | 'ask' | 'answer' }>

function onHelpMessage(draft: Draft, from: ReplicaId, message: HelpMessage): Ignored | undefined {
  switch (message.kind) {
    case 'status':
      return onStatus(draft, from, message)
    case 'ask':
      return onAsk(draft, from, message.hash)
    case 'answer':
      return onAnswer(draft, message)
  }
}

/** A final block, a new view or a freed place in the window may let the leader go on. */
function thenPropose(draft: Draft, ignored: Ignored | undefined): Ignored | undefined {
  if (!ignored) propose(draft)
  return ignored
}

function onFaultyProposal(draft: Draft, from: ReplicaId, view: number): Ignored | undefined {
  if (view !== draft.view || draft.phase !== 'normal') return 'staleView'
  if (leaderIn(draft, view) !== from) return 'notLeader'
  draft.isLeaderFaulty = true
  return undefined
}

function close(before: Replica, draft: Draft, ignored: Ignored | undefined): Step {
  invariant(draft.view >= before.view, 'a replica never goes back to an earlier view')
  invariant(draft.decided.height >= before.decided.height, 'a final block stays final')
  // The draft is not touched again: it is the new replica (a copy of forty fields would be waste).
  const { effects } = draft
  return ignored ? { replica: draft, effects, ignored } : { replica: draft, effects }
}
