/** What the credit bureau reports: how much is owed, to how many, and how late. */
import type { Definition } from '../definition.ts'
import { sources } from '../kinds/index.ts'
import { atLeast, featuresOf, ratiosOf, words } from './family.ts'

export const credit: readonly Definition[] = [
  ...featuresOf(sources.creditReport, {
    bureau_balance: {
      is: 'last',
      value: 'balanceFen',
      words: words('征信贷款余额', 'balance of credit as reported'),
      unit: 'FEN',
      risk: 'HIGHER',
    },
    bureau_limit: {
      is: 'last',
      value: 'limitFen',
      words: words('征信授信额度', 'limit of credit as reported'),
      unit: 'FEN',
    },
    bureau_overdue_days: {
      is: 'last',
      value: 'overdueDays',
      words: words('当前逾期天数', 'days overdue now'),
      unit: 'DAYS',
      risk: 'HIGHER',
    },
    bureau_overdue: {
      is: 'last',
      value: 'overdueFen',
      words: words('当前逾期金额', 'amount overdue now'),
      unit: 'FEN',
      risk: 'HIGHER',
    },
    bureau_worst_days: {
      is: 'max',
      value: 'worstOverdueDays',
      over: [180, 365],
      words: words('最长逾期天数', 'worst days overdue'),
      unit: 'DAYS',
      risk: 'HIGHER',
    },
    bureau_class: {
      is: 'max',
      value: 'riskPoints',
      over: [90, 365],
      words: words('最差五级分类(正常为1,损失为5)', 'worst class of risk, 1 normal to 5 loss'),
      unit: 'POINTS',
      risk: 'HIGHER',
    },
    bureau_queries: {
      is: 'sum',
      value: 'queries',
      over: [90, 180],
      words: words('征信查询次数', 'queries of the bureau'),
      unit: 'COUNT',
      risk: 'HIGHER',
    },
    bureau_overdue_months: {
      is: 'count',
      where: [atLeast('overdueDays', 1)],
      over: [180, 365],
      words: words('逾期月数', 'reports with something overdue'),
      unit: 'COUNT',
      risk: 'HIGHER',
      whenNone: 'KNOWN_ZERO',
    },
    bureau_facilities: {
      is: 'distinct',
      text: 'facility',
      over: [180],
      words: words('授信笔数', 'different facilities'),
      unit: 'COUNT',
      whenNone: 'KNOWN_ZERO',
    },
    bureau_lenders: {
      is: 'distinct',
      text: 'lender',
      over: [180],
      words: words('授信机构数', 'different lenders'),
      unit: 'COUNT',
      risk: 'HIGHER',
      whenNone: 'KNOWN_ZERO',
    },
    bureau_guarantor: {
      is: 'max',
      value: 'guarantor',
      over: [180],
      words: words('对外担保', 'stands surety for others'),
      unit: 'COUNT',
      risk: 'HIGHER',
    },
  }),
  ...ratiosOf('credit_bureau', {
    bureau_used: {
      of: 'bureau_balance',
      to: 'bureau_limit',
      words: words('授信使用率', 'credit used of the limit'),
      risk: 'HIGHER',
    },
    bureau_overdue_to_balance: {
      of: 'bureau_overdue',
      to: 'bureau_balance',
      words: words('逾期占余额比', 'overdue of the balance'),
      risk: 'HIGHER',
    },
  }),
]
