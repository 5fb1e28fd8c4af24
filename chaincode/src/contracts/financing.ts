/**
 * Financing on a certificate. The price is between bank and asker: the obligor endorses the lock, the notice
 * and the change of holder, and never sees a bid.
 */
import { Contract } from 'fabric-contract-api'
import type { Context } from 'fabric-contract-api'
import { RECOURSE, refuse } from '../model/index.ts'
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
import { execute } from './execute.ts'
import {
  acknowledge,
  closeFinancing,
  closeSecret,
  notify,
  notifySecret,
  payOut,
  payOutSecret,
} from './funding.ts'

const acceptSecret = object({ request: opening, bid: opening, terms: opening })
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
      acceptBid(tx, input, tx.secret(acceptSecret)),
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
