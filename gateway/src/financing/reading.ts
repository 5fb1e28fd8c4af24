import type {
  BidRecord,
  BidTerms,
  NoticeRecord,
  NoticeTerms,
  RequestRecord,
  RequestTerms,
} from '@triflow/chaincode/model'
import { decodeCursor, page, Where } from '../platform/database/paging.ts'
import { unknownObject } from '../platform/faults.ts'
import {
  keep,
  RECORD_COLUMNS,
  type Kept,
  type RecordRow,
  type Stored,
} from '../projection/records.ts'
import { names, type Names } from '../receivables/reading.ts'
import type { Services } from '../services.ts'

export type Request = Kept<Stored<RequestRecord>, Stored<RequestTerms> | null>
export type Bid = Kept<Stored<BidRecord>, Stored<BidTerms> | null>
export type Notice = Kept<Stored<NoticeRecord>, Stored<NoticeTerms> | null>

export interface RequestFilter {
  readonly state?: string | undefined
  readonly certificateId?: string | undefined
  readonly cursor?: string | undefined
  readonly limit: number
}

/**
 * A member sees requests it made, owes, or (a funder) is invited to. A bank’s read model holds no bid but its
 * own, because no other was ever sent to its organisation.
 */
function visible(where: Where, services: Services, memberId: string | undefined): void {
  if (memberId === undefined) return
  const own = services.config.mspId
  where.and(
    `(r.secret->>'asker' = ? OR r.obligor = ? OR r.open->'invited' @> ?::jsonb)`,
    memberId,
    memberId,
    JSON.stringify([own]),
  )
}

const SELECT = `SELECT ${RECORD_COLUMNS.split(', ')
  .map(column => `r.${column}`)
  .join(', ')} FROM records r`

export async function listRequests(
  services: Services,
  memberId: string | undefined,
  filter: RequestFilter,
) {
  const where = new Where()
    .and(`r.kind = 'request' AND r.secret IS NOT NULL`)
    .maybe(`r.open->>'state' = ?`, filter.state)
    .maybe(`r.open->>'receivableId' = ?`, filter.certificateId)
  visible(where, services, memberId)
  const after = decodeCursor(filter.cursor, 2)
  if (after) where.and('(r.updated_at, r.id) < (?::timestamptz, ?)', ...after)
  const rows = await services.database.query<RecordRow>(
    `${SELECT} ${where.sql} ORDER BY r.updated_at DESC, r.id DESC LIMIT ${filter.limit + 1}`,
    where.values,
  )
  const views = new Map(
    (
      await viewsOf(
        services,
        rows.map(row => keep(row) as Request),
      )
    ).map(v => [v.requestId, v]),
  )
  return page(rows, filter.limit, {
    key: row => [row.updated_at, row.id],
    item: row => views.get(row.id) as NonNullable<ReturnType<typeof views.get>>,
  })
}

export async function getRequest(
  services: Services,
  memberId: string | undefined,
  requestId: string,
) {
  const [view] = await viewsOf(services, [await needRequest(services, memberId, requestId)])
  if (!view) throw unknownObject('request')
  return view
}

export async function needRequest(
  services: Services,
  memberId: string | undefined,
  requestId: string,
): Promise<Request & { secret: Stored<RequestTerms> }> {
  const where = new Where().and(
    `r.kind = 'request' AND r.secret IS NOT NULL AND r.id = ?`,
    requestId,
  )
  visible(where, services, memberId)
  const [row] = await services.database.query<RecordRow>(`${SELECT} ${where.sql}`, where.values)
  if (!row) throw unknownObject('request')
  return keep(row) as Request & { secret: Stored<RequestTerms> }
}

async function viewsOf(services: Services, requests: readonly Request[]) {
  const ids = requests.map(request => request.id)
  const of = async (kind: string): Promise<Kept[]> => {
    const rows = await services.database.query<RecordRow>(
      `SELECT ${RECORD_COLUMNS} FROM records WHERE kind = $1 AND request_id = ANY($2) ORDER BY id`,
      [kind, ids],
    )
    return rows.map(row => keep(row))
  }
  const bids = (await of('bid')) as Bid[]
  const notices = (await of('notice')) as Notice[]
  const name = await names(services)
  return requests.map(request =>
    requestView(request, {
      bids: bids.filter(bid => bid.open.requestId === request.id && bid.secret),
      notice: notices.find(notice => notice.open.requestId === request.id),
      name,
    }),
  )
}

interface Around {
  readonly bids: readonly Bid[]
  readonly notice: Notice | undefined
  readonly name: Names
}

function requestView(request: Request, { bids, notice, name }: Around) {
  const { open, secret } = request
  return {
    requestId: request.id,
    certificateId: open.receivableId,
    state: open.state,
    askerMsp: open.askerMsp,
    invited: open.invited,
    ...(secret
      ? {
          asker: name(secret.asker),
          obligor: name(secret.obligor),
          faceFen: secret.faceFen,
          dueOn: secret.dueOn,
          recourse: secret.recourse,
          bidsUntil: secret.bidsUntil,
        }
      : {}),
    ...(open.bidId ? { acceptedBidId: open.bidId } : {}),
    bids: bids.map(bid => bidView(bid, name)),
    ...(notice ? { notice: noticeView(notice) } : {}),
    // What the bank writes into its transfer and finds again in the statement.
    payOutReference: request.id,
    txId: request.txId,
    blockNumber: request.blockNumber,
  }
}

function bidView(bid: Bid, name: Names) {
  const { open, secret } = bid
  return {
    bidId: bid.id,
    requestId: open.requestId,
    bankMsp: open.bankMsp,
    state: open.state,
    ...(secret
      ? {
          bank: name(secret.funder),
          method: secret.method,
          ratePpm: secret.ratePpm,
          basis: String(secret.basis) as '360' | '365',
          days: secret.days,
          feeFen: secret.feesFen,
          discountFen: secret.discountFen,
          netFen: secret.netFen,
          valueOn: secret.valueOn,
          recourse: secret.recourse,
        }
      : {}),
    txId: bid.txId,
    blockNumber: bid.blockNumber,
  }
}

function noticeView({ open, secret }: Notice) {
  return {
    state: open.state,
    ...(secret
      ? { registrationNumber: secret.registrationNumber, notifiedOn: secret.notifiedOn }
      : {}),
  }
}
