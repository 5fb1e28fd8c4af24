/**
 * What stands on the ledger: keys, public states, private values, and their decoders.
 *
 * Public states carry ids, sub-states and organisations only. Private values are canonical JSON with a
 * salt; every amount, price, rate and date of payment is in them and nowhere else.
 */
import type {
  AmountFen,
  HashHex,
  LocalDate,
  MemberId,
  MspId,
  QuantityMilli,
  RatePpm,
  RecordId,
} from './brand.ts'
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
import type { Reason } from './reasons.ts'

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
  freeze: 'X',
  remark: 'W',
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
export type Pending = { step: string; by: string; member?: MemberId; reason?: Reason }
type Parties = { buyerMsp: MspId; sellerMsp: MspId }

/**
 * `calendarOffsetDays` is 0 in production. A pilot moves it forward to reach maturity: the business day is
 * the day of the transaction timestamp (UTC+8) plus the offset, and every screen says "pilot calendar".
 */
export type PolicyState = {
  guardians: MspId[]
  /** Organisations whose members may attest payments and fund. */
  banks: MspId[]
  /** Organisations whose members may freeze. */
  regulators: MspId[]
  /** Organisations whose users may attest despatches of others. */
  carriers: MspId[]
  calendarOffsetDays: number
  versions: PolicyVersion[]
}
export type PolicyProposal = { change: PolicyChange; by: string; mspId: MspId }
export type MemberState = {
  mspId: MspId
  kind: MemberKind
  status: 'ACTIVE' | 'SUSPENDED'
  /** The organisations whose banks attest this obligor's redemptions. */
  settlementMsps?: MspId[]
  /** Overdue certificates of this obligor: while there is one, it may not issue. */
  issueStops?: RecordId[]
}
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
  /** Credit notes that came before the first verdict, which must take them into account. */
  credits?: RecordId[]
}
export type RulesState = Parties & { version: number }
export type ReceivableRecord = {
  state: ReceivableState
  obligorMsp: MspId
  holderMsp: MspId
  root: RecordId
  parent?: RecordId
  depth: number
  policy: number
  /** Over an invoice that the tax office voided; a regulator's freeze is a value of its own (`FreezeOrder`). */
  frozen?: boolean
  pending?: Pending
  /** LOCKED: for what, and by which request or for which organisation. */
  lock?: { kind: 'TRANSFER' | 'FINANCE' | 'PLEDGE'; requestId?: RecordId; toMsp?: MspId }
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
  invoice: InvoiceState
  rules: RulesState
  receivable: ReceivableRecord
  request: RequestRecord
  bid: BidRecord
  notice: NoticeRecord
}

export type Salted<T> = T & { salt: string }
/** Per order: what arrived, what was invoiced and accepted. Written by matches only. */
export type Progress = {
  lines: readonly {
    line: string
    receivedMilli: QuantityMilli
    invoicedMilli: QuantityMilli
  }[]
  firstReceiptOn: LocalDate
  lastReceiptOn: LocalDate
  final: boolean
  /** Receipts that are counted in; none is counted twice. */
  receipts: readonly RecordId[]
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
  verdict: Verdict
}
/** The signed artefact of a match: inputs by hash, rule version, result in money. */
export type Verdict = {
  rules: RecordId
  ruleVersion: number
  /** SHA-256 of the canonical list of [key, commitment] of all inputs, in the order of the request. */
  inputsHash: HashHex
  /** Sum of the value differences against the buyer, net of tax. */
  differenceFen: AmountFen
  /** Set by the first person of an override. */
  acceptedFen?: AmountFen
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
export type SettlementTerms = {
  faceFen: AmountFen
  paidFen: AmountFen
  paidOn: LocalDate
  /** Obligor and every bank that put a payment on the root: an opening must agree with all of them. */
  copies: readonly MspId[]
}
/** An attested entry with the organisations it concerns. */
export type Payment = PaymentEntry & { bankMsp: MspId; payerMsp: MspId; payeeMsp?: MspId }
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
  /** Who owes, and so who acknowledges. */
  obligor: MemberId
  from: MemberId
  to: MemberId
  recourse: Recourse
  notifiedOn: LocalDate
  /** The public registry's number and the hash of the search taken before pay-out. */
  registrationNumber: string
  registeredOn: LocalDate
  searchHash: HashHex
}

/** What a person of the buyer said when he refused or overrode an invoice; its parties hold it. */
export type Remark = { text: string }

/**
 * A regulator's order over a certificate, held by the regulator's organisation alone: nobody else can write it,
 * nobody can veto it, and its bare existence (every peer answers the hash) stops the certificate's moves.
 */
export type FreezeOrder = {
  step: 'PROPOSED' | 'FROZEN' | 'LIFTING'
  /** Who began the step, so that another person ends it. */
  by: HashHex
  /** Names the order; private to the regulator. */
  reason: string
}

export type PrivateValues = {
  order: Salted<Order>
  progress: Salted<Progress>
  despatch: Salted<Despatch>
  receipt: Salted<Receipt>
  invoice: Salted<Invoice & { sellerTag: HashHex }>
  balance: Salted<Balance>
  creditNote: Salted<CreditNote>
  rules: Salted<RuleSet>
  payment: Salted<Payment>
  usage: Salted<Usage>
  receivable: Salted<ReceivableTerms>
  settlement: Salted<SettlementTerms>
  transfer: Salted<TransferTerms>
  request: Salted<RequestTerms>
  bid: Salted<BidTerms>
  notice: Salted<NoticeTerms>
  freeze: Salted<FreezeOrder>
  remark: Salted<Remark>
}
export type PrivateKind = keyof PrivateValues

/** The key of a record in public state and, under the same text, in the parties' collections. */
export const recordKey = (kind: RecordKind, id: string): string =>
  kind === 'policy' || kind === 'proposal' ? KEY_PREFIXES[kind] : `${KEY_PREFIXES[kind]}:${id}`

/** The implicit collection of one organisation. */
export const collectionOf = (mspId: MspId): string => `_implicit_org_${mspId}`
