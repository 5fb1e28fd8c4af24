import { z } from 'zod'
import { routes } from '../platform/http/route.ts'
import { Day, Fen, Id, pageOf, PageQuery } from '../platform/http/schemas.ts'

const Party = z
  .object({ memberId: Id, name: z.string().optional() })
  .meta({ id: 'Party', description: 'A member; the name only where this organisation knows it' })

export const OrderLine = z.object({
  lineId: z.string(),
  quantity: z.string().describe('Decimal, up to 3 places'),
  unitPrice: z.string().describe('Yuan, decimal, up to 6 places'),
  taxRatePpm: z.string().optional(),
  netFen: Fen,
})

const common = {
  number: z.string(),
  buyer: Party,
  seller: Party,
  documentId: z.string().optional(),
  txId: z.string(),
  blockNumber: z.string(),
}

export const Order = z
  .object({
    orderId: Id,
    ...common,
    issuedOn: Day,
    currency: z.string(),
    totalFen: Fen,
    lines: z.array(OrderLine),
  })
  .meta({ id: 'Order' })

export const Movement = z
  .object({
    movementId: Id,
    kind: z.enum(['DESPATCH', 'RECEIPT']),
    ...common,
    happenedOn: Day,
    orderIds: z.array(Id),
    lines: z.array(z.object({ orderId: Id, lineId: z.string(), quantity: z.string() })),
  })
  .meta({
    id: 'Movement',
    description: 'Goods flow: despatch advice or goods receipt; returns are negative',
  })

export const Invoice = z
  .object({
    invoiceId: Id,
    ...common,
    invoiceCode: z.string().optional(),
    issuedOn: Day,
    dueOn: Day.optional(),
    currency: z.string(),
    netFen: Fen,
    taxFen: Fen,
    grossFen: Fen,
    tax: z.enum(['UNCHECKED', 'VALID', 'INVALID', 'RED_LETTERED', 'VOIDED']),
    match: z.enum(['NONE', 'MATCHED', 'WITHIN_TOLERANCE', 'EXCEPTION', 'OVERRIDDEN', 'REJECTED']),
    exceptions: z.array(z.string()).describe('Codes of the checks that failed'),
    approval: z.enum(['SUBMITTED', 'PROPOSED', 'CONFIRMED', 'REJECTED', 'DISPUTED']),
    use: z.enum(['FREE', 'LOCKED', 'ENCUMBERED', 'RELEASED', 'DISCHARGED']),
    eligibleFen: Fen.optional(),
    confirmedFen: Fen.optional(),
    availableFen: Fen,
    disputedFen: Fen,
    creditedFen: Fen,
    certifiedFen: Fen,
    paidFen: Fen,
    orderIds: z.array(Id).describe('Orders the lines refer to'),
  })
  .meta({ id: 'Invoice' })
export type Invoice = z.infer<typeof Invoice>

export const CreditNote = z
  .object({
    creditNoteId: Id,
    ...common,
    invoiceId: Id,
    issuedOn: Day,
    currency: z.string(),
    amountFen: Fen,
    reason: z.string(),
  })
  .meta({ id: 'CreditNote' })

export const StatementEntry = z
  .object({
    entryId: Id,
    statementId: z.string().optional(),
    number: z.string(),
    bookedOn: Day,
    direction: z.enum(['CREDIT', 'DEBIT']),
    amountFen: Fen,
    currency: z.string(),
    account: z.string().optional(),
    counterpartyAccount: z.string().optional(),
    counterpartyName: z.string().optional(),
    reference: z.string().optional(),
    payer: Party.optional(),
    payee: Party.optional(),
    allocatedFen: Fen,
    /** Evidence on the ledger; other entries are known to this bank only. */
    attested: z.boolean(),
    txId: z.string().optional(),
  })
  .meta({ id: 'StatementEntry' })

const between = {
  from: Day.optional(),
  to: Day.optional(),
  counterparty: Id.optional(),
  number: z.string().max(80).optional(),
}

export const tradeRoutes = routes({
  'orders.list': {
    method: 'GET',
    path: '/v1/orders',
    summary: 'Purchase orders',
    access: 'user',
    query: PageQuery.extend(between),
    response: pageOf(Order),
  },
  'orders.get': {
    method: 'GET',
    path: '/v1/orders/:orderId',
    summary: 'One order',
    access: 'user',
    params: z.object({ orderId: Id }),
    response: Order,
  },
  'movements.list': {
    method: 'GET',
    path: '/v1/movements',
    summary: 'Despatches and receipts',
    access: 'user',
    query: PageQuery.extend({
      ...between,
      kind: z.enum(['DESPATCH', 'RECEIPT']).optional(),
      orderId: Id.optional(),
    }),
    response: pageOf(Movement),
  },
  'invoices.list': {
    method: 'GET',
    path: '/v1/invoices',
    summary: 'Invoices where my member is buyer or seller',
    access: 'user',
    query: PageQuery.extend({
      ...between,
      match: Invoice.shape.match.optional(),
      approval: Invoice.shape.approval.optional(),
      use: Invoice.shape.use.optional(),
      side: z.enum(['BUYER', 'SELLER']).optional(),
    }),
    response: pageOf(Invoice),
  },
  'invoices.get': {
    method: 'GET',
    path: '/v1/invoices/:invoiceId',
    summary: 'One invoice with lines, verdict and history',
    access: 'user',
    params: z.object({ invoiceId: Id }),
    response: Invoice.extend({
      lines: z.array(OrderLine.extend({ orderId: Id, taxFen: Fen })),
      history: z.array(z.object({ txId: z.string(), blockNumber: z.string(), what: z.string() })),
    }),
  },
  'creditNotes.list': {
    method: 'GET',
    path: '/v1/credit-notes',
    summary: 'Credit notes (red-letter invoices)',
    access: 'user',
    query: PageQuery.extend({ ...between, invoiceId: Id.optional() }),
    response: pageOf(CreditNote),
  },
  'statementEntries.list': {
    method: 'GET',
    path: '/v1/statement-entries',
    summary: 'Bank statement entries of this organisation, with what they were allocated to',
    access: ['maker', 'checker', 'treasurer', 'auditor', 'compliance'],
    query: PageQuery.extend({
      from: Day.optional(),
      to: Day.optional(),
      direction: StatementEntry.shape.direction.optional(),
      reference: z.string().max(140).optional(),
      open: z.stringbool().optional().describe('Only entries not fully allocated'),
    }),
    response: pageOf(StatementEntry),
  },
})
