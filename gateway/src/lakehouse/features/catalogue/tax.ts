/** What the tax office knows: every invoice, and what was filed and paid. */
import type { Definition } from '../definition.ts'
import { sources } from '../kinds/index.ts'
import { featuresOf, isText, ratiosOf, words } from './family.ts'

const { taxFiling, vatInvoice } = sources
const LONG = [90, 365]
const SOLD = isText('side', 'SELLER')
const BOUGHT = isText('side', 'BUYER')
const VALID = isText('status', 'VALID')

const invoices: readonly Definition[] = [
  ...featuresOf(vatInvoice, {
    vat_sales: {
      is: 'sum',
      value: 'totalFen',
      where: [SOLD, VALID],
      over: [30, 90, 180, 365],
      words: words('销项开票金额', 'invoiced sales'),
      unit: 'FEN',
      risk: 'LOWER',
      whenNone: 'KNOWN_ZERO',
    },
    vat_purchases: {
      is: 'sum',
      value: 'totalFen',
      where: [BOUGHT, VALID],
      over: LONG,
      words: words('进项开票金额', 'invoiced purchases'),
      unit: 'FEN',
      whenNone: 'KNOWN_ZERO',
    },
    vat_sales_count: {
      is: 'count',
      where: [SOLD, VALID],
      over: LONG,
      words: words('销项发票张数', 'invoices issued'),
      unit: 'COUNT',
      risk: 'LOWER',
      whenNone: 'KNOWN_ZERO',
    },
    vat_sales_trend: {
      is: 'trend',
      value: 'totalFen',
      where: [SOLD, VALID],
      over: [90, 180],
      words: words('销售环比', 'change of sales against the period before'),
      unit: 'PPM',
      risk: 'LOWER',
    },
    vat_buyers: {
      is: 'distinct',
      text: 'partner',
      where: [SOLD, VALID],
      over: LONG,
      words: words('客户数量', 'different buyers'),
      unit: 'COUNT',
      risk: 'LOWER',
      whenNone: 'KNOWN_ZERO',
    },
    vat_suppliers: {
      is: 'distinct',
      text: 'partner',
      where: [BOUGHT, VALID],
      over: LONG,
      words: words('供应商数量', 'different suppliers'),
      unit: 'COUNT',
      whenNone: 'KNOWN_ZERO',
    },
    vat_top_buyer: {
      is: 'top',
      text: 'partner',
      value: 'totalFen',
      where: [SOLD, VALID],
      over: LONG,
      words: words('第一大客户占比', 'share of the largest buyer'),
      unit: 'PPM',
      risk: 'HIGHER',
    },
    vat_top_goods: {
      is: 'top',
      text: 'goods',
      value: 'totalFen',
      where: [SOLD, VALID],
      over: [365],
      words: words('第一大品类占比', 'share of the largest kind of goods'),
      unit: 'PPM',
    },
    vat_reversed: {
      is: 'sum',
      value: 'totalFen',
      where: [SOLD, isText('status', 'RED_LETTERED', 'VOIDED')],
      over: LONG,
      words: words('红冲与作废金额', 'invoices reversed or voided'),
      unit: 'FEN',
      risk: 'HIGHER',
      whenNone: 'KNOWN_ZERO',
    },
    vat_term_mean: {
      is: 'mean',
      value: 'termDays',
      where: [SOLD, VALID],
      over: [365],
      words: words('平均账期', 'mean days given to buyers'),
      unit: 'DAYS',
    },
    vat_since: {
      is: 'daysSinceLast',
      where: [SOLD, VALID],
      words: words('距最近开票天数', 'days since the last invoice'),
      unit: 'DAYS',
      risk: 'HIGHER',
    },
  }),
  ...ratiosOf('vat_invoices', {
    vat_reversed_to_sales: {
      of: 'vat_reversed',
      to: 'vat_sales',
      over: LONG,
      words: words('红冲率', 'reversed to sales'),
      risk: 'HIGHER',
    },
    vat_purchases_to_sales: {
      of: 'vat_purchases',
      to: 'vat_sales',
      over: LONG,
      words: words('进销比', 'purchases to sales'),
    },
  }),
]

const taxes: readonly Definition[] = [
  ...featuresOf(taxFiling, {
    tax_sales: {
      is: 'sum',
      value: 'salesFen',
      where: [isText('tax', 'VAT')],
      over: LONG,
      words: words('申报销售额', 'sales as filed'),
      unit: 'FEN',
      risk: 'LOWER',
    },
    tax_payable: {
      is: 'sum',
      value: 'payableFen',
      over: LONG,
      words: words('应纳税额', 'tax payable'),
      unit: 'FEN',
    },
    tax_output: {
      is: 'sum',
      value: 'outputTaxFen',
      over: [365],
      words: words('销项税额', 'output tax'),
      unit: 'FEN',
    },
    tax_input: {
      is: 'sum',
      value: 'inputTaxFen',
      over: [365],
      words: words('进项税额', 'input tax'),
      unit: 'FEN',
    },
    tax_late_fees: {
      is: 'sum',
      value: 'lateFeeFen',
      over: [365],
      words: words('滞纳金', 'late fees'),
      unit: 'FEN',
      risk: 'HIGHER',
    },
    tax_late_mean: {
      is: 'mean',
      value: 'paidLateDays',
      over: LONG,
      words: words('平均迟缴天数', 'mean days paid behind the due day'),
      unit: 'DAYS',
      risk: 'HIGHER',
    },
    tax_late_max: {
      is: 'max',
      value: 'paidLateDays',
      over: [365],
      words: words('最长迟缴天数', 'longest days paid behind the due day'),
      unit: 'DAYS',
      risk: 'HIGHER',
    },
    tax_unpaid_count: {
      is: 'count',
      where: [{ past: 'dueUs' }, { missing: 'paidUs' }, { number: 'payableFen', atLeast: 1 }],
      words: words('逾期未缴笔数', 'returns due and not paid'),
      unit: 'COUNT',
      risk: 'HIGHER',
      whenNone: 'KNOWN_ZERO',
    },
    tax_filings_count: {
      is: 'count',
      over: [365],
      words: words('申报次数', 'returns filed'),
      unit: 'COUNT',
      risk: 'LOWER',
      whenNone: 'KNOWN_ZERO',
    },
    tax_rating: {
      is: 'last',
      value: 'ratingPoints',
      words: words('纳税信用等级(A为5,D为1)', 'rating of the taxpayer, 5 for A to 1 for D'),
      unit: 'POINTS',
      risk: 'LOWER',
    },
    tax_sales_trend: {
      is: 'trend',
      value: 'salesFen',
      over: [90, 180],
      words: words('申报销售环比', 'change of filed sales against the period before'),
      unit: 'PPM',
      risk: 'LOWER',
    },
  }),
  ...ratiosOf('tax_filings', {
    tax_input_to_output: {
      of: 'tax_input',
      to: 'tax_output',
      over: [365],
      words: words('进销项税额比', 'input tax to output tax'),
    },
    tax_burden: {
      of: 'tax_payable',
      to: 'tax_sales',
      over: [365],
      words: words('税负率', 'tax payable to sales'),
    },
  }),
]

export const tax: readonly Definition[] = [...invoices, ...taxes]
