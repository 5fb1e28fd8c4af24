/** Rules of the receivable certificate: terms, tenor, split, maturity, redemption. */
import { amountFen } from './brand.ts'
import type { AmountFen, LocalDate, MemberId } from './brand.ts'
import { addDays, addMonths, rollForward } from './dates.ts'
import type { Currency } from './documents.ts'
import { refuse } from './fault.ts'
import type { PolicyParameters } from './policy.ts'
import type { ReceivableTerms, SettlementTerms } from './records.ts'

export type Proposal = {
  obligor: MemberId
  holder: MemberId
  currency: Currency
  dueOn: LocalDate
  offerUntil: LocalDate
  uses: ReceivableTerms['uses']
}

/** The terms of a new root; its face is the sum of its uses. */
export const proposedTerms = (
  proposal: Proposal,
  today: LocalDate,
  policy: PolicyParameters,
): ReceivableTerms => {
  const face = amountFen(proposal.uses.reduce((all, { amountFen: use }) => all + use, 0n))
  const invoices = new Set(proposal.uses.map(({ invoiceId }) => invoiceId))
  if (invoices.size !== proposal.uses.length || invoices.size === 0 || face < policy.faceMinFen)
    refuse('USES_MISMATCH')
  if (proposal.dueOn <= today || proposal.dueOn > addMonths(today, policy.tenorMonthsMax))
    refuse('TENOR_EXCEEDED', { monthsMax: policy.tenorMonthsMax })
  if (proposal.offerUntil < today || proposal.offerUntil > addDays(today, policy.offerDaysMax))
    refuse('TERMS_MISMATCH', { what: 'offerUntil', daysMax: policy.offerDaysMax })
  if (proposal.obligor === proposal.holder) refuse('TRANSFER_TO_SELF')
  return {
    ...proposal,
    faceFen: face,
    issuedOn: today,
    collectedFen: amountFen(0n),
    rootFaceFen: face,
  }
}

/** Due date rolled to a business day: the day on which the certificate matures. */
export const maturesOn = (dueOn: LocalDate, policy: PolicyParameters): LocalDate =>
  rollForward(dueOn, policy.calendar)

/** Terms of the children: same obligor, holder, currency and due date; faces sum to the parent's. */
export const splitTerms = (input: {
  parent: ReceivableTerms
  faces: readonly AmountFen[]
  depth: number
  policy: PolicyParameters
}): ReceivableTerms[] => {
  const { parent, faces, depth, policy } = input
  const limits =
    faces.length >= 2 &&
    faces.length <= policy.splitChildrenMax &&
    depth <= policy.splitDepthMax &&
    faces.every(face => face >= policy.faceMinFen)
  if (!limits)
    refuse('SPLIT_LIMITS', { childrenMax: policy.splitChildrenMax, depthMax: policy.splitDepthMax })
  if (faces.reduce((all, face) => all + face, 0n) !== parent.faceFen) refuse('SPLIT_SUM')
  return faces.map(faceFen => ({ ...parent, faceFen, uses: [], collectedFen: amountFen(0n) }))
}

/** One more payment on a root, never more than the face. */
export const settledTerms = (input: {
  root: ReceivableTerms
  before: SettlementTerms | undefined
  amountFen: AmountFen
  today: LocalDate
  copies: readonly string[]
}): SettlementTerms => {
  const paid = (input.before?.paidFen ?? 0n) + input.amountFen
  if (input.amountFen <= 0n) refuse('AMOUNT_NOT_POSITIVE')
  if (paid > input.root.rootFaceFen) refuse('SETTLEMENT_EXCEEDS_FACE')
  return {
    faceFen: input.root.rootFaceFen,
    paidFen: amountFen(paid),
    paidOn: input.today,
    copies: input.copies,
  }
}

/**
 * What a leaf may have had in all: its share of what was paid on the root, rounded down, so that the leaves
 * together never collect more than came in; at full payment each has exactly its face.
 */
export const collectableFen = (leaf: ReceivableTerms, settlement: SettlementTerms): AmountFen =>
  amountFen((settlement.paidFen * leaf.faceFen) / settlement.faceFen)

/** The leaf after it has collected, or NOTHING_TO_COLLECT. */
export const collectedTerms = (
  leaf: ReceivableTerms,
  settlement: SettlementTerms,
): ReceivableTerms => {
  if (settlement.faceFen !== leaf.rootFaceFen) refuse('TERMS_MISMATCH', { what: 'rootFace' })
  const collected = collectableFen(leaf, settlement)
  if (collected <= leaf.collectedFen) refuse('NOTHING_TO_COLLECT')
  return { ...leaf, collectedFen: collected }
}
