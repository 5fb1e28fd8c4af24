import { addDays, monthOf, monthsBetween, type Day } from './calendar.ts'
import { closingFen, type Entry, type Statement } from './camt.ts'
import type { Payment, Trade } from './documents.ts'
import { branches, type Firms } from './firms.ts'
import { sumOf } from './money.ts'
import type { Random } from './random.ts'

export interface BranchStatement {
  readonly folder: string
  readonly month: string
  readonly statement: Statement
}

/** The core's account at the branch; suppliers are paid from the branch that keeps their own account. */
export const coreAccount = (firms: Firms, branch: string): string =>
  `${firms.core.account.slice(0, 15)}${branch
    .replace('-', '')
    .split('')
    .map(letter => letter.charCodeAt(0) % 10)
    .join('')}`

/** One statement per branch and month, each opening where the month before closed. */
export function writeStatements(random: Random, firms: Firms, trade: Trade): BranchStatement[] {
  return branches().flatMap(({ folder, branch }) => {
    const own = trade.payments.filter(payment => payment.seller.branch === branch)
    let openingFen = BigInt(random.whole(20, 60)) * 10_000_000n
    return monthsBetween(trade.first, trade.last).map(month => {
      const paid = own.filter(payment => monthOf(payment.date) === month)
      const from = month === monthOf(trade.first) ? trade.first : `${month}-01`
      const statement: Statement = {
        id: `${branch}-${month}`,
        account: coreAccount(firms, branch),
        owner: firms.core,
        branch,
        from,
        to: lastDayOf(month),
        openingFen,
        entries: entriesOf(random, firms, { branch, month, from, paid }),
      }
      openingFen = closingFen(statement)
      return { folder, month, statement }
    })
  })
}

const lastDayOf = (month: string): Day => addDays(`${monthOf(addDays(`${month}-28`, 4))}-01`, -1)

function entriesOf(
  random: Random,
  firms: Firms,
  run: {
    readonly branch: string
    readonly month: string
    readonly from: Day
    readonly paid: readonly Payment[]
  },
): Entry[] {
  const reference = (serial: number): string =>
    `${run.branch}${run.month.replace('-', '')}${String(serial).padStart(5, '0')}`
  const paidFen = sumOf(run.paid.map(payment => payment.amountFen))
  // Money from the core's own customers keeps the account in credit.
  const funding: Entry = {
    reference: reference(0),
    amountFen: paidFen + BigInt(random.whole(1, 9)) * 1_000_000n,
    direction: 'CRDT',
    bookedOn: run.from,
    endToEndId: 'NOTPROVIDED',
    counterparty: { name: '客户回款', uscc: firms.core.uscc },
    remittance: { documents: [], freeText: '货款归集' },
  }
  const debits = run.paid.map((payment, index) => debit(payment, reference(index + 1)))
  const sorted = debits.sort((a, b) => (a.bookedOn < b.bookedOn ? -1 : 1))
  return [funding, ...sorted]
}

function debit(payment: Payment, reference: string): Entry {
  const documents = payment.parts.map(part => ({
    number: part.invoice.number,
    amountFen: part.amountFen,
  }))
  const remittance =
    payment.reference === 'STRUCTURED'
      ? { documents, ...(payment.shortReason ? { note: payment.shortReason } : {}) }
      : payment.reference === 'FREE_TEXT'
        ? { documents: [], freeText: `货款 发票 ${documents.map(one => one.number).join(' ')}` }
        : { documents: [] }
  return {
    reference,
    amountFen: payment.amountFen,
    direction: 'DBIT',
    bookedOn: payment.date,
    endToEndId: `PAY-${reference}`,
    counterparty: {
      name: payment.seller.name,
      uscc: payment.seller.uscc,
      account: payment.seller.account,
    },
    remittance,
  }
}
