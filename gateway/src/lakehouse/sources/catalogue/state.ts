/** Sources kept by the state: tax, register, courts, customs. */
import { address, count, day, fen, idNumber, maybe, month, name, oneOf } from '../fields.ts'
import { reference, words } from '../fields.ts'
import { source } from '../source.ts'
import {
  CONTRACT,
  COURT_PUBLICITY,
  CREDIT_ENTERPRISE,
  PIPL_PUBLIC,
  REGISTRY_PUBLICITY,
  TAXPAYER_CONTRACT,
} from './grounds.ts'

export const vatInvoices = source({
  name: 'vat_invoices',
  words: { zh: '增值税发票', en: 'VAT invoices' },
  fields: {
    side: oneOf('进销项', 'side of the subject', ['SELLER', 'BUYER']),
    code: maybe(reference('发票代码', 'invoice code')),
    number: reference('发票号码', 'invoice number'),
    issuedOn: day('开票日期', 'issued on'),
    statusOn: day('状态日期', 'in this state since'),
    payableOn: maybe(day('约定付款日', 'payable on, as agreed')),
    sellerCode: idNumber('销方信用代码', 'credit code of the seller'),
    sellerName: name('销方名称', 'seller'),
    buyerCode: idNumber('购方信用代码', 'credit code of the buyer'),
    buyerName: name('购方名称', 'buyer'),
    goods: words('货物名称', 'goods'),
    netFen: fen('金额', 'net amount'),
    taxFen: fen('税额', 'tax'),
    totalFen: fen('价税合计', 'total'),
    status: oneOf('状态', 'state', ['VALID', 'RED_LETTERED', 'VOIDED']),
  },
  eventField: 'statusOn',
  freshDays: 15,
  consent: { MEMBER: TAXPAYER_CONTRACT },
  retention: 'TAX',
})

export const taxFilings = source({
  name: 'tax_filings',
  words: { zh: '纳税申报', en: 'Tax filings' },
  fields: {
    period: month('所属期', 'period'),
    tax: oneOf('税种', 'tax', ['VAT', 'CIT', 'OTHER']),
    filedOn: day('申报日期', 'filed, corrected or paid on'),
    dueOn: day('申报期限', 'due on'),
    paidOn: maybe(day('缴款日期', 'paid on')),
    salesFen: fen('销售额', 'sales'),
    outputTaxFen: fen('销项税额', 'output tax'),
    inputTaxFen: fen('进项税额', 'input tax'),
    payableFen: fen('应纳税额', 'payable'),
    lateFeeFen: fen('滞纳金', 'late fee'),
    rating: oneOf('纳税信用等级', 'rating of the taxpayer', ['A', 'B', 'M', 'C', 'D']),
  },
  eventField: 'filedOn',
  freshDays: 45,
  consent: { MEMBER: TAXPAYER_CONTRACT },
  retention: 'TAX',
})

export const businessRegistry = source({
  name: 'business_registry',
  words: { zh: '工商登记', en: 'Business registry' },
  fields: {
    changedOn: day('变更日期', 'in this state since'),
    change: oneOf('变更事项', 'what changed', [
      'REGISTERED',
      'LEGAL_REPRESENTATIVE',
      'ADDRESS',
      'CAPITAL',
      'ABNORMAL_LISTED',
      'ABNORMAL_LIFTED',
      'DEREGISTERED',
    ]),
    name: name('企业名称', 'name'),
    legalRepresentative: name('法定代表人', 'legal representative'),
    registeredAddress: address('住所', 'registered address'),
    registeredOn: day('成立日期', 'registered on'),
    capitalFen: fen('注册资本', 'registered capital'),
    paidInFen: fen('实缴资本', 'paid-in capital'),
    employees: count('参保人数', 'employees insured'),
    industry: words('行业', 'industry'),
    status: oneOf('登记状态', 'status', ['ACTIVE', 'ABNORMAL', 'REVOKED', 'DEREGISTERED']),
  },
  eventField: 'changedOn',
  freshDays: 120,
  consent: {
    MEMBER: {
      kind: 'PUBLIC_RECORD',
      grounds: [REGISTRY_PUBLICITY, CREDIT_ENTERPRISE, PIPL_PUBLIC],
    },
  },
  retention: 'PUBLIC_RECORD',
})

export const courtRecords = source({
  name: 'court_records',
  words: { zh: '司法与执行', en: 'Court and enforcement records' },
  fields: {
    caseNumber: reference('案号', 'case number'),
    court: words('法院', 'court'),
    role: oneOf('诉讼地位', 'role', ['PLAINTIFF', 'DEFENDANT', 'DEBTOR']),
    cause: oneOf('案由', 'cause', [
      'SALE_CONTRACT',
      'LOAN_CONTRACT',
      'BILL_DISPUTE',
      'LABOUR',
      'INVOICE_FRAUD',
      'OTHER',
    ]),
    stage: oneOf('阶段', 'stage', ['ACCEPTED', 'JUDGED', 'ENFORCED', 'DISHONEST_LISTED', 'CLOSED']),
    stageOn: day('阶段日期', 'in this stage since'),
    amountFen: fen('标的金额', 'amount at stake'),
    documentNumber: maybe(reference('涉案单据号', 'document in dispute')),
    otherParty: maybe(name('对方当事人', 'other party')),
  },
  eventField: 'stageOn',
  freshDays: 120,
  consent: {
    MEMBER: { kind: 'PUBLIC_RECORD', grounds: [COURT_PUBLICITY, CREDIT_ENTERPRISE] },
    PERSON: { kind: 'PUBLIC_RECORD', grounds: [COURT_PUBLICITY, PIPL_PUBLIC] },
  },
  retention: 'PUBLIC_RECORD',
})

export const customs = source({
  name: 'customs',
  words: { zh: '海关报关', en: 'Customs declarations' },
  fields: {
    declaration: reference('报关单号', 'declaration'),
    direction: oneOf('进出口', 'direction', ['EXPORT', 'IMPORT']),
    declaredOn: day('申报日期', 'declared on'),
    releasedOn: maybe(day('放行日期', 'released on')),
    statusOn: day('状态日期', 'in this state since'),
    status: oneOf('状态', 'state', ['DECLARED', 'RELEASED', 'DETAINED']),
    hsCode: reference('商品编码', 'HS code'),
    country: reference('贸易国', 'country'),
    valueFen: fen('货值', 'value'),
    dutyFen: fen('税款', 'duty'),
    weightKg: count('净重千克', 'net weight in kg'),
  },
  eventField: 'statusOn',
  freshDays: 45,
  consent: { MEMBER: CONTRACT },
  retention: 'TAX',
})
