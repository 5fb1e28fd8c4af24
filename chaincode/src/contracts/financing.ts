/**
 * Financing on a certificate. The price is between bank and asker: the obligor endorses the lock, the notice
 * and the change of holder, and never sees a bid.
 */
import { Contract } from 'fabric-contract-api'
import type { Context } from 'fabric-contract-api'
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
import {
  amount,
  day,
  hash,
  list,
  mspId,
  object,
  oneOf,
  opening,
  positiveAmount,
  rate,
  recordId,
  seed,
  text,
} from '../model/shape.ts'
import { requireBankMember, requireMember, requireOrganization } from './caller.ts'
import { openPayment } from './evidence.ts'
import { execute } from './execute.ts'
import { changeHolder, moveCertificate, openCertificate, requireUnfrozen } from './holding.ts'
import { endorsedByAll } from './policy.ts'
import { distinct } from './transaction.ts'
import type { Transaction } from './transaction.ts'

const requireFunder = async (tx: Transaction): Promise<string> =>
  requireBankMember(tx.caller, (await tx.policyState()).banks)

/** The certificate must still be locked for exactly this request: a lapse ends everything. */
const requireLocked = async (tx: Transaction, id: RecordId, request: RequestRecord) => {
  const record = await tx.state('receivable', request.receivableId)
  if (record.state !== 'LOCKED' || record.lock?.requestId !== id)
    refuse('REQUEST_NOT_OPEN', { state: record.state })
  return record
}

const openFreeLocked = async (
  tx: Transaction,
  id: RecordId,
  request: RequestRecord,
): Promise<void> => {
  const record = await requireLocked(tx, id, request)
  await requireUnfrozen(tx, { id: request.receivableId, record })
}

type RequestInput = { id: RecordId; receivableId: RecordId; invited: MspId[] }
type RequestSecret = { terms: Opening; recourse: Recourse; bidsUntil: LocalDate }
const requestFinancing = async (
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
  // the one that pays can then close without waiting for the asker to hand the terms over
  for (const mspId of invited)
    if (mspId !== askerMsp) tx.copyPrivate('receivable', receivableId, mspId, secret.terms)
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
const bidSecret = object({ seed, request: opening, offer: offerShape })

/** The endorsers compute the price themselves; an offer with another net is refused. */
const placeBid = async (
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

const withdrawBid = async (
  tx: Transaction,
  { id }: { id: RecordId },
  opened: Opening,
): Promise<void> => {
  const bid = await tx.state('bid', id)
  const terms = await tx.open('bid', id, [bid.bankMsp, bid.askerMsp], opened)
  requireMember(tx.caller, bid.bankMsp, terms.funder)
  tx.putState('bid', id, { ...bid, state: moveTo('bid', bid.state, 'withdraw') })
}

type AcceptInput = { requestId: RecordId; bidId: RecordId }
const acceptBid = async (
  tx: Transaction,
  { requestId, bidId }: AcceptInput,
  secret: { request: Opening; bid: Opening },
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
}

const noticeParties = ({ obligorMsp, askerMsp, funderMsp }: RequestRecord): MspId[] =>
  distinct([obligorMsp, askerMsp, funderMsp ?? refuse('REQUEST_NOT_OPEN')])

const notifySecret = object({
  seed,
  request: opening,
  registration: object({ registrationNumber: text(64), registeredOn: day, searchHash: hash }),
})
const notify = async (
  tx: Transaction,
  requestId: RecordId,
  { request: opened, registration }: ReturnType<typeof notifySecret>,
): Promise<void> => {
  const funder = await requireFunder(tx)
  const request = await tx.state('request', requestId)
  const parties = noticeParties(request)
  const funderMsp = request.funderMsp as MspId
  requireOrganization(tx.caller, funderMsp)
  if (request.state !== 'ACCEPTED') refuse('REQUEST_NOT_OPEN', { state: request.state })
  await requireLocked(tx, requestId, request)
  const terms = await tx.open('request', requestId, parties, opened)
  const today = await tx.today()
  if (registration.registeredOn > today) refuse('REGISTRATION_MISSING')
  const { receivableId, obligorMsp } = request
  await tx.createState(
    'notice',
    requestId,
    { state: 'NOTIFIED', requestId, receivableId, obligorMsp, funderMsp },
    parties,
  )
  tx.putPrivate('notice', requestId, parties, {
    receivableId,
    from: terms.asker,
    to: funder,
    recourse: terms.recourse,
    notifiedOn: today,
    ...registration,
  })
}

const acknowledge = async (
  tx: Transaction,
  requestId: RecordId,
  opened: Opening,
): Promise<void> => {
  const notice = await tx.state('notice', requestId)
  const request = await tx.state('request', requestId)
  await tx.open('notice', requestId, noticeParties(request), opened)
  requireOrganization(tx.caller, notice.obligorMsp)
  const member = tx.caller.memberId ?? refuse('MEMBER_REFUSED')
  const { kind } = await tx.state('member', member)
  if (kind !== 'OBLIGOR') refuse('MEMBER_REFUSED', { kind })
  tx.putState('notice', requestId, {
    ...notice,
    state: moveTo('notice', notice.state, 'acknowledge'),
  })
}

const payOutSecret = object({ seed, bid: opening, notice: opening, payment: opening })
/** No pay-out without registration, acknowledged notice and unfrozen paper; evidence is the exact net. */
const payOut = async (
  tx: Transaction,
  { requestId, paymentId }: { requestId: RecordId; paymentId: RecordId },
  secret: ReturnType<typeof payOutSecret>,
): Promise<void> => {
  const request = await tx.state('request', requestId)
  const parties = noticeParties(request)
  const bankMsp = request.funderMsp as MspId
  requireOrganization(tx.caller, bankMsp)
  await openFreeLocked(tx, requestId, request)
  const notice = await tx.findState('notice', requestId)
  if (notice?.state !== 'ACKNOWLEDGED') refuse('NOTICE_MISSING')
  const { from, to } = await tx.open('notice', requestId, parties, secret.notice)
  const bidId = request.bidId as RecordId
  const bid = await tx.state('bid', bidId)
  const price = await tx.open('bid', bidId, [bankMsp, request.askerMsp], secret.bid)
  if (to !== price.funder) refuse('TERMS_MISMATCH', { what: 'funder' })
  const { payment, use } = await openPayment(tx, paymentId, secret)
  const proves =
    payment.bankMsp === bankMsp &&
    payment.payer === to &&
    payment.payee === from &&
    payment.payeeMsp === request.askerMsp &&
    payment.amountFen === price.netFen
  if (!proves) refuse('EVIDENCE_WRONG')
  use(price.netFen)
  const state = moveTo('request', request.state, 'payOut')
  tx.putState('request', requestId, { ...request, state })
  tx.putState('bid', bidId, { ...bid, state: moveTo('bid', bid.state, 'payOut') })
}

const closeSecret = object({ seed, terms: opening, notice: opening })
const closeFinancing = async (
  tx: Transaction,
  requestId: RecordId,
  secret: ReturnType<typeof closeSecret>,
): Promise<void> => {
  const request = await tx.state('request', requestId)
  const parties = noticeParties(request)
  requireOrganization(tx.caller, request.funderMsp as MspId, request.askerMsp)
  const state = moveTo('request', request.state, 'close')
  await requireLocked(tx, requestId, request)
  const notice = await tx.findState('notice', requestId)
  if (notice?.state !== 'ACKNOWLEDGED') refuse('NOTICE_MISSING')
  const { to, from } = await tx.open('notice', requestId, parties, secret.notice)
  // Funder and asker hold the terms: either may send what was agreed, notified and paid.
  if (tx.caller.mspId === request.askerMsp) requireMember(tx.caller, request.askerMsp, from)
  const held = await openCertificate(tx, request.receivableId, secret.terms)
  await requireUnfrozen(tx, held)
  if (held.terms.holder !== from) refuse('TERMS_MISMATCH', { what: 'holder' })
  changeHolder(tx, held, {
    move: 'closeFinancing',
    holder: to,
    holderMsp: request.funderMsp as MspId,
  })
  tx.putState('request', requestId, { ...request, state })
}

type Ending = {
  requestMove: 'withdraw' | 'decline' | 'expire'
  move: 'declineFinancing' | 'expireFinancing'
}
const endRequest = async (
  tx: Transaction,
  requestId: RecordId,
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
  const state = moveTo('request', request.state, requestMove)
  tx.putState('request', requestId, { ...request, state })
}

const endingSecret = object({ request: opening, terms: opening })
const byRequest = object({ requestId: recordId })

export class FinancingContract extends Contract {
  constructor() {
    super('financing')
  }

  async request(ctx: Context, request: string): Promise<string> {
    const shape = object({
      id: recordId,
      receivableId: recordId,
      invited: list(mspId, { min: 1, max: 20 }),
    })
    const secret = object({ seed, terms: opening, recourse: oneOf(RECOURSE), bidsUntil: day })
    return execute({ ctx, name: 'financing:request', text: request, shape }, async (tx, input) =>
      requestFinancing(tx, input, tx.secret(secret)),
    )
  }

  async bid(ctx: Context, request: string): Promise<string> {
    const shape = object({ id: recordId, requestId: recordId })
    return execute({ ctx, name: 'financing:bid', text: request, shape }, async (tx, input) =>
      placeBid(tx, input, tx.secret(bidSecret)),
    )
  }

  async withdrawBid(ctx: Context, request: string): Promise<string> {
    const shape = object({ id: recordId })
    return execute(
      { ctx, name: 'financing:withdrawBid', text: request, shape },
      async (tx, input) => withdrawBid(tx, input, tx.secret(object({ bid: opening })).bid),
    )
  }

  async acceptBid(ctx: Context, request: string): Promise<string> {
    const shape = object({ requestId: recordId, bidId: recordId })
    return execute({ ctx, name: 'financing:acceptBid', text: request, shape }, async (tx, input) =>
      acceptBid(tx, input, tx.secret(object({ request: opening, bid: opening }))),
    )
  }

  async notify(ctx: Context, request: string): Promise<string> {
    return execute(
      { ctx, name: 'financing:notify', text: request, shape: byRequest },
      async (tx, { requestId }) => notify(tx, requestId, tx.secret(notifySecret)),
    )
  }

  async acknowledge(ctx: Context, request: string): Promise<string> {
    return execute(
      { ctx, name: 'financing:acknowledge', text: request, shape: byRequest },
      async (tx, { requestId }) =>
        acknowledge(tx, requestId, tx.secret(object({ notice: opening })).notice),
    )
  }

  async payOut(ctx: Context, request: string): Promise<string> {
    const shape = object({ requestId: recordId, paymentId: recordId })
    return execute({ ctx, name: 'financing:payOut', text: request, shape }, async (tx, input) =>
      payOut(tx, input, tx.secret(payOutSecret)),
    )
  }

  async close(ctx: Context, request: string): Promise<string> {
    return execute(
      { ctx, name: 'financing:close', text: request, shape: byRequest },
      async (tx, { requestId }) => closeFinancing(tx, requestId, tx.secret(closeSecret)),
    )
  }

  async decline(ctx: Context, request: string): Promise<string> {
    return execute(
      { ctx, name: 'financing:decline', text: request, shape: byRequest },
      async (tx, { requestId }) =>
        endRequest(tx, requestId, tx.secret(endingSecret), async ({ request: held, asker }) => {
          if (held.state === 'OPEN') requireMember(tx.caller, held.askerMsp, asker)
          else requireOrganization(tx.caller, held.funderMsp ?? held.askerMsp)
          const requestMove = held.state === 'OPEN' ? 'withdraw' : 'decline'
          return { requestMove, move: 'declineFinancing' }
        }),
    )
  }

  async expire(ctx: Context, request: string): Promise<string> {
    return execute(
      { ctx, name: 'financing:expire', text: request, shape: byRequest },
      async (tx, { requestId }) =>
        endRequest(tx, requestId, tx.secret(endingSecret), async ({ request: held, bidsUntil }) => {
          requireOrganization(tx.caller, held.askerMsp, held.obligorMsp)
          if ((await tx.today()) <= bidsUntil) refuse('NOT_EXPIRED')
          if (held.state !== 'OPEN') refuse('REQUEST_NOT_OPEN', { state: held.state })
          return { requestMove: 'expire', move: 'expireFinancing' }
        }),
    )
  }
}
