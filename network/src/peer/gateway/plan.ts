import type { peer } from '@hyperledger/fabric-protos'
import type { Layout } from '../../msp/index.ts'
import { sameBytes } from '../wire/decode.ts'
import type { NodeAnswer } from '../wire/faults.ts'
import { answerOf, type Candidate } from './endorsers.ts'

export const MISMATCH = 'ProposalResponsePayloads do not match'

interface OpenLayout {
  /** Endorsements still wanted per organisation. */
  readonly wanted: Map<string, number>
  readonly endorsements: peer.Endorsement[]
}

/** What a round asks for: the peers, each with its stand-ins behind it. */
export interface PlanOptions {
  /** Alternatives, best first; each says how many peers of which organisation. */
  readonly layouts: readonly Layout[]
  /** Best first within each organisation. */
  readonly candidates: readonly Candidate[]
}

/**
 * The state of collecting endorsements: which alternatives are still open, which peers are still
 * unasked, and the response payload all answers must share.
 */
export class EndorsementPlan {
  private layouts: OpenLayout[]
  private readonly unasked = new Map<string, Candidate[]>()
  private completed: OpenLayout | undefined
  private payload: Uint8Array | undefined
  readonly answers: NodeAnswer[] = []

  constructor({ layouts, candidates }: PlanOptions) {
    this.layouts = layouts.map(layout => ({ wanted: new Map(layout), endorsements: [] }))
    for (const candidate of candidates) {
      const group = this.unasked.get(candidate.mspId)
      if (group) group.push(candidate)
      else this.unasked.set(candidate.mspId, [candidate])
    }
  }

  /** The peers to ask next; empty when no alternative is left or one is complete. */
  next(): Candidate[] {
    if (this.completed) return []
    this.layouts = this.layouts.filter(layout => this.isPossible(layout))
    const [layout] = this.layouts
    if (!layout) return []
    return [...layout.wanted].flatMap(([mspId, count]) =>
      (this.unasked.get(mspId) ?? []).splice(0, count),
    )
  }

  /** A peer of the same organisation that was not asked yet. */
  standIn(failed: Candidate): Candidate | undefined {
    return this.unasked.get(failed.mspId)?.shift()
  }

  /** Counts an endorsement. False: its payload differs from the first, so it is of no use. */
  accept(candidate: Candidate, response: peer.ProposalResponse): boolean {
    this.forget(candidate)
    const payload = response.getPayload_asU8()
    this.payload ??= payload
    if (!sameBytes(this.payload, payload)) {
      this.answers.push(answerOf(candidate, MISMATCH))
      return false
    }
    const endorsement = response.getEndorsement()
    if (!endorsement) return false
    for (const layout of this.layouts) this.count(layout, candidate.mspId, endorsement)
    return true
  }

  /** Nobody of this organisation can endorse any more: alternatives that need it are dropped. */
  abandon(mspId: string): void {
    this.layouts = this.layouts.filter(layout => !layout.wanted.has(mspId))
  }

  note(candidate: Candidate, message: string): void {
    this.answers.push(answerOf(candidate, message))
  }

  get result():
    | { readonly payload: Uint8Array; readonly endorsements: readonly peer.Endorsement[] }
    | undefined {
    if (!this.completed || !this.payload) return undefined
    return { payload: this.payload, endorsements: unique(this.completed.endorsements) }
  }

  private count(layout: OpenLayout, mspId: string, endorsement: peer.Endorsement): void {
    const wanted = layout.wanted.get(mspId)
    if (wanted === undefined) return
    layout.endorsements.push(endorsement)
    if (wanted > 1) layout.wanted.set(mspId, wanted - 1)
    else layout.wanted.delete(mspId)
    if (layout.wanted.size === 0) this.completed ??= layout
  }

  private isPossible({ wanted }: OpenLayout): boolean {
    return [...wanted].every(([mspId, count]) => (this.unasked.get(mspId)?.length ?? 0) >= count)
  }

  private forget(candidate: Candidate): void {
    const group = this.unasked.get(candidate.mspId)
    const index = group?.findIndex(p => p.name === candidate.name) ?? -1
    if (index >= 0) group?.splice(index, 1)
  }
}

function unique(endorsements: readonly peer.Endorsement[]): peer.Endorsement[] {
  const seen = new Set<string>()
  return endorsements.filter(endorsement => {
    const endorser = Buffer.from(endorsement.getEndorser_asU8()).toString('base64')
    return seen.has(endorser) ? false : seen.add(endorser)
  })
}
