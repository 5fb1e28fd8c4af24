/**
 * What stands on the ledger: keys, public states, private values, and their decoders.
 *
 * Public states carry ids, sub-states and organisations only. Private values are canonical JSON with a
 * salt; every amount, price, rate and date of payment is in them and nowhere else.
 */
import type { AmountFen, HashHex, LocalDate, MemberId, MspId, RatePpm, RecordId } from './brand.ts'
import type {
  CreditNote,
  Currency,
  Despatch,
  Invoice,
  Order,
  PaymentEntry,
  Receipt,
  RuleSet,
} from './documents.ts'
import type {
  ApprovalState,
  BidState,
  MatchState,
  NoticeState,
  ReceivableState,
  RequestState,
  TaxState,
  UseState,
} from './states.ts'
import type { PolicyChange, PolicyVersion } from './policy.ts'

/** First character(s) of a key before the colon. */
export const KEY_PREFIXES = {
  policy: 'POLICY',
  proposal: 'POLICY-NEXT',
  member: 'M',
  order: 'O',
  progress: 'G',
  despatch: 'E',
  receipt: 'P',
  invoice: 'I',
  balance: 'B',
  verdict: 'V',
  fingerprint: 'X',
  creditNote: 'N',
  rules: 'K',
  payment: 'Y',
  usage: 'U',
  receivable: 'R',
  settlement: 'S',
  transfer: 'T',
  request: 'F',
  bid: 'Q',
  notice: 'A',
} as const
export type RecordKind = keyof typeof KEY_PREFIXES

export const MEMBER_KINDS = [
  'OBLIGOR',
  'SUPPLIER',
  'FUNDER',
  'CARRIER',
  'REGULATOR',
  'OPERATOR',
] as const
export type MemberKind = (typeof MEMBER_KINDS)[number]

/** Who began a two-person step: the hash of the maker's certificate subject and issuer. */
export type Pending = { step: string; by: string; reason?: string }
type Parties = { buyerMsp: MspId; sellerMsp: MspId }

/**
 * `calendarOffsetDays` is 0 in production. A pilot moves it forward to reach maturity: the business day is
 * the day of the transaction timestamp (UTC+8) plus the offset, and every screen says "pilot calendar".
 */
export type PolicyState = {
  guardians: MspId[]
  calendarOffsetDays: number
  versions: PolicyVersion[]
}
export type PolicyProposal = { change: PolicyChange; by: string }
export type MemberState = {
  mspId: MspId
  kind: MemberKind
  status: 'ACTIVE' | 'SUSPENDED'
  /** The organisation whose bank attests this obligor's redemptions. */
  settlementMsp?: MspId
  /** Set by an overdue certificate: the obligor may not issue until it is lifted. */
  issueStop?: boolean
}
export type OrderState = Parties & { state: 'OPEN' | 'CLOSED' }
export type DespatchState = Parties & { state: 'RECORDED'; attestedBy: MspId }
export type ReceiptState = Parties & { state: 'RECORDED' | 'COUNTED' }
export type InvoiceState = Parties & {
  tax: TaxState
  match: MatchState
  approval: ApprovalState
  use: UseState
  /** Codes of an EXCEPTION, in the order of the rules. */
  codes?: string[]
  pending?: Pending
  /** Root certificates issued over this invoice. */
  roots?: RecordId[]
}
export type CreditNoteState = Parties & { invoiceId: RecordId }
export type RulesState = Parties & { version: number }
export type PaymentState = { bankMsp: MspId; payerMsp: MspId; payeeMsp?: MspId }
export type ReceivableRecord = {
  state: ReceivableState
  obligorMsp: MspId
  holderMsp: MspId
  root: RecordId
  parent?: RecordId
  depth: number
  policy: number
  frozen?: boolean
  pending?: Pending
  /** LOCKED: for what, until when, and by which request or for which organisation. */
  lock?: { kind: 'TRANSFER' | 'FINANCE' | 'PLEDGE'; requestId?: RecordId; toMsp?: MspId }
  /** On a root that has settlement: how many payments it has had (the amount is private). */
  payments?: number
}
export type RequestRecord = {
  state: RequestState
  receivableId: RecordId
  askerMsp: MspId
  obligorMsp: MspId
  invited: MspId[]
  bidId?: RecordId
  funderMsp?: MspId
}
export type BidRecord = { state: BidState; requestId: RecordId; bankMsp: MspId; askerMsp: MspId }
export type NoticeRecord = {
  state: NoticeState
  requestId: RecordId
  receivableId: RecordId
  obligorMsp: MspId
  funderMsp: MspId
}

export type PublicStates = {
  policy: PolicyState
  proposal: PolicyProposal
  member: MemberState
  order: OrderState
  despatch: DespatchState
  receipt: ReceiptState
  invoice: InvoiceState
  fingerprint: { invoiceId: RecordId }
  creditNote: CreditNoteState
  rules: RulesState
  payment: PaymentState
  receivable: ReceivableRecord
  request: RequestRecord
  bid: BidRecord
  notice: NoticeRecord
}

export type Salted<T> = T & { salt: string }
/** Per order line: what arrived, what was invoiced and accepted. Written by matches only. */
export type Progress = {
  lines: readonly { line: string; receivedMilli: bigint; invoicedMilli: bigint }[]
  lastReceiptOn: LocalDate
  final: boolean
}
/**
 * The money of one invoice. gross = available + locked + certified + factored + credited + disputed +
 * paid; every part >= 0. Certificates may use only what was confirmed.
 */
export type Balance = {
  buyer: MemberId
  seller: MemberId
  currency: Currency
  payableOn: LocalDate
  grossFen: AmountFen
  eligibleFen: AmountFen
  confirmedFen: AmountFen
  availableFen: AmountFen
  lockedFen: AmountFen
  certifiedFen: AmountFen
  factoredFen: AmountFen
  creditedFen: AmountFen
  disputedFen: AmountFen
  paidFen: AmountFen
}
/** The signed artefact of a match: inputs by hash, rule version, result in money. */
export type Verdict = {
  match: MatchState
  codes: readonly string[]
  rules: RecordId
  ruleVersion: number
  inputs: readonly { key: string; hash: HashHex }[]
  invoicedFen: AmountFen
  eligibleFen: AmountFen
  differenceFen: AmountFen
}
export type ReceivableTerms = {
  obligor: MemberId
  holder: MemberId
  currency: Currency
  faceFen: AmountFen
  issuedOn: LocalDate
  dueOn: LocalDate
  offerUntil: LocalDate
  /** Of a root: which invoices it was issued over. Empty on children. */
  uses: readonly { invoiceId: RecordId; amountFen: AmountFen }[]
  /** Paid to the holders of this certificate so far. */
  collectedFen: AmountFen
  /** Of a child: the face of its root, which is the base of the pro-rata index. */
  rootFaceFen: AmountFen
}
export type TransferTerms = { from: MemberId; to: MemberId; until: LocalDate; reason: string }
/** Paid on a root so far; a leaf collects floor(paid x its face / root face). */
export type SettlementTerms = { faceFen: AmountFen; paidFen: AmountFen; paidOn: LocalDate }
/**
 * How much of a payment is allocated already; absent until the first allocation. Held by the payer's
 * organisation and the payee's, or the attesting bank's where the entry names no payee.
 */
export type Usage = { usedFen: AmountFen }

export const RECOURSE = ['FULL', 'LIMITED', 'NONE'] as const
export type Recourse = (typeof RECOURSE)[number]
export const DAY_BASES = [360, 365] as const
export type DayBasis = (typeof DAY_BASES)[number]
export const PRICING_METHODS = ['STRAIGHT', 'TO_YIELD'] as const
export type PricingMethod = (typeof PRICING_METHODS)[number]

/** What an invited bank learns: the certificate's terms and nothing else of the asker. */
export type RequestTerms = {
  receivableId: RecordId
  receivableHash: HashHex
  asker: MemberId
  obligor: MemberId
  currency: Currency
  faceFen: AmountFen
  dueOn: LocalDate
  recourse: Recourse
  bidsUntil: LocalDate
}
export type BidTerms = {
  requestId: RecordId
  funder: MemberId
  method: PricingMethod
  ratePpm: RatePpm
  basis: DayBasis
  recourse: Recourse
  /** First day of the discount; the pay-out is due on it. */
  valueOn: LocalDate
  days: number
  discountFen: AmountFen
  feesFen: AmountFen
  /** face = discount + fees + net */
  netFen: AmountFen
}
export type NoticeTerms = {
  receivableId: RecordId
  from: MemberId
  to: MemberId
  recourse: Recourse
  notifiedOn: LocalDate
  /** The public registry's number and the hash of the search taken before pay-out. */
  registrationNumber: string
  registeredOn: LocalDate
  searchHash: HashHex
}

export type PrivateValues = {
  order: Salted<Order>
  progress: Salted<Progress>
  despatch: Salted<Despatch>
  receipt: Salted<Receipt>
  invoice: Salted<Invoice & { sellerTag: HashHex }>
  balance: Salted<Balance>
  verdict: Salted<Verdict>
  creditNote: Salted<CreditNote>
  rules: Salted<RuleSet>
  payment: Salted<PaymentEntry>
  usage: Salted<Usage>
  receivable: Salted<ReceivableTerms>
  settlement: Salted<SettlementTerms>
  transfer: Salted<TransferTerms>
  request: Salted<RequestTerms>
  bid: Salted<BidTerms>
  notice: Salted<NoticeTerms>
}
export type PrivateKind = keyof PrivateValues

/** The key of a record in public state and, under the same text, in the parties' collections. */
export const recordKey = (kind: RecordKind, id: string): string =>
  kind === 'policy' || kind === 'proposal' ? KEY_PREFIXES[kind] : `${KEY_PREFIXES[kind]}:${id}`

/** The implicit collection of one organisation. */
export const collectionOf = (mspId: MspId): string => `_implicit_org_${mspId}`
