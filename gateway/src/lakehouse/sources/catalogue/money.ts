/** Sources that speak of money: the ledger, the banks, the credit bureau. */
import { account, count, day, fen, flag, freeText, maybe, name, oneOf, ppm } from '../fields.ts'
import { idNumber, reference } from '../fields.ts'
import { source } from '../source.ts'
import {
  ACCOUNT_CONSENT,
  CONTRACT,
  CREDIT_DATABASE,
  CREDIT_QUERY,
  PIPL_CONSENT,
} from './grounds.ts'

export const ledgerBehaviour = source({
  name: 'ledger_behaviour',
  words: { zh: '账本行为', en: 'Behaviour on the ledger' },
  origin: 'LEDGER',
  fields: {
    asOf: day('统计日', 'as of'),
    daysBeyondTerms: count('加权逾期天数', 'days beyond terms, weighted by amount'),
    dilutionPpm: ppm('稀释率', 'dilution: credited, returned, short paid'),
    disputes: count('争议笔数', 'disputes'),
    largestPartnerPpm: ppm('最大交易对手占比', 'share of the largest partner'),
    confirmedFen: fen('已确权金额', 'confirmed amount'),
    overdueFen: fen('逾期金额', 'overdue amount'),
  },
  eventField: 'asOf',
  freshDays: 2,
  consent: { MEMBER: CONTRACT },
  retention: 'TRANSACTION',
})

export const bankStatements = source({
  name: 'bank_statements',
  words: { zh: '银行流水(camt.053)', en: 'Bank statement entries (camt.053)' },
  fields: {
    account: account('账号', 'account'),
    entryReference: reference('流水号', 'entry reference'),
    direction: oneOf('借贷标志', 'credit or debit', ['CRDT', 'DBIT']),
    amountFen: fen('金额', 'amount'),
    balanceFen: fen('记账后余额', 'balance after the entry'),
    bookedOn: day('记账日', 'booked on'),
    valueOn: day('起息日', 'value date'),
    counterpartyName: maybe(name('对方户名', 'name of the other side')),
    counterpartyAccount: maybe(account('对方账号', 'account of the other side')),
    counterpartyCode: maybe(idNumber('对方信用代码', 'credit code of the other side')),
    purpose: oneOf('用途', 'purpose', [
      'TRADE',
      'LOAN',
      'INTEREST',
      'TAX',
      'WAGES',
      'UTILITY',
      'INSURANCE',
      'CASH',
      'OTHER',
    ]),
    documentNumber: maybe(reference('所付单据号', 'document that it pays')),
    remittance: maybe(freeText('附言', 'remittance text')),
  },
  eventField: 'bookedOn',
  freshDays: 4,
  consent: { MEMBER: CONTRACT, PERSON: ACCOUNT_CONSENT },
  retention: 'TRANSACTION',
})

export const creditBureau = source({
  name: 'credit_bureau',
  words: { zh: '征信报告', en: 'Credit bureau' },
  fields: {
    reportedOn: day('报送日', 'reported on'),
    facility: reference('授信编号', 'facility'),
    kind: oneOf('业务种类', 'kind of credit', ['LOAN', 'CARD', 'GUARANTEE', 'LEASE']),
    lender: name('授信机构', 'lender'),
    limitFen: fen('授信额度', 'limit'),
    balanceFen: fen('余额', 'balance'),
    dueOn: maybe(day('本期应还日', 'instalment due on')),
    overdueDays: count('当前逾期天数', 'days overdue'),
    overdueFen: fen('当前逾期金额', 'amount overdue'),
    worstOverdueDays: count('最长逾期天数', 'worst days overdue so far'),
    riskClass: oneOf('五级分类', 'class of risk', [
      'NORMAL',
      'SPECIAL_MENTION',
      'SUBSTANDARD',
      'DOUBTFUL',
      'LOSS',
    ]),
    queriesInMonth: count('当月查询次数', 'queries in the month'),
    guarantor: flag('是否对外担保', 'stands surety for others'),
  },
  eventField: 'reportedOn',
  freshDays: 45,
  consent: {
    MEMBER: { kind: 'WRITTEN_CONSENT', grounds: [CREDIT_DATABASE] },
    PERSON: { kind: 'WRITTEN_CONSENT', grounds: [PIPL_CONSENT, CREDIT_QUERY, CREDIT_DATABASE] },
  },
  retention: 'CREDIT',
})
