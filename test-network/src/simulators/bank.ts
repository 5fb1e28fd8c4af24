import { camt053, type Day, type Entry } from '../generator/index.ts'
import { openJournal } from './journal.ts'
import type { TransferOrder } from './pain.ts'

export interface AccountOpening {
  readonly account: string
  readonly owner: { readonly name: string; readonly uscc: string }
  readonly branch: string
  /** Balance on the day the simulator takes over from the year of files. */
  readonly openingFen: string
}

type Event =
  | { readonly type: 'ordered'; readonly order: StoredOrder }
  | { readonly type: 'booked'; readonly account: string; readonly entry: StoredEntry }
  | { readonly type: 'stated'; readonly account: string; readonly upTo: number }
  | { readonly type: 'day'; readonly today: Day }

type StoredOrder = Omit<TransferOrder, 'amountFen'> & { readonly amountFen: string }
type StoredEntry = Omit<Entry, 'amountFen' | 'remittance'> & { readonly amountFen: string }

export type OrderStatus = 'BOOKED' | 'SCHEDULED' | 'NO_FUNDS'

/** The books of one simulated bank. */
export interface BankBook {
  readonly name: string
  today(): Day
  /** Moves the calendar forward and pays what has come due; answers how many transfers were booked. */
  moveTo(today: Day): number
  /** Takes transfers in; one with a known EndToEndId is answered with its status and not taken again. */
  order(orders: readonly TransferOrder[]): { endToEndId: string; status: OrderStatus }[]
  /** Books money that comes in, once per reference. */
  deposit(deposit: { account: string; amountFen: bigint; reference: string }): void
  /**
   * A camt.053 of everything booked since the last statement, or the statement with that serial number (from 1)
   * again, byte for byte. Undefined when nothing was booked or there is no such statement.
   */
  statement(account: string, serial?: number): string | undefined
  balances(): { account: string; owner: string; branch: string; balanceFen: bigint }[]
  close(): void
}

interface Account extends AccountOpening {
  readonly entries: Entry[]
  /** Where each statement ends, as a count of entries. */
  readonly cuts: number[]
}

export class BankRefusal extends Error {
  readonly code: 'ACCOUNT_UNKNOWN' | 'DAY_BACKWARDS' | 'REFERENCE_REUSED'

  constructor(code: BankRefusal['code'], detail: string) {
    super(`${code}: ${detail}`)
    this.code = code
  }
}

export function openBank(options: {
  readonly name: string
  readonly journalFile: string
  readonly accounts: readonly AccountOpening[]
  readonly firstDay: Day
}): BankBook {
  return new SimulatedBank(options)
}

class SimulatedBank implements BankBook {
  readonly name: string
  readonly #journal
  readonly #accounts: Map<string, Account>
  readonly #orders = new Map<string, { order: TransferOrder; booked: boolean }>()
  #today: Day

  constructor(options: Parameters<typeof openBank>[0]) {
    this.name = options.name
    this.#today = options.firstDay
    this.#accounts = new Map(
      options.accounts.map(one => [one.account, { ...one, entries: [], cuts: [] }]),
    )
    this.#journal = openJournal<Event>(options.journalFile)
    for (const event of this.#journal.entries) this.#apply(event)
  }

  today(): Day {
    return this.#today
  }

  moveTo(today: Day): number {
    if (today < this.#today) throw new BankRefusal('DAY_BACKWARDS', `${today} < ${this.#today}`)
    if (today > this.#today) this.#record({ type: 'day', today })
    return this.#payDue()
  }

  order(orders: readonly TransferOrder[]): { endToEndId: string; status: OrderStatus }[] {
    for (const order of orders) {
      this.#account(order.debtorAccount)
      const known = this.#orders.get(order.endToEndId)?.order
      if (
        known &&
        (known.amountFen !== order.amountFen || known.creditorAccount !== order.creditorAccount)
      ) {
        throw new BankRefusal('REFERENCE_REUSED', order.endToEndId)
      }
      if (known) continue
      this.#record({ type: 'ordered', order: { ...order, amountFen: String(order.amountFen) } })
    }
    this.#payDue()
    return orders.map(({ endToEndId }) => ({ endToEndId, status: this.#statusOf(endToEndId) }))
  }

  deposit({ account, amountFen, reference }: Parameters<BankBook['deposit']>[0]): void {
    const payee = this.#account(account)
    if (payee.entries.some(entry => entry.endToEndId === reference)) return
    const serial = String(payee.entries.length + 1).padStart(6, '0')
    const entry: StoredEntry = {
      reference: `${payee.branch}${account.slice(-4)}${serial}`,
      amountFen: String(amountFen),
      direction: 'CRDT',
      bookedOn: this.#today,
      endToEndId: reference,
      counterparty: { name: '客户回款', uscc: payee.owner.uscc },
    }
    this.#record({ type: 'booked', account, entry })
  }

  statement(account: string, serial?: number): string | undefined {
    const found = this.#account(account)
    const wanted = serial ?? found.cuts.length + 1
    if (wanted === found.cuts.length + 1) {
      if (found.entries.length === (found.cuts.at(-1) ?? 0)) return undefined
      this.#record({ type: 'stated', account, upTo: found.entries.length })
    }
    const upTo = found.cuts[wanted - 1]
    if (upTo === undefined) return undefined
    const start = found.cuts[wanted - 2] ?? 0
    const entries = found.entries.slice(start, upTo)
    const days = entries.map(entry => entry.bookedOn)
    return camt053({
      id: `${found.branch}-${account.slice(-6)}-S${String(wanted).padStart(3, '0')}`,
      account,
      owner: found.owner,
      branch: found.branch,
      from: days[0] ?? this.#today,
      to: days.at(-1) ?? this.#today,
      openingFen: balanceOf(found, start),
      entries,
    })
  }

  balances(): { account: string; owner: string; branch: string; balanceFen: bigint }[] {
    return [...this.#accounts.values()].map(one => ({
      account: one.account,
      owner: one.owner.name,
      branch: one.branch,
      balanceFen: balanceOf(one, one.entries.length),
    }))
  }

  close(): void {
    this.#journal.close()
  }

  /** Pays every transfer whose day has come and whose account can bear it, oldest first. */
  #payDue(): number {
    let booked = 0
    for (const { order, booked: isBooked } of this.#orders.values()) {
      if (isBooked || order.executeOn > this.#today) continue
      const payer = this.#account(order.debtorAccount)
      if (balanceOf(payer, payer.entries.length) < order.amountFen) continue
      this.#book(payer, order)
      booked += 1
    }
    return booked
  }

  #book(payer: Account, order: TransferOrder): void {
    const serial = String(payer.entries.length + 1).padStart(6, '0')
    const entry: StoredEntry = {
      reference: `${payer.branch}${payer.account.slice(-4)}${serial}`,
      amountFen: String(order.amountFen),
      direction: 'DBIT',
      bookedOn: this.#today,
      endToEndId: order.endToEndId,
      counterparty: {
        name: order.creditorName,
        uscc: order.creditorUscc,
        account: order.creditorAccount,
      },
    }
    this.#record({ type: 'booked', account: payer.account, entry })
  }

  #statusOf(endToEndId: string): OrderStatus {
    const known = this.#orders.get(endToEndId)
    if (known?.booked) return 'BOOKED'
    return known && known.order.executeOn > this.#today ? 'SCHEDULED' : 'NO_FUNDS'
  }

  #account(account: string): Account {
    const found = this.#accounts.get(account)
    if (!found) throw new BankRefusal('ACCOUNT_UNKNOWN', account)
    return found
  }

  #record(event: Event): void {
    this.#journal.append(event)
    this.#apply(event)
  }

  #apply(event: Event): void {
    switch (event.type) {
      case 'day':
        this.#today = event.today
        return
      case 'ordered': {
        const order = { ...event.order, amountFen: BigInt(event.order.amountFen) }
        this.#orders.set(order.endToEndId, { order, booked: false })
        return
      }
      case 'booked': {
        const { entry } = event
        const remittance = { documents: [], freeText: entry.endToEndId }
        this.#account(event.account).entries.push({
          ...entry,
          amountFen: BigInt(entry.amountFen),
          remittance,
        })
        const known = this.#orders.get(entry.endToEndId)
        if (known) known.booked = true
        return
      }
      case 'stated':
        this.#account(event.account).cuts.push(event.upTo)
        return
    }
  }
}

function balanceOf(account: Account, upTo: number): bigint {
  return account.entries
    .slice(0, upTo)
    .reduce(
      (balance, entry) =>
        entry.direction === 'CRDT' ? balance + entry.amountFen : balance - entry.amountFen,
      BigInt(account.openingFen),
    )
}
