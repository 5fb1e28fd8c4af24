/** The receivable certificate, from proposal to maturity. Batches of up to 100 certificates of the same parties. */
import type { AmountFen, HashHex, LocalDate, MemberId, MspId, Opening, RecordId } from '../brand.ts'
import { operation, partiesOfBatch } from './operation.ts'
import type { Operation, Seed } from './operation.ts'

type Parties = { obligorMsp: MspId; holderMsp: MspId }
const parties = (items: readonly Parties[]): MspId[] =>
  partiesOfBatch(items.map(({ obligorMsp, holderMsp }) => [obligorMsp, holderMsp]))

/** What the maker proposes; obligor is the caller's member, the salt is derived. */
export type ProposedTerms = {
  holder: MemberId
  dueOn: LocalDate
  offerUntil: LocalDate
  uses: readonly { invoiceId: RecordId; amountFen: AmountFen }[]
}
export type ProposeItem = Parties & {
  id: RecordId
  terms: ProposedTerms
  /** Openings of the balances of the used invoices, in the order of `terms.uses`. */
  balances: readonly Opening[]
}
/** Obligor's maker. Face = sum of the uses; locks that much of each invoice. */
export const propose = (input: { seed: Seed; items: readonly ProposeItem[] }): Operation =>
  operation({
    name: 'receivables:propose',
    request: {
      items: input.items.map(({ id, obligorMsp, holderMsp, terms }) => ({
        id,
        obligorMsp,
        holderMsp,
        invoices: terms.uses.map(use => use.invoiceId),
      })),
    },
    secret: {
      seed: input.seed,
      items: input.items.map(({ terms, balances }) => ({ terms, balances })),
    },
    endorsers: parties(input.items),
  })

/** Obligor's checker; `commitment` names the terms he has seen. */
export const offer = (input: {
  items: readonly (Parties & { id: RecordId; commitment: HashHex })[]
}): Operation =>
  operation({
    name: 'receivables:offer',
    request: { items: input.items.map(({ id, commitment }) => ({ id, commitment })) },
    endorsers: parties(input.items),
  })

/** Terms and, in the order of their uses, the balances of the invoices. */
export type TermsItem = Parties & { id: RecordId; terms: Opening; balances: readonly Opening[] }
const withBalances = (
  name: `receivables:${string}`,
  { seed, items }: { seed: Seed; items: readonly TermsItem[] },
): Operation =>
  operation({
    name,
    request: { items: items.map(({ id }) => ({ id })) },
    secret: { seed, items: items.map(({ terms, balances }) => ({ terms, balances })) },
    endorsers: parties(items),
  })
/** Payee. The invoices become ENCUMBERED in the same transaction. */
export const accept = (input: { seed: Seed; items: readonly TermsItem[] }): Operation =>
  withBalances('receivables:accept', input)
/** Obligor's checker on PROPOSED, payee on OFFERED. Frees the invoices. */
export const reject = (input: { seed: Seed; items: readonly TermsItem[] }): Operation =>
  withBalances('receivables:reject', input)
/** Obligor, before acceptance. */
export const withdraw = (input: { seed: Seed; items: readonly TermsItem[] }): Operation =>
  withBalances('receivables:withdraw', input)
/** A party's clock, after the last day of the offer. */
export const expire = (input: { seed: Seed; items: readonly TermsItem[] }): Operation =>
  withBalances('receivables:expire', input)

export type ChildFace = { id: RecordId; faceFen: AmountFen }
/** Holder. The parent is consumed, the children belong to the holder. */
export const split = (
  input: Parties & { id: RecordId; seed: Seed; terms: Opening; children: readonly ChildFace[] },
): Operation =>
  operation({
    name: 'receivables:split',
    request: { id: input.id, children: input.children.map(({ id }) => id) },
    secret: {
      seed: input.seed,
      terms: input.terms,
      faces: input.children.map(({ faceFen }) => faceFen),
    },
    endorsers: [input.obligorMsp, input.holderMsp],
  })

export type TransferItem = Parties & { id: RecordId; toMsp: MspId }
const transferParties = (items: readonly TransferItem[]): MspId[] =>
  partiesOfBatch(items.map(({ obligorMsp, holderMsp, toMsp }) => [obligorMsp, holderMsp, toMsp]))

/** Holder. `until` is the last day of the offer. */
export const offerTransfer = (input: {
  seed: Seed
  items: readonly (TransferItem & {
    terms: Opening
    to: MemberId
    until: LocalDate
    reason: string
  })[]
}): Operation =>
  operation({
    name: 'receivables:offerTransfer',
    request: { items: input.items.map(({ id, toMsp }) => ({ id, toMsp })) },
    secret: {
      seed: input.seed,
      items: input.items.map(({ terms, to, until, reason }) => ({ terms, to, until, reason })),
    },
    endorsers: transferParties(input.items),
  })

export type TransferOpening = TransferItem & { terms: Opening; transfer: Opening }
const onTransfer = (
  name: `receivables:${string}`,
  { seed, items }: { seed: Seed; items: readonly TransferOpening[] },
): Operation =>
  operation({
    name,
    request: { items: items.map(({ id }) => ({ id })) },
    secret: { seed, items: items.map(({ terms, transfer }) => ({ terms, transfer })) },
    endorsers: transferParties(items),
  })
/** Transferee: becomes the holder. */
export const signOff = (input: { seed: Seed; items: readonly TransferOpening[] }): Operation =>
  onTransfer('receivables:signOff', input)
/** Transferee. */
export const rejectTransfer = (input: {
  seed: Seed
  items: readonly TransferOpening[]
}): Operation => onTransfer('receivables:rejectTransfer', input)
/** Holder. */
export const recallTransfer = (input: {
  seed: Seed
  items: readonly TransferOpening[]
}): Operation => onTransfer('receivables:recallTransfer', input)
/** A party's clock, after `until`. */
export const expireTransfer = (input: {
  seed: Seed
  items: readonly TransferOpening[]
}): Operation => onTransfer('receivables:expireTransfer', input)

type Opened = Parties & { id: RecordId; terms: Opening }
type OverdueItem = Opened & {
  /** What was paid on the root; absent where nothing was. */
  settlement?: Opening
}
const onTerms = (name: `receivables:${string}`, items: readonly OverdueItem[]): Operation =>
  operation({
    name,
    request: { items: items.map(({ id }) => ({ id })) },
    secret: { items: items.map(({ terms, settlement }) => ({ terms, settlement })) },
    endorsers: parties(items),
  })
/** A party's clock, on or after the due date (rolled to a business day). Open locks lapse. */
export const mature = (input: { items: readonly Opened[] }): Operation =>
  onTerms('receivables:mature', input.items)
/** A party's clock, after the grace period, where the root is not paid in full; stops the obligor's issuing. */
export const overdue = (input: { items: readonly OverdueItem[] }): Operation =>
  onTerms('receivables:overdue', input.items)

/** The regulator's organisation alone endorses and holds the order. `reason` names it. */
type FreezeInput = { id: RecordId; regulatorMsp: MspId; seed: Seed; reason: string }
/** `freeze` is the opening of the order, as the regulator's organisation holds it. */
type FreezeAnswer = { id: RecordId; regulatorMsp: MspId; seed: Seed; freeze: Opening }

/** Compliance of the regulator, first person. The certificate stops moving at once; a root, with all descendants. */
export const proposeFreeze = ({ id, regulatorMsp, ...secret }: FreezeInput): Operation =>
  operation({
    name: 'receivables:proposeFreeze',
    request: { id },
    secret,
    endorsers: [regulatorMsp],
  })
/** Second person. */
export const freeze = ({ id, regulatorMsp, ...secret }: FreezeAnswer): Operation =>
  operation({ name: 'receivables:freeze', request: { id }, secret, endorsers: [regulatorMsp] })

/** First person. Without `freeze`: to lift what a voided invoice froze. */
export const proposeUnfreeze = (input: FreezeInput & { freeze?: Opening }): Operation => {
  const { id, regulatorMsp, ...secret } = input
  const [name, endorsers] = ['receivables:proposeUnfreeze', [regulatorMsp]] as const
  return operation({ name, request: { id }, secret, endorsers })
}
/** Second person; ends a freeze that is only proposed, too. `holding`: of a certificate that an invoice froze. */
export const unfreeze = (
  input: FreezeAnswer & { holding?: { obligorMsp: MspId; holderMsp: MspId } },
): Operation => {
  const { id, regulatorMsp, seed, freeze: order, holding } = input
  return operation({
    name: 'receivables:unfreeze',
    request: { id },
    secret: { seed, freeze: order },
    endorsers: [
      regulatorMsp,
      ...(holding === undefined ? [] : [holding.obligorMsp, holding.holderMsp]),
    ],
  })
}
