/** What banks and the credit bureau say. */
import { daysBetween } from '../../../generator/calendar.ts'
import type { Actor } from '../actors.ts'
import { totalFen, type Deal, type Life, type Party } from '../life.ts'
import { fact, nextMonth, tagOf, type Day, type Fact, type Speak } from './fact.ts'

interface Entry {
  readonly reference: string
  readonly on: Day
  readonly direction: 'CRDT' | 'DBIT'
  readonly amountFen: number
  readonly purpose: string
  readonly other?: Party
  readonly documentNumber?: string
  readonly remittance?: string
}

export const speakBankStatements: Speak = (life, months) =>
  life.actors.flatMap(actor => {
    const entries = months.flatMap(month => [
      ...dues(life, actor, month),
      ...routine(life, actor, month),
      ...life.dealsWith(actor, month).flatMap(deal => dealEntries(actor, deal)),
    ])
    return statement(life, actor, entries)
  })

/** Entries in the order of booking, with the balance that each leaves. */
function statement(life: Life, actor: Actor, entries: readonly Entry[]): Fact[] {
  const place = ({ on, reference }: Entry): string => `${on} ${reference}`
  const sorted = [...entries].sort((a, b) => (place(a) < place(b) ? -1 : 1))
  let balanceFen = actor.scaleFen * 2
  return sorted.map(({ other, on, reference, ...entry }) => {
    balanceFen += entry.direction === 'CRDT' ? entry.amountFen : -entry.amountFen
    return fact(
      actor,
      { id: `bank-${tagOf(life, actor)}-${reference}`, on },
      {
        account: actor.account,
        entryReference: reference,
        balanceFen,
        bookedOn: on,
        valueOn: on,
        ...entry,
        ...(other && {
          counterpartyName: other.name,
          counterpartyAccount: other.account,
          counterpartyCode: other.code,
        }),
      },
    )
  })
}

/** A deal between two of the world is on both accounts on the same day. */
function dealEntries(actor: Actor, deal: Deal): Entry[] {
  const { paidOn, number } = deal
  const isSeller = deal.seller.code === actor.code
  if (paidOn === undefined) return []
  return [
    {
      reference: `${isSeller ? 'C' : 'D'}${number}`,
      on: paidOn,
      direction: isSeller ? 'CRDT' : 'DBIT',
      amountFen: totalFen(deal),
      purpose: 'TRADE',
      other: isSeller ? deal.buyer : deal.seller,
      documentNumber: number,
      remittance: `货款 发票 ${number}`,
    },
  ]
}

function dues(life: Life, actor: Actor, month: string): Entry[] {
  const isFirm = actor.subject.kind === 'MEMBER'
  const owed = [
    { purpose: 'LOAN', ...life.instalment(actor, month) },
    { purpose: 'UTILITY', ...life.power(actor, month) },
    ...(isFirm ? [{ purpose: 'TAX', ...life.tax(actor, month) }] : []),
  ]
  return owed.flatMap(({ purpose, amountFen, paidOn }) =>
    paidOn === undefined || amountFen === 0
      ? []
      : [{ reference: `${purpose}${month}`, on: paidOn, direction: 'DBIT', amountFen, purpose }],
  )
}

/** Wages of firms; what people take in over the counter and take out to live on. */
function routine(life: Life, actor: Actor, month: string): Entry[] {
  const turnover = life.turnoverFen(actor, month)
  const on = (day: string): Day => `${month}-${day}`
  const entry = (
    purpose: string,
    day: string,
    direction: Entry['direction'],
    share: number,
  ): Entry => ({
    reference: `${purpose}${month}${day}`,
    on: on(day),
    direction,
    amountFen: Math.round(turnover * share),
    purpose,
  })
  if (actor.subject.kind === 'MEMBER') return [entry('WAGES', '10', 'DBIT', 0.12)]
  return [
    entry('OTHER', '08', 'CRDT', 0.5),
    entry('OTHER', '22', 'CRDT', 0.5),
    entry('CASH', '25', 'DBIT', 0.7),
  ]
}

const CLASSES = [
  [360, 'LOSS'],
  [270, 'DOUBTFUL'],
  [90, 'SUBSTANDARD'],
  [0, 'SPECIAL_MENTION'],
] as const

export const speakCreditBureau: Speak = (life, months) =>
  life.actors
    .filter(({ role }) => role !== 'CORE')
    .flatMap(actor => months.flatMap((_, at) => report(life, actor, months.slice(0, at + 1))))

/** The state of the loan on the fifth, from every instalment that was due before. */
function report(life: Life, actor: Actor, months: readonly string[]): Fact[] {
  const month = months.at(-1) ?? ''
  const reportedOn = `${nextMonth(month)}-05`
  const instalments = months.map(one => life.instalment(actor, one))
  const late = instalments.map(({ dueOn, paidOn }) => ({
    now: paidOn !== undefined && paidOn <= reportedOn ? 0 : daysBetween(dueOn, reportedOn),
    worst: daysBetween(dueOn, paidOn !== undefined && paidOn < reportedOn ? paidOn : reportedOn),
  }))
  const overdueDays = Math.max(...late.map(({ now }) => now))
  const overdueFen = instalments.reduce(
    (fen, { amountFen }, at) => fen + ((late[at]?.now ?? 0) > 0 ? amountFen : 0),
    0,
  )
  const random = life.random('bureau', actor.code, month)
  const tag = tagOf(life, actor)
  const limitFen = actor.scaleFen
  const body = {
    reportedOn,
    facility: `LOAN-${tag}`,
    kind: 'LOAN',
    lender: random.pick(['东申银行股份有限公司', '江岳银行股份有限公司']),
    limitFen,
    balanceFen: Math.round(limitFen * 0.6) + overdueFen,
    dueOn: `${month}-20`,
    overdueDays,
    overdueFen,
    worstOverdueDays: Math.max(0, ...late.map(({ worst }) => worst)),
    riskClass: CLASSES.find(([days]) => overdueDays > days)?.[1] ?? 'NORMAL',
    queriesInMonth: random.whole(0, 2) + (overdueDays > 30 ? random.whole(2, 6) : 0),
    guarantor: tag.endsWith('7'),
  }
  const id = `bureau-${tag}-${month}`
  const first = fact(actor, { id, on: reportedOn }, body)
  if (!random.chance(0.03)) return [first]
  // The bank reports again: a query that was nobody's had been counted.
  const corrected = { ...body, reportedOn: `${nextMonth(month)}-12`, queriesInMonth: 0 }
  return [first, fact(actor, { id, revision: 2, on: corrected.reportedOn }, corrected)]
}
