import { writtenGrossFen } from './csv.ts'
import type { Case, Invoice, Trade } from './documents.ts'

export type Judgement = 'MATCHED' | 'WITHIN_TOLERANCE' | 'EXCEPTION' | 'REFUSED'

/** What a correct system must make of each case. Refused rows never become invoices. */
const JUDGEMENTS: Readonly<Record<Case, { judgement: Judgement; code?: string }>> = {
  EXACT: { judgement: 'MATCHED' },
  PRICE_IN_FAVOUR: { judgement: 'MATCHED' },
  PRICE_WITHIN: { judgement: 'WITHIN_TOLERANCE' },
  QUANTITY_WITHIN: { judgement: 'WITHIN_TOLERANCE' },
  PRICE_BEYOND: { judgement: 'EXCEPTION', code: 'PRICE' },
  QUANTITY_BEYOND: { judgement: 'EXCEPTION', code: 'QUANTITY' },
  NOT_RECEIVED: { judgement: 'EXCEPTION', code: 'NOT_RECEIVED' },
  UNKNOWN_ORDER: { judgement: 'EXCEPTION', code: 'ORDER_UNKNOWN' },
  BEFORE_RECEIPT: { judgement: 'EXCEPTION', code: 'DATES' },
  DUPLICATE: { judgement: 'REFUSED', code: 'DUPLICATE' },
  WRONG_CHECK_CHARACTER: { judgement: 'REFUSED', code: 'USCC_CHECK' },
  UNKNOWN_MEMBER: { judgement: 'REFUSED', code: 'MEMBER_UNKNOWN' },
  NEGATIVE_AMOUNT: { judgement: 'REFUSED', code: 'AMOUNT' },
  OVER_PRECISE: { judgement: 'REFUSED', code: 'AMOUNT' },
  WRONG_TOTAL: { judgement: 'REFUSED', code: 'TOTALS' },
}

export interface Figures {
  readonly count: number
  readonly fen: bigint
}

export interface TruthRow {
  readonly number: string
  readonly code: string
  readonly seller: string
  readonly kind: Case
  readonly judgement: Judgement
  readonly reason?: string
  readonly grossFen: bigint
}

/** The generator's own knowledge of what is wrong with what; tests compare it with a recount from the files. */
export interface Truth {
  readonly invoices: Readonly<Record<Judgement, Figures>>
  readonly creditNotes: Figures
  readonly payments: Figures
  readonly rows: readonly TruthRow[]
}

export function truthOf(trade: Trade): Truth {
  const rows = trade.invoices.map(rowOf)
  const figures = (judgement: Judgement): Figures =>
    total(rows.filter(row => row.judgement === judgement))
  return {
    invoices: {
      MATCHED: figures('MATCHED'),
      WITHIN_TOLERANCE: figures('WITHIN_TOLERANCE'),
      EXCEPTION: figures('EXCEPTION'),
      REFUSED: figures('REFUSED'),
    },
    creditNotes: total(trade.creditNotes),
    payments: total(trade.payments.map(({ amountFen }) => ({ grossFen: amountFen }))),
    rows,
  }
}

const total = (items: readonly { readonly grossFen: bigint }[]): Figures => ({
  count: items.length,
  fen: items.reduce((sum, { grossFen }) => sum + grossFen, 0n),
})

function rowOf(invoice: Invoice): TruthRow {
  const { judgement, code } = JUDGEMENTS[invoice.kind]
  return {
    number: invoice.number,
    code: invoice.code,
    seller: invoice.sellerUscc,
    kind: invoice.kind,
    judgement,
    ...(code === undefined ? {} : { reason: code }),
    grossFen: writtenGrossFen(invoice),
  }
}

/** JSON with money as decimal strings. */
export const truthText = (truth: Truth): string =>
  `${JSON.stringify(truth, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value), 1)}\n`
