/** Facts that the ledger's own records tell, each from the side of one party. */
import { daysBetween, endOf, ledgerKind, number, pseudonym, text, type Cells } from '../kind.ts'

const invoiceCells = (partner: string): Cells => ({
  totalFen: number('total_fen'),
  termDays: daysBetween('issued_on', 'payable_on'),
  partner: pseudonym(partner),
})

export const invoiceSold = ledgerKind('ledger_invoice_sold', {
  table: 'invoices',
  party: 'seller',
  on: 'issued_on',
  cells: invoiceCells('buyer'),
})
export const invoiceBought = ledgerKind('ledger_invoice_bought', {
  table: 'invoices',
  party: 'buyer',
  on: 'issued_on',
  cells: invoiceCells('seller'),
})

const paymentCells = (partner: string): Cells => ({
  amountFen: number('amount_fen'),
  partner: pseudonym(partner),
})

export const paymentIn = ledgerKind('ledger_payment_in', {
  table: 'payments',
  party: 'payee',
  on: 'value_on',
  cells: paymentCells('payer'),
})
export const paymentOut = ledgerKind('ledger_payment_out', {
  table: 'payments',
  party: 'payer',
  on: 'value_on',
  cells: paymentCells('payee'),
})

/** What became of an invoice's money; it has no day but that of its last change. */
const balanceCells: Cells = {
  grossFen: number('gross_fen'),
  confirmedFen: number('confirmed_fen'),
  certifiedFen: number('certified_fen'),
  creditedFen: number('credited_fen'),
  disputedFen: number('disputed_fen'),
  paidFen: number('paid_fen'),
  openFen: number(
    'CAST(gross_fen AS HUGEINT) - credited_fen - paid_fen - certified_fen - factored_fen',
  ),
  dueUs: endOf('payable_on'),
}

export const balanceSold = ledgerKind('ledger_balance_sold', {
  table: 'balances',
  party: 'seller',
  cells: balanceCells,
})
export const balanceBought = ledgerKind('ledger_balance_bought', {
  table: 'balances',
  party: 'buyer',
  cells: balanceCells,
})

const receivableCells = (partner: string): Cells => ({
  faceFen: number('face_fen'),
  openFen: number('CAST(face_fen AS HUGEINT) - collected_fen'),
  dueUs: endOf('due_on'),
  termDays: daysBetween('issued_on', 'due_on'),
  partner: pseudonym(partner),
})

export const receivableHeld = ledgerKind('ledger_receivable_held', {
  table: 'receivables',
  party: 'holder',
  on: 'issued_on',
  cells: receivableCells('obligor'),
})
export const receivableOwed = ledgerKind('ledger_receivable_owed', {
  table: 'receivables',
  party: 'obligor',
  on: 'issued_on',
  cells: receivableCells('holder'),
})

export const creditNoteGiven = ledgerKind('ledger_credit_note', {
  table: 'credit_notes',
  party: 'seller',
  on: 'issued_on',
  cells: { totalFen: number('total_fen'), partner: pseudonym('buyer') },
})

export const orderTaken = ledgerKind('ledger_order', {
  table: 'orders',
  party: 'seller',
  on: 'ordered_on',
  cells: { category: text('category'), partner: pseudonym('buyer') },
})

export const delivery = ledgerKind('ledger_delivery', {
  table: 'receipts',
  party: 'seller',
  on: 'received_on',
  cells: { partner: pseudonym('buyer') },
})

export const financingAsked = ledgerKind('ledger_request', {
  table: 'requests',
  party: 'asker',
  cells: {
    faceFen: number('face_fen'),
    tenorDays: daysBetween(`CAST(("at" + INTERVAL 8 HOUR) AS DATE)`, 'due_on'),
    recourse: text('recourse'),
  },
})
