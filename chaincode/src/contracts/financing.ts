/**
 * Financing on a certificate. The price is between bank and asker: the obligor endorses the lock, the notice
 * and the change of holder, and never sees a bid.
 */
import { RECOURSE, refuse } from '../model/index.ts'
import type { RecordId } from '../model/index.ts'
import { day, list, mspId, object, oneOf, opening, recordId, seed } from '../model/shape.ts'
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
import { itsCertificate, thePolicy } from './transaction.ts'
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
const bidId = object({ id: recordId })

export const FinancingContract = contractOf('financing', {
  request: single(
    {
      request: requestShape,
      secret: requestSecret,
      reads: ({ id, receivableId }) => [['request', id], ...itsCertificate({ id: receivableId })],
    },
    requestFinancing,
  ),
  bid: single(
    {
      request: object({ id: recordId, requestId: recordId }),
      secret: bidSecret,
      reads: ({ id, requestId }) => [...itsRequest({ requestId }), ['bid', id], thePolicy],
    },
    placeBid,
  ),
  withdrawBid: single({ request: bidId, secret: object({ bid: opening }) }, withdrawBid),
  acceptBid: single(
    {
      request: object({ requestId: recordId, bidId: recordId }),
      secret: acceptSecret,
      reads: ({ requestId, bidId }) => [...itsRequest({ requestId }), ['bid', bidId], thePolicy],
    },
    acceptBid,
  ),
  notify: single(
    { request, secret: notifySecret, reads: input => [...itsNotice(input), thePolicy] },
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
      reads: input => [...itsNotice(input), thePolicy],
    },
    payOut,
  ),
  close: single(
    { request, secret: closeSecret, reads: input => [...itsNotice(input), thePolicy] },
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
