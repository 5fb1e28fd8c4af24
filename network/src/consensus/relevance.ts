/** Asked by the shell before it spends signature checks: would the core ignore this anyway? */
import { heightOf, ignorePhaseMessage } from './agreement.ts'
import { isPending } from './pool.ts'
import type { Digest, Message, PhaseMessage, ReplicaId } from './model.ts'
import type { Ignored } from './protocol.ts'
import { leaderIn, type Replica, type Slot } from './replica.ts'

export function ignoreUnverified(
  replica: Replica,
  from: ReplicaId,
  message: Message,
): Ignored | undefined {
  switch (message.kind) {
    case 'prePrepare':
      if (leaderIn(replica, message.view) !== from) return 'notLeader'
      return ignorePhaseMessage(replica, message) ?? ignoreKnown(replica, from, message)
    case 'prepare':
    case 'commit':
      return ignorePhaseMessage(replica, message) ?? ignoreKnown(replica, from, message)
    case 'viewChange':
      return ignoreViewChange(replica, from, message.view)
    case 'newView':
      return isAhead(replica, message.view) ? undefined : 'staleView'
    default:
      return undefined
  }
}

/** What this view has from that replica at that height already, or does not need any more. */
function ignoreKnown(
  replica: Replica,
  from: ReplicaId,
  message: PhaseMessage,
): Ignored | undefined {
  if (message.view !== replica.view || replica.phase !== 'normal') return undefined
  const slot = replica.slots.get(heightOf(message))
  return slot && isKnown(slot, from, message.kind) ? 'repeated' : undefined
}

function isKnown(slot: Slot, from: ReplicaId, kind: PhaseMessage['kind']): boolean {
  switch (kind) {
    case 'prePrepare':
      return slot.candidate !== undefined || slot.accepted !== undefined
    case 'prepare':
      return slot.isPrepared || slot.prepares.has(from)
    case 'commit':
      return slot.commits.has(from)
  }
}

function ignoreViewChange(replica: Replica, from: ReplicaId, view: number): Ignored | undefined {
  if (!isAhead(replica, view)) return 'staleView'
  return (replica.viewChanges.get(from)?.view ?? 0) >= view ? 'repeated' : undefined
}

/** A view this replica has not entered. */
const isAhead = (replica: Replica, view: number): boolean =>
  view > replica.view || (view === replica.view && replica.phase === 'changing')

/** A request in the pool was inspected when it came. */
export const isKnownRequest = (replica: Replica, digest: Digest): boolean =>
  isPending(replica.pool, digest)
