/**
 * Financing on a certificate. The price is between bank and asker: the obligor endorses the lock, the notice
 * and the change of holder, and never sees a bid.
 */
import { RECOURSE, refuse } from '../model/index.ts'
import type { RecordId } from '../model/index.ts'
import { day, list, mspId, object, oneOf, opening, recordId, seed } from '../model/shape.ts'
import { claimed, itsCertificate, itsObligor, itsTerms } from './ahead.ts'
import {
  acceptBid,
  bidSecret,
  endRequest,
  placeBid,
  requestFinancing,
  withdrawBid,
} from './bidding.ts'
import { requireMember, requireOrganization } from './caller.ts'
import { contractOf, single } from './contract.ts'
import {
  acknowledge,
  closeFinancing,
  closeSecret,
  notify,
  notifySecret,
  payOut,
  payOutSecret,
} from './funding.ts'
import type { Name } from './transaction.ts'

const requestShape = object({
  id: recordId,
  receivableId: recordId,
  invited: list(mspId, { min: 1, max: 20 }),
})
const requestSecret = object({ seed, terms: opening, recourse: oneOf(RECOURSE), bidsUntil: day })
const acceptSecret = object({ request: opening, bid: opening, terms: opening })
const endingSecret = object({ request: opening, terms: opening })
const request = object({ requestId: recordId })
const itsRequest = ({ requestId }: { requestId: RecordId }): Name[] => [['request', requestId]]
const itsNotice = (input: { requestId: RecordId }): Name[] => [
  ...itsRequest(input),
  ['notice', input.requestId],
]
const itsReceivable = ({ receivableId }: { receivableId: RecordId }): Name[] =>
  itsCertificate({ id: receivableId })
const bidId = object({ id: recordId })

export const FinancingContract = contractOf('financing', {
  request: single(
    {
      request: requestShape,
      secret: requestSecret,
      reads: ({ id, receivableId }, secret) => [
        ['request', id],
        ...itsTerms({ id: receivableId }, secret),
      ],
    },
    requestFinancing,
  ),
  bid: single(
    {
      request: object({ id: recordId, requestId: recordId }),
      secret: bidSecret,
      reads: ({ id, requestId }, { request: opened }) => [
        ...itsRequest({ requestId }),
        ['bid', id],
        ...claimed('request', opened, itsReceivable),
      ],
    },
    placeBid,
  ),
  withdrawBid: single({ request: bidId, secret: object({ bid: opening }) }, withdrawBid),
  acceptBid: single(
    {
      request: object({ requestId: recordId, bidId: recordId }),
      secret: acceptSecret,
      reads: ({ requestId, bidId }, secret) => [
        ...itsRequest({ requestId }),
        ['bid', bidId],
        ...claimed('request', secret.request, itsReceivable),
        ...itsObligor(secret),
      ],
    },
    acceptBid,
  ),
  notify: single(
    {
      request,
      secret: notifySecret,
      reads: (input, secret) => [
        ...itsNotice(input),
        ...claimed('request', secret.request, itsReceivable),
      ],
    },
    notify,
  ),
  acknowledge: single(
    { request, secret: object({ notice: opening }), reads: itsNotice },
    acknowledge,
  ),
  payOut: single(
    {
      request: object({ requestId: recordId, paymentId: recordId }),
      secret: payOutSecret,
      reads: (input, { notice }) => [
        ...itsNotice(input),
        ...claimed('notice', notice, itsReceivable),
      ],
    },
    payOut,
  ),
  close: single(
    {
      request,
      secret: closeSecret,
      reads: (input, secret) => [
        ...itsNotice(input),
        ...claimed('notice', secret.notice, itsReceivable),
        ...itsObligor(secret),
      ],
    },
    closeFinancing,
  ),
  decline: single({ request, secret: endingSecret }, (tx, input, secret) =>
    endRequest(tx, input, secret, async ({ request: held, asker }) => {
      if (held.state === 'OPEN') requireMember(tx.caller, held.askerMsp, asker)
      else requireOrganization(tx.caller, held.funderMsp ?? held.askerMsp)
      const requestMove = held.state === 'OPEN' ? 'withdraw' : 'decline'
      return { requestMove, move: 'declineFinancing' }
    }),
  ),
  expire: single({ request, secret: endingSecret }, (tx, input, secret) =>
    endRequest(tx, input, secret, async ({ request: held, bidsUntil }) => {
      requireOrganization(tx.caller, held.askerMsp, held.obligorMsp)
      if ((await tx.today()) <= bidsUntil) refuse('NOT_EXPIRED')
      if (held.state !== 'OPEN') refuse('REQUEST_NOT_OPEN', { state: held.state })
      return { requestMove: 'expire', move: 'expireFinancing' }
    }),
  ),
})
