/** How somebody behaves on the ledger itself: what was sold, confirmed, disputed, paid, and what is overdue. */
import type { Definition } from '../definition.ts'
import { ledger } from '../kinds/index.ts'
import { atLeast, featuresOf, ratiosOf, words } from './family.ts'

const LONG = [90, 365]

const trade: readonly Definition[] = [
  ...featuresOf(ledger.invoiceSold, {
    ledger_sales: {
      is: 'sum',
      value: 'totalFen',
      over: [30, 90, 180, 365],
      words: words('链上销售开票额', 'invoiced on the ledger'),
      unit: 'FEN',
      risk: 'LOWER',
      whenNone: 'KNOWN_ZERO',
    },
    ledger_sales_count: {
      is: 'count',
      over: LONG,
      words: words('链上销售发票张数', 'invoices on the ledger'),
      unit: 'COUNT',
      risk: 'LOWER',
      whenNone: 'KNOWN_ZERO',
    },
    ledger_buyers: {
      is: 'distinct',
      text: 'partner',
      over: LONG,
      words: words('链上客户数量', 'different buyers on the ledger'),
      unit: 'COUNT',
      risk: 'LOWER',
      whenNone: 'KNOWN_ZERO',
    },
    ledger_top_buyer: {
      is: 'top',
      text: 'partner',
      value: 'totalFen',
      over: LONG,
      words: words('链上第一大客户占比', 'share of the largest buyer on the ledger'),
      unit: 'PPM',
      risk: 'HIGHER',
    },
    ledger_term_mean: {
      is: 'mean',
      value: 'termDays',
      over: [365],
      words: words('链上平均账期', 'mean days given to buyers on the ledger'),
      unit: 'DAYS',
    },
    ledger_sales_trend: {
      is: 'trend',
      value: 'totalFen',
      over: [30, 90],
      words: words('链上销售环比', 'change of ledger sales against the period before'),
      unit: 'PPM',
      risk: 'LOWER',
    },
    ledger_tenure: {
      is: 'daysSinceFirst',
      words: words('首张链上发票至今天数', 'days since its first invoice on the ledger'),
      unit: 'DAYS',
      risk: 'LOWER',
    },
    ledger_sales_since: {
      is: 'daysSinceLast',
      words: words('距最近链上开票天数', 'days since its last invoice on the ledger'),
      unit: 'DAYS',
      risk: 'HIGHER',
    },
  }),
  ...featuresOf(ledger.invoiceBought, {
    ledger_purchases: {
      is: 'sum',
      value: 'totalFen',
      over: LONG,
      words: words('链上采购开票额', 'invoiced to it on the ledger'),
      unit: 'FEN',
      whenNone: 'KNOWN_ZERO',
    },
    ledger_suppliers: {
      is: 'distinct',
      text: 'partner',
      over: LONG,
      words: words('链上供应商数量', 'different suppliers on the ledger'),
      unit: 'COUNT',
      whenNone: 'KNOWN_ZERO',
    },
  }),
  ...featuresOf(ledger.creditNoteGiven, {
    ledger_credited: {
      is: 'sum',
      value: 'totalFen',
      over: LONG,
      words: words('链上红字金额', 'credit notes given'),
      unit: 'FEN',
      risk: 'HIGHER',
      // Who has invoices and no credit notes has given none; who has neither, too.
      whenNone: 'TOLD_ZERO',
    },
  }),
  ...featuresOf(ledger.orderTaken, {
    ledger_orders: {
      is: 'count',
      over: LONG,
      words: words('链上订单数', 'orders taken on the ledger'),
      unit: 'COUNT',
      risk: 'LOWER',
      whenNone: 'KNOWN_ZERO',
    },
  }),
  ...featuresOf(ledger.delivery, {
    ledger_deliveries: {
      is: 'count',
      over: LONG,
      words: words('链上收货次数', 'deliveries received by buyers'),
      unit: 'COUNT',
      risk: 'LOWER',
      whenNone: 'KNOWN_ZERO',
    },
  }),
  ...ratiosOf('ledger_behaviour', {
    ledger_credited_to_sales: {
      of: 'ledger_credited',
      to: 'ledger_sales',
      over: LONG,
      words: words('链上稀释率', 'credited to sales'),
      risk: 'HIGHER',
    },
  }),
]

const payments: readonly Definition[] = [
  ...featuresOf(ledger.paymentIn, {
    ledger_paid_in: {
      is: 'sum',
      value: 'amountFen',
      over: LONG,
      words: words('链上回款额', 'payments received on the ledger'),
      unit: 'FEN',
      risk: 'LOWER',
      whenNone: 'KNOWN_ZERO',
    },
    ledger_paid_in_count: {
      is: 'count',
      over: LONG,
      words: words('链上回款笔数', 'payments received, number'),
      unit: 'COUNT',
      risk: 'LOWER',
      whenNone: 'KNOWN_ZERO',
    },
    ledger_paid_in_since: {
      is: 'daysSinceLast',
      words: words('距最近链上回款天数', 'days since the last payment received'),
      unit: 'DAYS',
      risk: 'HIGHER',
    },
  }),
  ...featuresOf(ledger.paymentOut, {
    ledger_paid_out: {
      is: 'sum',
      value: 'amountFen',
      over: LONG,
      words: words('链上付款额', 'payments made on the ledger'),
      unit: 'FEN',
      whenNone: 'KNOWN_ZERO',
    },
  }),
  ...featuresOf(ledger.balanceSold, {
    ledger_gross: {
      is: 'sum',
      value: 'grossFen',
      over: [365],
      words: words('对账发票总额', 'invoices with a verdict'),
      unit: 'FEN',
      whenNone: 'KNOWN_ZERO',
    },
    ledger_confirmed: {
      is: 'sum',
      value: 'confirmedFen',
      over: [365],
      words: words('确权金额', 'confirmed by buyers'),
      unit: 'FEN',
      risk: 'LOWER',
      whenNone: 'KNOWN_ZERO',
    },
    ledger_disputed: {
      is: 'sum',
      value: 'disputedFen',
      over: [365],
      words: words('争议金额', 'in dispute'),
      unit: 'FEN',
      risk: 'HIGHER',
      whenNone: 'KNOWN_ZERO',
    },
    ledger_disputes: {
      is: 'count',
      where: [atLeast('disputedFen', 1)],
      over: [365],
      words: words('争议发票张数', 'invoices in dispute'),
      unit: 'COUNT',
      risk: 'HIGHER',
      whenNone: 'KNOWN_ZERO',
    },
    ledger_due_open: {
      is: 'sum',
      value: 'openFen',
      where: [{ past: 'dueUs' }],
      words: words('到期未收金额', 'due to it and not paid'),
      unit: 'FEN',
      risk: 'HIGHER',
      whenNone: 'KNOWN_ZERO',
    },
  }),
  ...featuresOf(ledger.balanceBought, {
    ledger_due_owed: {
      is: 'sum',
      value: 'openFen',
      where: [{ past: 'dueUs' }],
      words: words('到期未付金额', 'due from it and not paid'),
      unit: 'FEN',
      risk: 'HIGHER',
      whenNone: 'KNOWN_ZERO',
    },
  }),
  ...ratiosOf('ledger_behaviour', {
    ledger_confirmed_to_gross: {
      of: 'ledger_confirmed',
      to: 'ledger_gross',
      over: [365],
      words: words('确权率', 'confirmed of what was invoiced'),
      risk: 'LOWER',
    },
    ledger_disputed_to_gross: {
      of: 'ledger_disputed',
      to: 'ledger_gross',
      over: [365],
      words: words('争议率', 'disputed of what was invoiced'),
      risk: 'HIGHER',
    },
  }),
]

const receivables: readonly Definition[] = [
  ...featuresOf(ledger.receivableHeld, {
    ledger_held: {
      is: 'sum',
      value: 'openFen',
      words: words('持有应收凭证余额', 'receivables held and not collected'),
      unit: 'FEN',
      whenNone: 'KNOWN_ZERO',
    },
    ledger_held_overdue: {
      is: 'sum',
      value: 'openFen',
      where: [{ past: 'dueUs' }],
      words: words('持有逾期凭证余额', 'receivables held, overdue'),
      unit: 'FEN',
      risk: 'HIGHER',
      whenNone: 'KNOWN_ZERO',
    },
    ledger_obligors: {
      is: 'distinct',
      text: 'partner',
      over: [365],
      words: words('凭证付款人数量', 'different obligors of what it holds'),
      unit: 'COUNT',
      risk: 'LOWER',
      whenNone: 'KNOWN_ZERO',
    },
  }),
  ...featuresOf(ledger.receivableOwed, {
    ledger_owed: {
      is: 'sum',
      value: 'openFen',
      words: words('应付凭证余额', 'certificates it owes'),
      unit: 'FEN',
      risk: 'HIGHER',
      whenNone: 'KNOWN_ZERO',
    },
    ledger_owed_overdue: {
      is: 'sum',
      value: 'openFen',
      where: [{ past: 'dueUs' }, atLeast('openFen', 1)],
      words: words('逾期应付凭证余额', 'certificates it owes, overdue'),
      unit: 'FEN',
      risk: 'HIGHER',
      whenNone: 'KNOWN_ZERO',
    },
    ledger_owed_late_max: {
      is: 'max',
      value: { daysSince: 'dueUs' },
      where: [{ past: 'dueUs' }, atLeast('openFen', 1)],
      words: words('应付凭证最长逾期天数', 'longest days a certificate it owes is overdue'),
      unit: 'DAYS',
      risk: 'HIGHER',
      whenNone: 'KNOWN_ZERO',
    },
  }),
  ...featuresOf(ledger.financingAsked, {
    ledger_requests: {
      is: 'count',
      over: LONG,
      words: words('融资申请次数', 'requests for financing'),
      unit: 'COUNT',
      whenNone: 'TOLD_ZERO',
    },
    ledger_requested: {
      is: 'sum',
      value: 'faceFen',
      over: LONG,
      words: words('融资申请金额', 'face value of requests for financing'),
      unit: 'FEN',
      whenNone: 'TOLD_ZERO',
    },
    ledger_request_tenor: {
      is: 'mean',
      value: 'tenorDays',
      over: [365],
      words: words('融资申请平均期限', 'mean tenor asked for'),
      unit: 'DAYS',
    },
  }),
]

export const ledgerFeatures: readonly Definition[] = [...trade, ...payments, ...receivables]
