/** What courts say: of debts that were long overdue, and of no others. */
import type { Actor } from '../actors.ts'
import { totalFen, type Life, type Owed } from '../life.ts'
import { distressMonths } from '../traits.ts'
import { addDays, fact, tagOf, type Day, type Fact, type Speak } from './fact.ts'

interface Debt extends Owed {
  readonly cause: 'SALE_CONTRACT' | 'LOAN_CONTRACT'
  readonly documentNumber?: string
  readonly creditor: string
}

/** Nobody sues before. */
const PATIENCE_DAYS = 60

export const speakCourtRecords: Speak = (life, months) =>
  life.actors.flatMap(actor => {
    const bought = months
      .flatMap(month => life.dealsWith(actor, month))
      .filter(deal => deal.buyer.code === actor.code && deal.redLetteredOn === undefined)
      .map<Debt>(deal => ({
        amountFen: totalFen(deal),
        dueOn: deal.dueOn,
        paidOn: deal.paidOn,
        cause: 'SALE_CONTRACT',
        documentNumber: deal.number,
        creditor: deal.seller.name,
      }))
    const borrowed = months.map<Debt>(month => ({
      ...life.instalment(actor, month),
      cause: 'LOAN_CONTRACT',
      creditor: '东申银行股份有限公司',
    }))
    return [...bought, ...borrowed].flatMap(debt => caseOf(life, actor, debt))
  })

function caseOf(life: Life, actor: Actor, debt: Debt): Fact[] {
  const label = `${debt.cause}-${debt.documentNumber ?? debt.dueOn}`
  const random = life.random('court', actor.code, label)
  const acceptedOn = addDays(debt.dueOn, PATIENCE_DAYS + random.whole(0, 15))
  const isSued = debt.paidOn === undefined || random.chance(0.6)
  if (!isOpen(debt, acceptedOn) || !isSued) return []
  const tag = tagOf(life, actor)
  const serial = random.digits(6)
  return stagesOf(actor, debt, acceptedOn).map(({ stage, on }, at) =>
    fact(
      actor,
      { id: `court-${tag}-${label}`, revision: at + 1, on },
      {
        caseNumber: `(${acceptedOn.slice(0, 4)})模拟${tag}民初${serial}号`,
        court: '模拟市人民法院',
        role: stage === 'ENFORCED' || stage === 'DISHONEST_LISTED' ? 'DEBTOR' : 'DEFENDANT',
        cause: debt.cause,
        stage,
        stageOn: on,
        amountFen: debt.amountFen,
        ...(debt.documentNumber === undefined ? {} : { documentNumber: debt.documentNumber }),
        otherParty: debt.creditor,
      },
    ),
  )
}

const isOpen = ({ paidOn }: Debt, on: Day): boolean => paidOn === undefined || paidOn > on

function stagesOf(actor: Actor, debt: Debt, acceptedOn: Day): { stage: string; on: Day }[] {
  const listed = distressMonths(actor.traits, addDays(acceptedOn, 75)) > 0
  const course = [
    { stage: 'ACCEPTED', on: acceptedOn },
    { stage: 'JUDGED', on: addDays(acceptedOn, 30) },
    { stage: 'ENFORCED', on: addDays(acceptedOn, 60) },
    ...(listed ? [{ stage: 'DISHONEST_LISTED', on: addDays(acceptedOn, 75) }] : []),
  ].filter(({ on }) => isOpen(debt, on))
  // Paid after all: the case is closed.
  return debt.paidOn === undefined
    ? course
    : [...course, { stage: 'CLOSED', on: addDays(debt.paidOn, 2) }]
}
