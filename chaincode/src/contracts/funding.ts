/** From the notice of assignment to the new holder: registered, acknowledged, paid, closed. */
import { moveTo, refuse } from '../model/index.ts'
import type { MspId, Opening, RecordId, RequestRecord } from '../model/index.ts'
import { day, hash, object, opening, seed, text } from '../model/shape.ts'
import { openFreeLocked, requireFunder, requireLocked } from './bidding.ts'
import { requireMember, requireOrganization } from './caller.ts'
import { openPayment } from './evidence.ts'
import { changeHolder, openCertificate, requireUnfrozen } from './holding.ts'
import { distinct } from './transaction.ts'
import type { Transaction } from './transaction.ts'

type Item = { requestId: RecordId }

const noticeParties = ({ obligorMsp, askerMsp, funderMsp }: RequestRecord): MspId[] =>
  distinct([obligorMsp, askerMsp, funderMsp ?? refuse('REQUEST_NOT_OPEN')])

export const notifySecret = object({
  seed,
  request: opening,
  registration: object({ registrationNumber: text(64), registeredOn: day, searchHash: hash }),
})
export const notify = async (
  tx: Transaction,
  { requestId }: Item,
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
    obligor: terms.obligor,
    from: terms.asker,
    to: funder,
    recourse: terms.recourse,
    notifiedOn: today,
    ...registration,
  })
}

export const acknowledge = async (
  tx: Transaction,
  { requestId }: Item,
  { notice: opened }: { notice: Opening },
): Promise<void> => {
  const notice = await tx.state('notice', requestId)
  const request = await tx.state('request', requestId)
  const { obligor } = await tx.open('notice', requestId, noticeParties(request), opened)
  requireMember(tx.caller, notice.obligorMsp, obligor)
  tx.putState('notice', requestId, {
    ...notice,
    state: moveTo('notice', notice.state, 'acknowledge'),
  })
}

export const payOutSecret = object({ seed, bid: opening, notice: opening, payment: opening })
/**
 * No pay-out without registration, acknowledged notice and unfrozen paper. Evidence is the exact net, not
 * before the day the discount starts: what was paid earlier was paid for something else.
 */
export const payOut = async (
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
    payment.amountFen === price.netFen &&
    payment.valueOn >= price.valueOn
  if (!proves) refuse('EVIDENCE_WRONG')
  use(price.netFen)
  const state = moveTo('request', request.state, 'payOut')
  tx.putState('request', requestId, { ...request, state })
  tx.putState('bid', bidId, { ...bid, state: moveTo('bid', bid.state, 'payOut') })
}

export const closeSecret = object({ seed, terms: opening, notice: opening })
export const closeFinancing = async (
  tx: Transaction,
  { requestId }: Item,
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
