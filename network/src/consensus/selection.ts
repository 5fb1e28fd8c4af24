/**
 * What a new view must carry on. Safety rests on this file: a block that may have become final in
 * an earlier view is chosen again, whoever leads (docs/internals/consensus.md has the argument).
 */
import { invariant } from './invariant.ts'
import type { Certificate, Digest, Header, ReplicaId, ViewChange } from './model.ts'

export interface Selection {
  /** The highest height proven final, 0 = genesis. */
  readonly base: number
  /** Commit certificates up to `base`, ascending. */
  readonly finals: readonly Certificate[]
  /** Blocks above `base` that the view proposes again, ascending and without a gap. */
  readonly chosen: readonly { readonly header: Header; readonly hash: Digest }[]
}

/** `viewChanges` are well-formed (see isWellFormed) and from q distinct replicas. */
export function chooseChain(viewChanges: readonly ViewChange[]): Selection {
  invariant(viewChanges.length > 0, 'a selection needs view changes')
  const furthest = viewChanges.reduce((best, next) => (next.decided > best.decided ? next : best))
  const base = furthest.decided
  const chosen: { header: Header; hash: Digest }[] = []
  let parent = furthest.finals[furthest.finals.length - 1]?.hash
  for (let height = base + 1; ; height += 1) {
    const best = highestPrepared(viewChanges, height)
    // A certificate that does not extend the chain so far cannot have led to a final block: had it,
    // its parent would have been chosen one height below. The leader proposes afresh from here.
    const extendsChain = parent === undefined || best?.header.previous === parent
    if (!best || !extendsChain) break
    chosen.push({ header: best.header, hash: best.hash })
    parent = best.hash
  }
  return { base, finals: furthest.finals, chosen }
}

function highestPrepared(
  viewChanges: readonly ViewChange[],
  height: number,
): Certificate | undefined {
  let best: Certificate | undefined
  for (const { prepared } of viewChanges) {
    for (const certificate of prepared) {
      const isBetter = !best || certificate.view > best.view
      if (certificate.header.height === height && isBetter) best = certificate
    }
  }
  return best
}

interface Form {
  readonly quorum: number
  readonly window: number
  readonly replicas: readonly ReplicaId[]
}

/** The rules a view change must keep for the selection to be sound; its proofs are the shell's. */
export function isWellFormed(change: ViewChange, form: Form): boolean {
  return finalsHold(change, form) && preparedHold(change, form)
}

/**
 * The last `window` certificates, not only the newest: a replica that voted for the newest block
 * holds every block of that window, and with these it can prove and deliver them by itself, even
 * if the only replica that saw them final never answers again.
 */
function finalsHold(change: ViewChange, form: Form): boolean {
  const { finals, decided } = change
  if (finals.length !== Math.min(form.window, decided)) return false
  return finals.every((certificate, index) => {
    const height = decided - finals.length + 1 + index
    const before = finals[index - 1]
    const isLinked = !before || certificate.header.previous === before.hash
    return certificate.header.height === height && isLinked && hasQuorum(certificate, form)
  })
}

function preparedHold(change: ViewChange, form: Form): boolean {
  let below = change.decided
  return change.prepared.every(certificate => {
    const { height } = certificate.header
    const isInWindow = height > below && height <= change.decided + form.window
    below = height
    return isInWindow && certificate.view < change.view && hasQuorum(certificate, form)
  })
}

/** Exactly q votes of distinct members. */
export function hasQuorum(certificate: Certificate, form: Form): boolean {
  const voters = new Set(certificate.votes.map(vote => vote.replica))
  const isExact = certificate.votes.length === form.quorum && voters.size === form.quorum
  return isExact && [...voters].every(voter => form.replicas.includes(voter))
}
