/** From the request to the accepted bid, or to its end without one. The obligor never sees a bid. */
import {
  DAY_BASES,
  PRICING_METHODS,
  RECOURSE,
  commitmentOf,
  daysBetween,
  maturesOn,
  moveTo,
  priceOf,
  refuse,
} from '../model/index.ts'
import type {
  BidTerms,
  LocalDate,
  MspId,
  Opening,
  Recourse,
  RecordId,
  RequestRecord,
} from '../model/index.ts'
import { amount, day, object, oneOf, opening, positiveAmount, rate, seed } from '../model/shape.ts'
import { requireBankMember, requireMember } from './caller.ts'
import { moveCertificate, openCertificate, requireUnfrozen } from './holding.ts'
import { endorsedByAll } from './policy.ts'
import type { Transaction } from './transaction.ts'

export const requireFunder = async (tx: Transaction): Promise<string> =>
  requireBankMember(tx.caller, (await tx.policyState()).banks)

/** The certificate must still be locked for exactly this request: a lapse ends everything. */
export const requireLocked = async (tx: Transaction, id: RecordId, request: RequestRecord) => {
  const record = await tx.state('receivable', request.receivableId)
  if (record.state !== 'LOCKED' || record.lock?.requestId !== id)
    refuse('REQUEST_NOT_OPEN', { state: record.state })
  return record
}

export const openFreeLocked = async (
  tx: Transaction,
  id: RecordId,
  request: RequestRecord,
): Promise<void> => {
  const record = await requireLocked(tx, id, request)
  await requireUnfrozen(tx, { id: request.receivableId, record })
}

type RequestInput = { id: RecordId; receivableId: RecordId; invited: MspId[] }
type RequestSecret = { terms: Opening; recourse: Recourse; bidsUntil: LocalDate }
export const requestFinancing = async (
  tx: Transaction,
  { id, receivableId, invited }: RequestInput,
  secret: RequestSecret,
): Promise<void> => {
  const held = await openCertificate(tx, receivableId, secret.terms)
  const { record, terms } = held
  requireMember(tx.caller, record.holderMsp, terms.holder)
  await requireUnfrozen(tx, held)
  const today = await tx.today()
  if (today >= terms.dueOn || secret.bidsUntil >= terms.dueOn || secret.bidsUntil < today)
    refuse('PAST_DUE')
  if (invited.includes(record.obligorMsp) || new Set(invited).size !== invited.length)
    refuse('REQUEST_MALFORMED', { path: 'invited' })
  moveCertificate(tx, held, 'requestFinancing', { lock: { kind: 'FINANCE', requestId: id } })
  const { obligorMsp, holderMsp: askerMsp } = record
  await tx.createState(
    'request',
    id,
    { state: 'OPEN', receivableId, askerMsp, obligorMsp, invited },
    [askerMsp],
  )
  tx.putPrivate('request', id, [obligorMsp, askerMsp, ...invited], {
    receivableId,
    receivableHash: commitmentOf(secret.terms),
    asker: terms.holder,
    obligor: terms.obligor,
    currency: terms.currency,
    faceFen: terms.faceFen,
    dueOn: terms.dueOn,
    recourse: secret.recourse,
    bidsUntil: secret.bidsUntil,
  })
}

const offerShape = object({
  method: oneOf(PRICING_METHODS),
  ratePpm: rate,
  basis: oneOf(DAY_BASES),
  recourse: oneOf(RECOURSE),
  valueOn: day,
  feesFen: amount,
  netFen: positiveAmount,
})
export const bidSecret = object({ seed, request: opening, offer: offerShape })

/** The endorsers compute the price themselves; an offer with another net is refused. */
export const placeBid = async (
  tx: Transaction,
  input: { id: RecordId; requestId: RecordId },
  { request: opened, offer }: ReturnType<typeof bidSecret>,
): Promise<void> => {
  const bankMsp = tx.caller.mspId
  const funder = await requireFunder(tx)
  const request = await tx.state('request', input.requestId)
  if (request.state !== 'OPEN') refuse('REQUEST_NOT_OPEN', { state: request.state })
  if (!request.invited.includes(bankMsp)) refuse('NOT_INVITED')
  await openFreeLocked(tx, input.requestId, request)
  const { askerMsp, obligorMsp } = request
  const terms = await tx.open('request', input.requestId, [askerMsp, obligorMsp, bankMsp], opened)
  const today = await tx.today()
  if (today > terms.bidsUntil) refuse('OFFER_EXPIRED')
  if (offer.recourse !== terms.recourse || offer.valueOn < today) refuse('TERMS_MISMATCH')
  const { parameters } = await tx.policy()
  const days = daysBetween(offer.valueOn, maturesOn(terms.dueOn, parameters))
  const price = priceOf({ ...offer, faceFen: terms.faceFen, days })
  if (price.netFen !== offer.netFen) refuse('PRICE_MISMATCH')
  const bid: BidTerms = { ...offer, requestId: input.requestId, funder, days, ...price }
  await tx.createState(
    'bid',
    input.id,
    { state: 'PLACED', requestId: input.requestId, bankMsp, askerMsp },
    [bankMsp, askerMsp],
  )
  tx.putPrivate('bid', input.id, [bankMsp, askerMsp], bid)
}

export const withdrawBid = async (
  tx: Transaction,
  { id }: { id: RecordId },
  { bid: opened }: { bid: Opening },
): Promise<void> => {
  const bid = await tx.state('bid', id)
  const terms = await tx.open('bid', id, [bid.bankMsp, bid.askerMsp], opened)
  requireMember(tx.caller, bid.bankMsp, terms.funder)
  tx.putState('bid', id, { ...bid, state: moveTo('bid', bid.state, 'withdraw') })
}

type AcceptInput = { requestId: RecordId; bidId: RecordId }
export const acceptBid = async (
  tx: Transaction,
  { requestId, bidId }: AcceptInput,
  secret: { request: Opening; bid: Opening; terms: Opening },
): Promise<void> => {
  const request = await tx.state('request', requestId)
  const bid = await tx.state('bid', bidId)
  const { askerMsp, obligorMsp } = request
  if (bid.requestId !== requestId) refuse('REQUEST_NOT_OPEN')
  await openFreeLocked(tx, requestId, request)
  const terms = await tx.open('request', requestId, [askerMsp, obligorMsp], secret.request)
  requireMember(tx.caller, askerMsp, terms.asker)
  const price = await tx.open('bid', bidId, [bid.bankMsp, askerMsp], secret.bid)
  if (price.valueOn < (await tx.today())) refuse('OFFER_EXPIRED')
  const state = moveTo('request', request.state, 'acceptBid')
  tx.putState('request', requestId, { ...request, state, bidId, funderMsp: bid.bankMsp })
  // from here on the asker's organisation alone can no longer rewrite the request against its funder
  tx.protect('request', requestId, endorsedByAll([askerMsp, bid.bankMsp]))
  tx.putState('bid', bidId, { ...bid, state: moveTo('bid', bid.state, 'accept') })
  // the others never see more than the request; this one can close without waiting for the asker
  const { parties } = await openCertificate(tx, request.receivableId, secret.terms)
  if (!parties.includes(bid.bankMsp))
    tx.copyPrivate('receivable', request.receivableId, bid.bankMsp, secret.terms)
}

export type Ending = {
  requestMove: 'withdraw' | 'decline' | 'expire'
  move: 'declineFinancing' | 'expireFinancing'
}
export const endRequest = async (
  tx: Transaction,
  { requestId }: { requestId: RecordId },
  secret: { request: Opening; terms: Opening },
  end: (input: { request: RequestRecord; asker: string; bidsUntil: LocalDate }) => Promise<Ending>,
): Promise<void> => {
  const request = await tx.state('request', requestId)
  const parties = [request.askerMsp, request.obligorMsp]
  const { asker, bidsUntil } = await tx.open('request', requestId, parties, secret.request)
  const { requestMove, move } = await end({ request, asker, bidsUntil })
  await requireLocked(tx, requestId, request)
  const held = await openCertificate(tx, request.receivableId, secret.terms)
  moveCertificate(tx, held, move)
  const { funderMsp } = request
  if (funderMsp !== undefined && !held.parties.includes(funderMsp))
    tx.deletePrivate('receivable', request.receivableId, funderMsp)
  const state = moveTo('request', request.state, requestMove)
  tx.putState('request', requestId, { ...request, state })
}
