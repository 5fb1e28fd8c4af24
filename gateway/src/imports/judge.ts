import { documentId, invoiceId } from '@triflow/chaincode/model'
import { dayAfter } from '../network/policy.ts'
import type { DirectoryEntry } from '../members/directory.ts'
import type { Services } from '../services.ts'
import { RowFault } from './advice.ts'
import type {
  CreditNoteDraft,
  Draft,
  EntryDraft,
  GoodsDraft,
  InvoiceDraft,
  OrderDraft,
} from './drafts.ts'

/** A row that may go to the ledger: its place there, and what it is known by. */
export interface Judged {
  readonly objectId: string
  readonly naturalKey: string
  /** Rows of the same kind and parties travel in one transaction. */
  readonly parties: string
  readonly payload: unknown
}

export interface Judge {
  /** Throws RowFault where the row cannot be submitted by this user. */
  judge(draft: Draft): Promise<Judged>
}

export interface JudgeOptions {
  readonly services: Pick<
    Services,
    'database' | 'directory' | 'config' | 'consortiumKey' | 'network'
  >
  /** The member the uploading user acts for; undefined for the organisation’s own staff. */
  readonly memberId: string | undefined
  /** Of the organisation as a whole; nobody who acts for a member is. */
  readonly isOperator: boolean
}

export const CATEGORY = 'general'
/** Paid within 60 days of delivery where nothing else was agreed (Regulation on payments to SMEs, Art. 9). */
const PAYABLE_DAYS = 60

interface Context extends JudgeOptions {
  /** Nothing may be dated later; clocks of firms differ by a day at most. */
  readonly latestDay: string
}

/** What a row means among the members of the network, and whether this user may say it. */
export async function createJudge(options: JudgeOptions): Promise<Judge> {
  const latestDay = dayAfter(await options.services.network.businessDay(), 1)
  const context = { ...options, latestDay }
  return { judge: draft => judgeDraft(context, draft) }
}

async function judgeDraft(context: Context, draft: Draft): Promise<Judged> {
  switch (draft.kind) {
    case 'ORDER':
      return order(context, draft)
    case 'DESPATCH':
    case 'RECEIPT':
      return goods(context, draft)
    case 'INVOICE':
      return invoice(context, draft)
    case 'CREDIT_NOTE':
      return creditNote(context, draft)
    case 'STATEMENT':
      return entry(context, draft)
    case 'MEMBER':
      // A roster says who everybody is, and whom a payment pays: like the directory it is the operator's.
      if (!context.isOperator) throw new RowFault('NOT_YOUR_DOCUMENT', { field: 'member_id' })
      return { objectId: draft.memberId, naturalKey: '', parties: 'MEMBER', payload: draft }
    default:
      throw new Error('no such kind of document')
  }
}

async function member(context: Context, uscc: string, field: string): Promise<DirectoryEntry> {
  const found = await context.services.directory.byCreditCode(uscc)
  const [first] = found
  if (!first) throw new RowFault('MEMBER_UNKNOWN', { field })
  if (found.length > 1) throw new RowFault('MEMBER_AMBIGUOUS', { field })
  return first
}

async function parties(context: Context, draft: { buyerUscc: string; sellerUscc: string }) {
  const buyer = await member(context, draft.buyerUscc, 'buyer_uscc')
  const seller = await member(context, draft.sellerUscc, 'seller_uscc')
  if (buyer.mspId === seller.mspId)
    throw new RowFault('SAME_ORGANISATION', { field: 'seller_uscc' })
  return { buyer, seller }
}

/** Documents of one side come from that side’s organisation, and from the member itself where it logs in. */
function requireSide(context: Context, side: DirectoryEntry, field: string): void {
  if (side.mspId !== context.services.config.mspId) throw new RowFault('WRONG_SIDE', { field })
  if (context.memberId !== undefined && side.memberId !== context.memberId)
    throw new RowFault('NOT_YOUR_DOCUMENT', { field })
}

function requirePast(context: Context, day: string, field: string): void {
  if (day > context.latestDay) throw new RowFault('DATE_IN_FUTURE', { field })
}

function keyed(context: Context, kind: string, parts: readonly string[]): string {
  return documentId(context.services.consortiumKey, kind, parts)
}

async function order(context: Context, draft: OrderDraft): Promise<Judged> {
  requirePast(context, draft.issuedOn, 'order_date')
  const { buyer, seller } = await parties(context, draft)
  requireSide(context, buyer, 'buyer_uscc')
  const parts = [buyer.memberId, seller.memberId, draft.number]
  return {
    objectId: keyed(context, 'order', parts),
    ...envelope('ORDER', { buyer, seller }, parts),
    payload: {
      buyerMsp: buyer.mspId,
      sellerMsp: seller.mspId,
      document: {
        buyer: buyer.memberId,
        seller: seller.memberId,
        number: draft.number,
        orderedOn: draft.issuedOn,
        currency: 'CNY',
        category: CATEGORY,
        lines: draft.lines.map(({ line, quantityMilli, unitPriceMicro, taxRatePpm }) => ({
          line,
          quantityMilli,
          unitPriceMicro,
          taxRatePpm,
        })),
      },
    },
  }
}

async function goods(context: Context, draft: GoodsDraft): Promise<Judged> {
  const isReceipt = draft.kind === 'RECEIPT'
  requirePast(context, draft.issuedOn, isReceipt ? 'receipt_date' : 'despatch_date')
  const { buyer, seller } = await parties(context, draft)
  if (isReceipt) requireSide(context, buyer, 'buyer_uscc')
  else if (!isCarrier(context)) requireSide(context, seller, 'seller_uscc')
  const parts = [buyer.memberId, seller.memberId, draft.number]
  const shared = {
    buyer: buyer.memberId,
    seller: seller.memberId,
    number: draft.number,
    lines: draft.lines.map(line => ({
      orderId: keyed(context, 'order', [buyer.memberId, seller.memberId, line.orderNumber]),
      line: line.orderLine,
      quantityMilli: line.quantityMilli,
    })),
  }
  const document = isReceipt
    ? { ...shared, receivedOn: draft.issuedOn, final: false }
    : { ...shared, despatchedOn: draft.issuedOn }
  return {
    objectId: keyed(context, draft.kind.toLowerCase(), parts),
    ...envelope(draft.kind, { buyer, seller }, parts),
    payload: { buyerMsp: buyer.mspId, sellerMsp: seller.mspId, document },
  }
}

function isCarrier({ services: { config } }: Context): boolean {
  return config.kind === 'LOGISTICS' || config.organization.startsWith('logistics')
}

async function invoice(context: Context, draft: InvoiceDraft): Promise<Judged> {
  requirePast(context, draft.issuedOn, 'invoice_date')
  const { buyer, seller } = await parties(context, draft)
  requireSide(context, seller, 'seller_uscc')
  const document = {
    buyer: buyer.memberId,
    seller: seller.memberId,
    code: draft.code,
    number: draft.number,
    issuedOn: draft.issuedOn,
    payableOn: draft.dueOn ?? dayAfter(draft.issuedOn, PAYABLE_DAYS),
    currency: 'CNY',
    netFen: draft.netFen,
    taxFen: draft.taxFen,
    totalFen: draft.totalFen,
    lines: draft.lines.map(line => ({
      orderId: keyed(context, 'order', [buyer.memberId, seller.memberId, line.orderNumber]),
      line: line.orderLine,
      quantityMilli: line.quantityMilli,
      unitPriceMicro: line.unitPriceMicro,
      netFen: line.netFen,
      taxFen: line.taxFen,
    })),
  }
  const identity = document as unknown as Parameters<typeof invoiceId>[0]['document']
  const { consortiumKey } = context.services
  return {
    objectId: invoiceId({ consortiumKey, sellerTaxId: seller.uscc, document: identity }),
    // Not the date and the total: a second invoice under one number is a mistake or worse.
    ...envelope('INVOICE', { buyer, seller }, [seller.memberId, draft.code, draft.number]),
    payload: {
      buyerMsp: buyer.mspId,
      sellerMsp: seller.mspId,
      sellerTaxId: seller.uscc,
      document,
    },
  }
}

async function creditNote(context: Context, draft: CreditNoteDraft): Promise<Judged> {
  requirePast(context, draft.issuedOn, 'credit_note_date')
  const { buyer, seller } = await parties(context, draft)
  requireSide(context, seller, 'seller_uscc')
  const parts = [seller.memberId, draft.code, draft.number]
  return {
    objectId: keyed(context, 'creditNote', parts),
    ...envelope('CREDIT_NOTE', { buyer, seller }, parts),
    payload: {
      buyerMsp: buyer.mspId,
      sellerMsp: seller.mspId,
      invoiceCode: draft.invoiceCode,
      invoiceNumber: draft.invoiceNumber,
      document: {
        buyer: buyer.memberId,
        seller: seller.memberId,
        number: draft.number,
        issuedOn: draft.issuedOn,
        totalFen: draft.totalFen,
        reason: draft.reason,
      },
    },
  }
}

async function entry(context: Context, draft: EntryDraft): Promise<Judged> {
  requirePast(context, draft.bookedOn, 'BookgDt')
  const { directory, config } = context.services
  const sides = {
    owner: await accountOwner(directory, draft),
    other: await counterpartyOf(directory, draft),
    redeems: await isCertificate(context, draft.endToEndId),
  }
  const parts = [config.mspId, draft.number]
  return {
    objectId: keyed(context, 'payment', parts),
    naturalKey: ['STATEMENT', ...parts].join('|'),
    ...flowOf(draft, sides),
  }
}

interface Sides {
  readonly owner: DirectoryEntry | undefined
  readonly other: DirectoryEntry | undefined
  /** A payment on a certificate is for whoever holds its leaves: the bank distributes it, it names no payee. */
  readonly redeems: boolean
}

type Named = Partial<Pick<DirectoryEntry, 'memberId' | 'mspId'>>

/** Evidence is the debit on the payer’s account; the credit on the payee’s is its echo. */
function flowOf(draft: EntryDraft, sides: Sides): { parties: string; payload: unknown } {
  const { redeems } = sides
  const owner: Named = sides.owner ?? {}
  const other: Named = sides.other ?? {}
  if (draft.direction === 'CREDIT')
    return { parties: 'STATEMENT|local', payload: payloadOf(draft, { payer: other, payee: owner }) }
  const payee: Named = redeems ? {} : other
  const attests = Boolean(owner.memberId && (redeems || payee.memberId))
  const parties = ['STATEMENT', owner.mspId, payee.mspId].join('|')
  const payload = { ...payloadOf(draft, { payer: owner, payee }), attests }
  return { parties: attests ? parties : 'STATEMENT|local', payload }
}

function payloadOf(entry: EntryDraft, { payer, payee }: { payer: Named; payee: Named }) {
  return {
    attests: false,
    payer: payer.memberId,
    payee: payee.memberId,
    payerMsp: payer.mspId,
    payeeMsp: payee.mspId,
    entry,
  }
}

async function isCertificate(context: Context, reference: string | undefined): Promise<boolean> {
  if (reference === undefined) return false
  const rows = await context.services.database.query(
    `SELECT 1 FROM records WHERE kind = 'receivable' AND id = $1`,
    [reference],
  )
  return rows.length > 0
}

function envelope(
  kind: string,
  sides: { buyer: DirectoryEntry; seller: DirectoryEntry },
  parts: readonly string[],
): { naturalKey: string; parties: string } {
  return {
    naturalKey: [kind, ...parts].join('|'),
    parties: [kind, sides.buyer.mspId, sides.seller.mspId].join('|'),
  }
}

type Lookup = Services['directory']

/** Branches of one bank share a credit code: the account decides, then the code where it is unambiguous. */
async function accountOwner(
  directory: Lookup,
  draft: EntryDraft,
): Promise<DirectoryEntry | undefined> {
  const byAccount = await directory.byAccount(draft.account)
  if (byAccount) return byAccount
  const byCode = await directory.byCreditCode(draft.ownerUscc)
  return byCode.length === 1 ? byCode[0] : undefined
}

async function counterpartyOf(
  directory: Lookup,
  draft: EntryDraft,
): Promise<DirectoryEntry | undefined> {
  if (draft.counterpartyAccount) {
    const byAccount = await directory.byAccount(draft.counterpartyAccount)
    if (byAccount) return byAccount
  }
  if (!draft.counterpartyUscc) return undefined
  const byCode = await directory.byCreditCode(draft.counterpartyUscc)
  return byCode.length === 1 ? byCode[0] : undefined
}
