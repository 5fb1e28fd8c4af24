/** The closed shape of every document, private value and public state: one decoder for both sides. */
import { REASONS } from './reasons.ts'
import { MEMBER_KINDS, PRICING_METHODS, RECOURSE, DAY_BASES } from './records.ts'
import type { PrivateValues, PublicStates } from './records.ts'
import {
  amount,
  day,
  hash,
  integer,
  list,
  memberId,
  mspId,
  object,
  oneOf,
  optional,
  positiveAmount,
  price,
  quantity,
  rate,
  recordId,
  signedQuantity,
  text,
} from './shape.ts'
import type { Shape } from './shape.ts'
import {
  APPROVAL_STATES,
  BID_STATES,
  MATCH_STATES,
  NOTICE_STATES,
  RECEIVABLE_STATES,
  REQUEST_STATES,
  TAX_STATES,
  USE_STATES,
} from './states.ts'

const LINES_MAX = 500
export const remarkText = text(400)
const parties = { buyer: memberId, seller: memberId }
const lineName = text(32)
const number = text(64)
const currency = oneOf(['CNY'])
const salt = { salt: hash }
const source = { sourceHash: optional(hash) }

const order = {
  ...source,
  ...parties,
  number,
  orderedOn: day,
  currency,
  category: text(64),
  lines: list(
    object({
      line: lineName,
      quantityMilli: quantity,
      unitPriceMicro: price,
      taxRatePpm: rate,
    }),
    { min: 1, max: LINES_MAX },
  ),
}
const goods = (amountOf: typeof quantity) =>
  list(object({ orderId: recordId, line: lineName, quantityMilli: amountOf }), {
    min: 1,
    max: LINES_MAX,
  })
const despatch = { ...source, ...parties, number, despatchedOn: day, lines: goods(quantity) }
const receipt = {
  ...source,
  ...parties,
  number,
  receivedOn: day,
  final: oneOf([true, false]),
  lines: goods(signedQuantity),
}
const invoice = {
  ...source,
  ...parties,
  code: text(32, 0),
  number,
  issuedOn: day,
  payableOn: day,
  currency,
  netFen: positiveAmount,
  taxFen: amount,
  totalFen: positiveAmount,
  lines: list(
    object({
      orderId: recordId,
      line: lineName,
      quantityMilli: quantity,
      unitPriceMicro: price,
      netFen: positiveAmount,
      taxFen: amount,
    }),
    { min: 1, max: LINES_MAX },
  ),
}
const creditNote = {
  ...source,
  ...parties,
  invoiceId: recordId,
  number,
  issuedOn: day,
  totalFen: positiveAmount,
  reason: text(200, 0),
}
const payment = {
  ...source,
  payer: memberId,
  payee: optional(memberId),
  entryReference: text(64),
  remittance: text(300, 0),
  valueOn: day,
  currency,
  amountFen: positiveAmount,
}
const rules = {
  ...parties,
  category: text(64),
  version: integer(1, 1_000_000),
  effectiveFrom: day,
  sellerTag: optional(hash),
  priceValueFen: amount,
  priceRatioPpm: rate,
  quantityValueFen: amount,
  quantityRatioPpm: rate,
  overDeliveryPpm: rate,
  underDeliveryPpm: rate,
  headerCapFen: amount,
  invoiceDaysMax: integer(0, 3_650),
  paymentShortPpm: rate,
  paymentShortFen: amount,
}

/** Documents as a client submits them, without salt. */
export const DOCUMENT_SHAPES = {
  order: object(order),
  despatch: object(despatch),
  receipt: object(receipt),
  invoice: object(invoice),
  creditNote: object(creditNote),
  payment: object(payment),
  rules: object(rules),
}

const verdict = object({
  rules: recordId,
  ruleVersion: integer(1, 1_000_000),
  inputsHash: hash,
  differenceFen: amount,
  acceptedFen: optional(amount),
})
const balance = {
  ...parties,
  currency,
  payableOn: day,
  grossFen: amount,
  eligibleFen: amount,
  confirmedFen: amount,
  availableFen: amount,
  lockedFen: amount,
  certifiedFen: amount,
  factoredFen: amount,
  creditedFen: amount,
  disputedFen: amount,
  paidFen: amount,
  verdict,
}
export const usesShape = list(object({ invoiceId: recordId, amountFen: positiveAmount }), {
  max: 20,
})

/** Everything a private collection of ours may hold, by kind. */
export const PRIVATE_SHAPES: { [K in keyof PrivateValues]: Shape<PrivateValues[K]> } = {
  order: object({ ...order, ...salt }),
  progress: object({
    lines: list(
      object({ line: lineName, receivedMilli: signedQuantity, invoicedMilli: signedQuantity }),
      { max: LINES_MAX },
    ),
    firstReceiptOn: day,
    lastReceiptOn: day,
    final: oneOf([true, false]),
    receipts: list(recordId, { max: LINES_MAX }),
    ...salt,
  }),
  despatch: object({ ...despatch, ...salt }),
  receipt: object({ ...receipt, ...salt }),
  invoice: object({ ...invoice, sellerTag: hash, ...salt }),
  balance: object({ ...balance, ...salt }),
  creditNote: object({ ...creditNote, ...salt }),
  rules: object({ ...rules, ...salt }),
  payment: object({
    ...payment,
    bankMsp: mspId,
    payerMsp: mspId,
    payeeMsp: optional(mspId),
    ...salt,
  }),
  usage: object({ usedFen: amount, ...salt }),
  receivable: object({
    obligor: memberId,
    holder: memberId,
    currency,
    faceFen: positiveAmount,
    issuedOn: day,
    dueOn: day,
    offerUntil: day,
    uses: usesShape,
    collectedFen: amount,
    rootFaceFen: positiveAmount,
    ...salt,
  }),
  settlement: object({
    faceFen: positiveAmount,
    paidFen: positiveAmount,
    paidOn: day,
    copies: list(mspId, { min: 1, max: 50 }),
    ...salt,
  }),
  transfer: object({ from: memberId, to: memberId, until: day, reason: text(200, 0), ...salt }),
  request: object({
    receivableId: recordId,
    receivableHash: hash,
    asker: memberId,
    obligor: memberId,
    currency,
    faceFen: positiveAmount,
    dueOn: day,
    recourse: oneOf(RECOURSE),
    bidsUntil: day,
    ...salt,
  }),
  bid: object({
    requestId: recordId,
    funder: memberId,
    method: oneOf(PRICING_METHODS),
    ratePpm: rate,
    basis: oneOf(DAY_BASES),
    recourse: oneOf(RECOURSE),
    valueOn: day,
    days: integer(1, 10_000),
    discountFen: amount,
    feesFen: amount,
    netFen: positiveAmount,
    ...salt,
  }),
  notice: object({
    receivableId: recordId,
    obligor: memberId,
    from: memberId,
    to: memberId,
    recourse: oneOf(RECOURSE),
    notifiedOn: day,
    registrationNumber: text(64),
    registeredOn: day,
    searchHash: hash,
    ...salt,
  }),
  freeze: object({
    step: oneOf(['PROPOSED', 'FROZEN', 'LIFTING']),
    by: hash,
    reason: text(200),
    ...salt,
  }),
  remark: object({ text: remarkText, ...salt }),
}

const calendar = object({
  holidays: list(day, { max: 400 }),
  workdays: list(day, { max: 400 }),
})
export const policyVersionShape = object({
  version: integer(1, 1_000_000),
  effectiveFrom: day,
  parameters: object({
    tenorMonthsMax: integer(1, 12),
    splitDepthMax: integer(1, 20),
    splitChildrenMax: integer(2, 50),
    faceMinFen: positiveAmount,
    offerDaysMax: integer(1, 366),
    graceDays: integer(0, 366),
    lateInterestPpm: rate,
    confirmDaysMax: integer(1, 366),
    freezeDaysMax: integer(1, 3_660),
    fingerprintKeyHash: hash,
    calendar,
  }),
})
export const policyChangeShape = object({
  version: optional(policyVersionShape),
  calendarOffsetDays: optional(integer(0, 36_600)),
})

const userId = hash
const pending = object({
  step: text(32),
  by: userId,
  member: optional(memberId),
  reason: optional(oneOf(REASONS)),
})
const buyerSeller = { buyerMsp: mspId, sellerMsp: mspId }
const idList = list(recordId, { max: 500 })

export const STATE_SHAPES: { [K in keyof PublicStates]: Shape<PublicStates[K]> } = {
  policy: object({
    guardians: list(mspId, { min: 1, max: 50 }),
    banks: list(mspId, { max: 50 }),
    regulators: list(mspId, { max: 50 }),
    carriers: list(mspId, { max: 50 }),
    calendarOffsetDays: integer(0, 36_600),
    versions: list(policyVersionShape, { min: 1, max: 3 }),
  }),
  proposal: object({ change: policyChangeShape, by: userId, mspId }),
  member: object({
    mspId,
    kind: oneOf(MEMBER_KINDS),
    status: oneOf(['ACTIVE', 'SUSPENDED']),
    settlementMsps: optional(list(mspId, { max: 20 })),
    issueStops: optional(idList),
  }),
  invoice: object({
    ...buyerSeller,
    tax: oneOf(TAX_STATES),
    match: oneOf(MATCH_STATES),
    approval: oneOf(APPROVAL_STATES),
    use: oneOf(USE_STATES),
    codes: optional(list(text(32), { max: 20 })),
    pending: optional(pending),
    roots: optional(idList),
    credits: optional(idList),
  }),
  rules: object({ ...buyerSeller, version: integer(1, 1_000_000) }),
  receivable: object({
    state: oneOf(RECEIVABLE_STATES),
    obligorMsp: mspId,
    holderMsp: mspId,
    root: recordId,
    parent: optional(recordId),
    depth: integer(0, 100),
    policy: integer(1, 1_000_000),
    frozen: optional(oneOf([true, false])),
    pending: optional(pending),
    lock: optional(
      object({
        kind: oneOf(['TRANSFER', 'FINANCE', 'PLEDGE']),
        requestId: optional(recordId),
        toMsp: optional(mspId),
      }),
    ),
  }),
  request: object({
    state: oneOf(REQUEST_STATES),
    receivableId: recordId,
    askerMsp: mspId,
    obligorMsp: mspId,
    invited: list(mspId, { min: 1, max: 20 }),
    bidId: optional(recordId),
    funderMsp: optional(mspId),
  }),
  bid: object({
    state: oneOf(BID_STATES),
    requestId: recordId,
    bankMsp: mspId,
    askerMsp: mspId,
  }),
  notice: object({
    state: oneOf(NOTICE_STATES),
    requestId: recordId,
    receivableId: recordId,
    obligorMsp: mspId,
    funderMsp: mspId,
  }),
}
