/** Financing on a certificate: request, sealed bids, acceptance, notice, pay-out, close. */
import type { AmountFen, HashHex, LocalDate, MspId, Opening, RatePpm, RecordId } from '../brand.ts'
import type { DayBasis, PricingMethod, Recourse } from '../records.ts'
import { operation } from './operation.ts'
import type { Operation, Seed } from './operation.ts'

type Parties = { obligorMsp: MspId; askerMsp: MspId }

/** Holder. Locks the certificate; obligor, asker and every invited bank endorse and get the request. */
export const request = (
  input: Parties & {
    id: RecordId
    receivableId: RecordId
    invited: readonly MspId[]
    seed: Seed
    terms: Opening
    recourse: Recourse
    bidsUntil: LocalDate
  },
): Operation =>
  operation({
    name: 'financing:request',
    request: { id: input.id, receivableId: input.receivableId, invited: input.invited },
    secret: {
      seed: input.seed,
      terms: input.terms,
      recourse: input.recourse,
      bidsUntil: input.bidsUntil,
    },
    endorsers: [input.obligorMsp, input.askerMsp, ...input.invited],
  })

export type BidOffer = {
  method: PricingMethod
  ratePpm: RatePpm
  basis: DayBasis
  recourse: Recourse
  valueOn: LocalDate
  feesFen: AmountFen
  /** What the bank expects to pay; refused where the contract computes another amount. */
  netFen: AmountFen
}
/** Bank. Only the bank and the asker hold the bid. `request` is the opening the bank was given. */
export const bid = (input: {
  id: RecordId
  requestId: RecordId
  bankMsp: MspId
  askerMsp: MspId
  seed: Seed
  request: Opening
  offer: BidOffer
}): Operation =>
  operation({
    name: 'financing:bid',
    request: { id: input.id, requestId: input.requestId },
    secret: { seed: input.seed, request: input.request, offer: input.offer },
    endorsers: [input.bankMsp, input.askerMsp],
  })

/** Bank, before acceptance. */
export const withdrawBid = (input: {
  id: RecordId
  bankMsp: MspId
  askerMsp: MspId
  bid: Opening
}): Operation =>
  operation({
    name: 'financing:withdrawBid',
    request: { id: input.id },
    secret: { bid: input.bid },
    endorsers: [input.bankMsp, input.askerMsp],
  })

/** Holder. Asker and bank endorse; the obligor does not see the bid. The bank gets the certificate's `terms`. */
export const acceptBid = (input: {
  requestId: RecordId
  bidId: RecordId
  bankMsp: MspId
  askerMsp: MspId
  request: Opening
  bid: Opening
  terms: Opening
}): Operation =>
  operation({
    name: 'financing:acceptBid',
    request: { requestId: input.requestId, bidId: input.bidId },
    secret: { request: input.request, bid: input.bid, terms: input.terms },
    endorsers: [input.bankMsp, input.askerMsp],
  })

export type Registration = {
  registrationNumber: string
  registeredOn: LocalDate
  /** SHA-256 of the registry's search snapshot taken before pay-out. */
  searchHash: HashHex
}
/** Funder. Notice of assignment to the obligor, with the registration; no price in it. */
export const notify = (
  input: Parties & {
    requestId: RecordId
    funderMsp: MspId
    seed: Seed
    request: Opening
    registration: Registration
  },
): Operation =>
  operation({
    name: 'financing:notify',
    request: { requestId: input.requestId },
    secret: { seed: input.seed, request: input.request, registration: input.registration },
    endorsers: [input.obligorMsp, input.askerMsp, input.funderMsp],
  })

/** Obligor: the member that owes. */
export const acknowledge = (
  input: Parties & { requestId: RecordId; funderMsp: MspId; notice: Opening },
): Operation =>
  operation({
    name: 'financing:acknowledge',
    request: { requestId: input.requestId },
    secret: { notice: input.notice },
    endorsers: [input.obligorMsp, input.askerMsp, input.funderMsp],
  })

/** Funder's bank. The attested entry must pay exactly the net price to the asker, not before the bid's value day. */
export const payOut = (input: {
  requestId: RecordId
  bankMsp: MspId
  askerMsp: MspId
  paymentId: RecordId
  seed: Seed
  bid: Opening
  notice: Opening
  payment: Opening
}): Operation =>
  operation({
    name: 'financing:payOut',
    request: { requestId: input.requestId, paymentId: input.paymentId },
    secret: {
      seed: input.seed,
      bid: input.bid,
      notice: input.notice,
      payment: input.payment,
    },
    endorsers: [input.bankMsp, input.askerMsp],
  })

/** Funder becomes the holder: paid, notified, acknowledged, registered. */
export const close = (
  input: Parties & {
    requestId: RecordId
    funderMsp: MspId
    seed: Seed
    terms: Opening
    notice: Opening
  },
): Operation =>
  operation({
    name: 'financing:close',
    request: { requestId: input.requestId },
    secret: { seed: input.seed, terms: input.terms, notice: input.notice },
    endorsers: [input.obligorMsp, input.askerMsp, input.funderMsp],
  })

/** `funderMsp`: needed once a bid is accepted, for the funder's organisation has a say from then on. */
type Ending = Parties & {
  requestId: RecordId
  funderMsp?: MspId
  request: Opening
  terms: Opening
}
const ending = (fn: string, input: Ending): Operation =>
  operation({
    name: `financing:${fn}`,
    request: { requestId: input.requestId },
    secret: { request: input.request, terms: input.terms },
    endorsers: [input.obligorMsp, input.askerMsp, input.funderMsp ?? input.askerMsp],
  })
/** Holder while OPEN, the chosen funder while ACCEPTED: the certificate is free again. */
export const decline = (input: Ending): Operation => ending('decline', input)
/** A party's clock, after the last day for bids without acceptance. */
export const expire = (input: Ending): Operation => ending('expire', input)
