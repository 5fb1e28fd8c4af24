import {
  daysBetween,
  operations as ledger,
  priceOf,
  rollForward,
  type DayBasis,
  type Operation,
  type PolicyParameters,
  type PricingMethod,
  type Recourse,
} from '@triflow/chaincode/model'
import { newSeed } from '../network/operations.ts'
import type { OperationKind } from '../operations/engine.ts'
import type { Run } from '../operations/run.ts'
import { CodedError, unknownObject } from '../platform/faults.ts'
import { findRecord, needPrivate } from '../projection/records.ts'
import { needReceivables } from '../receivables/holding.ts'
import type { Services } from '../services.ts'
import { needRequest, type Bid, type Request } from './reading.ts'

/** One transaction for one request; `name` is the last part of the operation’s kind. */
function step<I>(
  kind: string,
  work: (
    services: Services,
    run: Run,
    input: I,
  ) => Promise<{ id: string; build: () => Promise<Operation>; resultId?: string }>,
): (services: Services) => OperationKind<I> {
  return services => ({
    kind,
    async run(run, input) {
      const { id, build, resultId } = await work(services, run, input)
      await run.single(kind, async () => ({ operation: await build() }))
      run.settle({ id, ok: true, ...(resultId === undefined ? {} : { resultId }) })
    },
  })
}

export interface RequestInput {
  readonly certificateId: string
  readonly invited: readonly string[]
  readonly recourse: Recourse
  readonly bidsUntil: string
}

export const financingRequest = step<RequestInput>(
  'financing.request',
  async (services, run, input) => {
    const id = run.id('request')
    const build = async () => {
      const [held] = await needReceivables(services, run.memberId, {
        ids: [input.certificateId],
        sides: ['HOLDER'],
      })
      if (!held) throw unknownObject('certificate')
      const { open, opening } = held.receivable
      return ledger.financing.request({
        id,
        receivableId: input.certificateId,
        obligorMsp: open.obligorMsp,
        askerMsp: open.holderMsp,
        invited: input.invited,
        seed: newSeed(),
        terms: opening,
        recourse: input.recourse,
        bidsUntil: input.bidsUntil as never,
      })
    }
    return { id: input.certificateId, build, resultId: id }
  },
)

export interface BidInput {
  readonly requestId: string
  readonly ratePpm: string
  readonly method: PricingMethod
  readonly basis: '360' | '365'
  readonly feeFen: string
  readonly valueOn: string
}

export const bidPlace = step<BidInput>('bids.place', async (services, run, input) => {
  const id = run.id('bid')
  const build = async () => {
    const request = await needRequest(services, run.memberId, input.requestId)
    const offer = await priced(services, request, input)
    return ledger.financing.bid({
      id,
      requestId: request.id,
      bankMsp: services.config.mspId,
      askerMsp: request.open.askerMsp,
      seed: newSeed(),
      request: request.opening,
      offer,
    })
  }
  return { id: input.requestId, build, resultId: id }
})

/** The price the contract will compute too: it refuses the bid where the two differ. */
async function priced(
  services: Services,
  request: Request & { secret: NonNullable<Request['secret']> },
  input: BidInput,
) {
  const policy = await services.network.needPolicy()
  const inForce = policy.versions.at(-1)?.parameters as unknown as PolicyParameters
  const matures = rollForward(request.secret.dueOn as never, inForce.calendar)
  const days = daysBetween(input.valueOn as never, matures)
  if (days <= 0)
    throw new CodedError('PAST_DUE', { detail: 'the value date is not before maturity' })
  const pricing = {
    method: input.method,
    ratePpm: BigInt(input.ratePpm) as never,
    basis: Number(input.basis) as DayBasis,
    feesFen: BigInt(input.feeFen) as never,
  }
  const { netFen } = priceOf({ ...pricing, faceFen: BigInt(request.secret.faceFen) as never, days })
  const { recourse } = request.secret
  return { ...pricing, recourse, valueOn: input.valueOn as never, netFen }
}

async function needBid(services: Services, bidId: string): Promise<Bid> {
  const bid = (await findRecord(services.database, 'bid', bidId)) as Bid | undefined
  if (!bid || bid.opening === '') throw unknownObject('bid')
  return bid
}

export const bidAccept = step<{ bidId: string }>(
  'bids.accept',
  async (services, run, { bidId }) => {
    const build = async () => {
      const bid = await needBid(services, bidId)
      const request = await needRequest(services, run.memberId, bid.open.requestId)
      if (run.memberId !== undefined && request.secret.asker !== run.memberId)
        throw unknownObject('bid')
      const terms = await needPrivate(services.database, 'receivable', request.open.receivableId)
      return ledger.financing.acceptBid({
        requestId: request.id,
        bidId,
        bankMsp: bid.open.bankMsp,
        askerMsp: bid.open.askerMsp,
        request: request.opening,
        bid: bid.opening,
        terms: terms.opening,
      })
    }
    return { id: bidId, build }
  },
)

const sidesOf = ({ open }: Request) => ({
  obligorMsp: open.obligorMsp,
  askerMsp: open.askerMsp,
  funderMsp: open.funderMsp ?? '',
})

export interface NoticeInput {
  readonly requestId: string
  readonly registrationNumber: string
  readonly registeredOn: string
  readonly searchHash: string
}

export const financingNotify = step<NoticeInput>(
  'financing.notify',
  async (services, run, { requestId, registeredOn, ...registration }) => ({
    id: requestId,
    build: async () => {
      const request = await needRequest(services, run.memberId, requestId)
      return ledger.financing.notify({
        ...sidesOf(request),
        requestId,
        seed: newSeed(),
        request: request.opening,
        registration: { ...registration, registeredOn: registeredOn as never },
      })
    },
  }),
)

export const financingAcknowledge = step<{ requestId: string }>(
  'financing.acknowledge',
  async (services, _run, { requestId }) => ({
    id: requestId,
    build: async () => {
      const notice = await needNotice(services, requestId)
      const request = (await findRecord(services.database, 'request', requestId)) as
        Request | undefined
      if (!request) throw unknownObject('request')
      return ledger.financing.acknowledge({
        ...sidesOf(request),
        requestId,
        notice: notice.opening,
      })
    },
  }),
)

async function needNotice(services: Services, requestId: string) {
  return needPrivate(services.database, 'notice', requestId)
}

export interface PayOutInput {
  readonly requestId: string
  readonly entryId: string
}

export const financingPayOut = step<PayOutInput>(
  'financing.payOut',
  async (services, run, { requestId, entryId }) => ({
    id: requestId,
    build: async () => {
      const request = await needRequest(services, run.memberId, requestId)
      const bid = await needBid(services, request.open.bidId ?? '')
      const payment = await needPrivate(services.database, 'payment', entryId)
      const notice = await needNotice(services, requestId)
      return ledger.financing.payOut({
        requestId,
        bankMsp: bid.open.bankMsp,
        askerMsp: bid.open.askerMsp,
        paymentId: entryId,
        seed: newSeed(),
        bid: bid.opening,
        notice: notice.opening,
        payment: payment.opening,
      } as never)
    },
  }),
)

export const financingClose = step<{ requestId: string }>(
  'financing.close',
  async (services, run, { requestId }) => ({
    id: requestId,
    build: async () => {
      const request = await needRequest(services, run.memberId, requestId)
      const terms = await needPrivate(services.database, 'receivable', request.open.receivableId)
      const notice = await needNotice(services, requestId)
      return ledger.financing.close({
        ...sidesOf(request),
        requestId,
        seed: newSeed(),
        terms: terms.opening,
        notice: notice.opening,
      })
    },
  }),
)

function ending(kind: 'decline' | 'expire') {
  return step<{ requestId: string }>(`financing.${kind}`, async (services, run, { requestId }) => ({
    id: requestId,
    build: async () => {
      const request = await needRequest(services, run.memberId, requestId)
      const terms = await needPrivate(services.database, 'receivable', request.open.receivableId)
      return ledger.financing[kind]({
        obligorMsp: request.open.obligorMsp,
        askerMsp: request.open.askerMsp,
        ...(request.open.funderMsp ? { funderMsp: request.open.funderMsp } : {}),
        requestId,
        request: request.opening,
        terms: terms.opening,
      })
    },
  }))
}

export const financingDecline = ending('decline')
export const financingExpire = ending('expire')
