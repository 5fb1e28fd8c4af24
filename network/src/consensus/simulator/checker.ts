/** The claims a run must keep. It sees every signature ever made, also those of faulty replicas. */
import type { Ballot, Digest, LedgerBlock, ReplicaId } from '../model.ts'

export class Violation extends Error {
  override readonly name = 'Violation'
}

export interface Checker {
  /** A vote left a replica (a correct one may lose in a crash what had not left). */
  onVote(signer: ReplicaId, ballot: Ballot, isCorrect: boolean): void
  onSubmit(digest: Digest): void
  isSubmitted(digest: Digest): boolean
  /** A correct replica's ledger made a block durable. */
  onLedger(replica: ReplicaId, block: LedgerBlock, previous: LedgerBlock): void
  readonly height: number
  readonly orderedCount: number
  isOrdered(digest: Digest): boolean
}

export function createChecker(quorum: number): Checker {
  const votes = createVoteBook(quorum)
  const submitted = new Set<Digest>()
  const chain = new Map<number, Digest>()
  const ordered = new Map<Digest, number>()
  let height = 0

  return {
    onVote(signer, ballot, isCorrect) {
      if (ballot.kind === 'prepare' && isCorrect) {
        votes.note(signer, 'prepare', ballot.view, ballot.height, ballot.hash)
      }
      if (ballot.kind !== 'commit') return
      const { view, header, hash } = ballot
      if (isCorrect) votes.note(signer, 'commit', view, header.height, hash)
      votes.support(signer, view, header.height, hash)
    },
    onSubmit: digest => void submitted.add(digest),
    isSubmitted: digest => submitted.has(digest),
    onLedger(replica, block, previous) {
      const at = block.header.height
      const isLinked = at === previous.header.height + 1 && block.header.previous === previous.hash
      if (!isLinked)
        throw new Violation(`replica ${replica}: block ${at} does not extend its ledger`)
      const known = chain.get(at)
      if (known !== undefined && known !== block.hash) {
        throw new Violation(`replica ${replica}: another block ${at} than elsewhere`)
      }
      if (known === undefined) noteNew(block)
    },
    get height() {
      return height
    },
    get orderedCount() {
      return ordered.size
    },
    isOrdered: digest => ordered.has(digest),
  }

  function noteNew(block: LedgerBlock): void {
    const at = block.header.height
    chain.set(at, block.hash)
    height = Math.max(height, at)
    if (block.digests.length === 0) throw new Violation(`block ${at} is empty`)
    for (const digest of block.digests) {
      if (!submitted.has(digest)) throw new Violation(`block ${at} holds a request nobody made`)
      if (ordered.has(digest)) throw new Violation(`request ${digest} is ordered twice`)
      ordered.set(digest, at)
    }
  }
}

/** Every vote that ever left a replica. */
function createVoteBook(quorum: number) {
  const votes = new Map<string, Digest>()
  const support = new Map<string, Set<ReplicaId>>()
  const certified = new Map<number, Digest>()
  return {
    note(signer: ReplicaId, kind: string, view: number, at: number, hash: Digest): void {
      const key = `${kind}|${signer}|${view}|${at}`
      const before = votes.get(key)
      if (before !== undefined && before !== hash) {
        throw new Violation(`replica ${signer} voted twice: ${kind} view ${view} height ${at}`)
      }
      votes.set(key, hash)
    },
    /** Agreement over all certificates that exist, not only over those somebody has seen. */
    support(signer: ReplicaId, view: number, at: number, hash: Digest): void {
      const key = `${view}|${at}|${hash}`
      const signers = support.get(key) ?? new Set<ReplicaId>()
      signers.add(signer)
      support.set(key, signers)
      if (signers.size < quorum) return
      const before = certified.get(at)
      if (before !== undefined && before !== hash) {
        throw new Violation(`two blocks are certified at height ${at}`)
      }
      certified.set(at, hash)
    },
  }
}
