/** Every feature, in the order of its source. What a decision rests on is a name and a version out of this list. */
import { versioned, type Definition } from '../definition.ts'
import { bank } from './bank.ts'
import { credit } from './credit.ts'
import { ratiosOf, words } from './family.ts'
import { ledgerFeatures } from './ledger.ts'
import { operations } from './operations.ts'
import { state } from './state.ts'
import { tax } from './tax.ts'

/** Two sources that speak of the same thing: who is honest with one of them only is seen here. */
const consistency: readonly Definition[] = [
  ...ratiosOf('vat_invoices', {
    cross_bank_to_vat: {
      of: 'bank_in',
      to: 'vat_sales',
      over: [90, 365],
      words: words('入账与开票比', 'money in to invoiced sales'),
      risk: 'LOWER',
    },
    cross_shipped_to_vat: {
      of: 'ship_value',
      to: 'vat_sales',
      over: [90, 365],
      words: words('发货与开票比', 'value shipped to invoiced sales'),
      risk: 'LOWER',
    },
    cross_ledger_to_vat: {
      of: 'ledger_sales',
      to: 'vat_sales',
      over: [365],
      words: words('链上销售占开票比', 'ledger sales to invoiced sales'),
    },
  }),
  ...ratiosOf('tax_filings', {
    cross_filed_to_vat: {
      of: 'tax_sales',
      to: 'vat_sales',
      over: [365],
      words: words('申报与开票比', 'filed sales to invoiced sales'),
    },
  }),
  ...ratiosOf('credit_bureau', {
    cross_debt_to_in: {
      of: 'bureau_balance',
      to: 'bank_in_365d',
      words: words('贷款余额与年入账比', 'credit to a year of money in'),
      risk: 'HIGHER',
    },
  }),
  ...ratiosOf('court_records', {
    cross_stake_to_in: {
      of: 'court_amount',
      to: 'bank_in',
      over: [365],
      words: words('被诉金额与年入账比', 'amount at stake to a year of money in'),
      risk: 'HIGHER',
    },
  }),
]

export const FEATURES = versioned([
  ...ledgerFeatures,
  ...bank,
  ...tax,
  ...state,
  ...operations,
  ...credit,
  ...consistency,
])
