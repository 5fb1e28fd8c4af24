/** What the register, the courts and the customs office know. */
import type { Definition } from '../definition.ts'
import { sources } from '../kinds/index.ts'
import { featuresOf, isText, words, type Family } from './family.ts'

const { courtCase, customsDeclaration, registryEntry } = sources
const LONG = [90, 365]
const register: readonly Definition[] = featuresOf(registryEntry, {
  registry_age: {
    is: 'last',
    value: { daysSince: 'registeredUs' },
    words: words('成立天数', 'days since it was founded'),
    unit: 'DAYS',
    risk: 'LOWER',
  },
  registry_capital: {
    is: 'last',
    value: 'capitalFen',
    words: words('注册资本', 'registered capital'),
    unit: 'FEN',
    risk: 'LOWER',
  },
  registry_paid_in: {
    is: 'last',
    value: 'paidInFen',
    words: words('实缴资本', 'paid-in capital'),
    unit: 'FEN',
    risk: 'LOWER',
  },
  registry_employees: {
    is: 'last',
    value: 'employees',
    words: words('参保人数', 'employees insured'),
    unit: 'COUNT',
    risk: 'LOWER',
  },
  registry_abnormal: {
    is: 'count',
    where: [isText('status', 'ABNORMAL', 'REVOKED', 'DEREGISTERED')],
    words: words('登记异常', 'listed as abnormal, revoked or struck off'),
    unit: 'COUNT',
    risk: 'HIGHER',
    whenNone: 'KNOWN_ZERO',
  },
  registry_change_since: {
    is: 'daysSinceLast',
    words: words('距最近变更天数', 'days since the last change'),
    unit: 'DAYS',
    risk: 'LOWER',
  },
  registry_representative_new: {
    is: 'count',
    where: [isText('change', 'LEGAL_REPRESENTATIVE')],
    over: LONG,
    words: words('最近变更为法定代表人', 'the latest change is a new legal representative'),
    unit: 'COUNT',
    risk: 'HIGHER',
    whenNone: 'KNOWN_ZERO',
  },
})

const DEFENDANT = isText('role', 'DEFENDANT', 'DEBTOR')

/** To stand in no register of courts is good news, as soon as the register has been read at all. */
const courts: readonly Definition[] = featuresOf(courtCase, {
  court_cases: {
    is: 'count',
    where: [DEFENDANT],
    over: [180, 365, 730],
    words: words('被诉案件数', 'cases against it'),
    unit: 'COUNT',
    risk: 'HIGHER',
    whenNone: 'TOLD_ZERO',
  },
  court_amount: {
    is: 'sum',
    value: 'amountFen',
    where: [DEFENDANT],
    over: [365, 730],
    words: words('被诉标的金额', 'amount at stake against it'),
    unit: 'FEN',
    risk: 'HIGHER',
    whenNone: 'TOLD_ZERO',
  },
  court_open: {
    is: 'count',
    where: [DEFENDANT, isText('stage', 'ACCEPTED', 'JUDGED', 'ENFORCED', 'DISHONEST_LISTED')],
    words: words('未结被诉案件数', 'open cases against it'),
    unit: 'COUNT',
    risk: 'HIGHER',
    whenNone: 'TOLD_ZERO',
  },
  court_enforced: {
    is: 'count',
    where: [DEFENDANT, isText('stage', 'ENFORCED', 'DISHONEST_LISTED')],
    over: [365, 730],
    words: words('被执行案件数', 'cases enforced against it'),
    unit: 'COUNT',
    risk: 'HIGHER',
    whenNone: 'TOLD_ZERO',
  },
  court_dishonest: {
    is: 'count',
    where: [isText('stage', 'DISHONEST_LISTED')],
    words: words('失信被执行记录', 'listed as a dishonest debtor'),
    unit: 'COUNT',
    risk: 'HIGHER',
    whenNone: 'TOLD_ZERO',
  },
  court_loans: {
    is: 'count',
    where: [DEFENDANT, isText('cause', 'LOAN_CONTRACT')],
    over: [730],
    words: words('借款纠纷数', 'cases over loans'),
    unit: 'COUNT',
    risk: 'HIGHER',
    whenNone: 'TOLD_ZERO',
  },
  court_fraud: {
    is: 'count',
    where: [isText('cause', 'INVOICE_FRAUD', 'BILL_DISPUTE')],
    over: [730],
    words: words('票据与发票案件数', 'cases over bills and invoices'),
    unit: 'COUNT',
    risk: 'HIGHER',
    whenNone: 'TOLD_ZERO',
  },
  court_plaintiff: {
    is: 'count',
    where: [isText('role', 'PLAINTIFF')],
    over: [730],
    words: words('起诉案件数', 'cases it has brought'),
    unit: 'COUNT',
    whenNone: 'TOLD_ZERO',
  },
})

const customs: readonly Definition[] = featuresOf(customsDeclaration, {
  customs_exports: {
    is: 'sum',
    value: 'valueFen',
    where: [isText('direction', 'EXPORT')],
    over: LONG,
    words: words('出口货值', 'exports'),
    unit: 'FEN',
    risk: 'LOWER',
    whenNone: 'KNOWN_ZERO',
  },
  customs_imports: {
    is: 'sum',
    value: 'valueFen',
    where: [isText('direction', 'IMPORT')],
    over: LONG,
    words: words('进口货值', 'imports'),
    unit: 'FEN',
    whenNone: 'KNOWN_ZERO',
  },
  customs_detained: {
    is: 'count',
    where: [isText('status', 'DETAINED')],
    over: [365],
    words: words('扣留票数', 'declarations detained'),
    unit: 'COUNT',
    risk: 'HIGHER',
    whenNone: 'KNOWN_ZERO',
  },
  customs_release_mean: {
    is: 'mean',
    value: 'releaseDays',
    over: [365],
    words: words('平均通关天数', 'mean days until release'),
    unit: 'DAYS',
    risk: 'HIGHER',
  },
  customs_countries: {
    is: 'distinct',
    text: 'country',
    over: [365],
    words: words('贸易国数量', 'different countries'),
    unit: 'COUNT',
    risk: 'LOWER',
    whenNone: 'KNOWN_ZERO',
  },
  customs_trend: {
    is: 'trend',
    value: 'valueFen',
    over: [180],
    words: words('进出口环比', 'change of trade against the period before'),
    unit: 'PPM',
    risk: 'LOWER',
  } as Family,
})

export const state: readonly Definition[] = [...register, ...courts, ...customs]
