/**
 * What happened, once, before any source speaks of it: deals, instalments, bills, taxes of each month. A month's facts
 * follow from the seed alone, never from the clock.
 */
import { addDays, monthOf, type Day } from '../../generator/calendar.ts'
import { seeded, type Random } from '../../generator/random.ts'
import type { Actor } from './actors.ts'
import { dealsFrom } from './deals.ts'
import { activity, distressMonths, paidOn } from './traits.ts'

export interface Party {
  readonly name: string
  readonly code: string
  readonly account: string
  readonly place: string
}

/** One invoice with everything around it: goods, payment, correction. */
export interface Deal {
  readonly code: string
  readonly number: string
  readonly seller: Party
  readonly buyer: Party
  readonly goods: string
  readonly netFen: number
  readonly taxFen: number
  readonly issuedOn: Day
  readonly dueOn: Day
  readonly paidOn: Day | undefined
  /** Without goods behind it there is none. */
  readonly shippedOn: Day | undefined
  readonly redLetteredOn: Day | undefined
}

export interface Owed {
  readonly amountFen: number
  readonly dueOn: Day
  readonly paidOn: Day | undefined
}

export interface Life {
  readonly actors: readonly Actor[]
  readonly first: Day
  /** A stream that belongs to one fact: it is the same whoever asks first. */
  random(...label: readonly string[]): Random
  turnoverFen(actor: Actor, month: string): number
  /** Issued in the month. */
  deals(month: string): readonly Deal[]
  /** Those of them in which the actor sells or buys. */
  dealsWith(actor: Actor, month: string): readonly Deal[]
  /** The instalment of the actor's loan that is due in the month. */
  instalment(actor: Actor, month: string): Owed
  /** The power bill for the month, due in the next. */
  power(actor: Actor, month: string): Owed & { readonly usage: number; readonly billedOn: Day }
  /** The VAT return for the month, due in the next. */
  tax(actor: Actor, month: string): Owed & TaxReturn
}

export interface TaxReturn {
  readonly filedOn: Day
  readonly salesFen: number
  readonly outputTaxFen: number
  readonly inputTaxFen: number
  readonly correctedOn: Day | undefined
}

export const totalFen = ({ netFen, taxFen }: Deal): number => netFen + taxFen

export const nextMonth = (month: string): string => monthOf(addDays(`${month}-28`, 4))

const isFirm = ({ role }: Actor): boolean => role === 'FIRM' || role === 'CORE'

interface Month {
  readonly all: readonly Deal[]
  readonly byCode: ReadonlyMap<string, readonly Deal[]>
}

function indexed(all: readonly Deal[]): Month {
  const byCode = new Map<string, Deal[]>()
  for (const deal of all)
    for (const code of new Set([deal.seller.code, deal.buyer.code])) {
      const known = byCode.get(code)
      if (known) known.push(deal)
      else byCode.set(code, [deal])
    }
  return { all, byCode }
}

export interface Beginning {
  readonly seed: string
  readonly first: Day
  readonly actors: readonly Actor[]
  /** Deals that are settled already; who sells in them gets no others with the core enterprise. */
  readonly given: readonly Deal[]
}

export function createLife({ seed, first, actors, given }: Beginning): Life {
  const random = (...label: readonly string[]): Random =>
    seeded([seed, 'sources', ...label].join('/'))
  const firms = actors.filter(isFirm)
  const dealsOf = new Map<string, Month>()

  const turnoverFen = (actor: Actor, month: string): number => {
    const noise = random('turnover', actor.code, month).whole(90, 110) / 100
    return Math.round(actor.scaleFen * activity(actor.traits, first, month) * noise)
  }

  const monthOfDeals = (month: string): Month => {
    const known = dealsOf.get(month)
    if (known) return known
    const made = indexed([
      ...given.filter(({ issuedOn }) => monthOf(issuedOn) === month),
      ...firms.flatMap(actor => dealsFrom(life, firms, actor, month)),
    ])
    dealsOf.set(month, made)
    return made
  }

  const life: Life = {
    actors,
    first,
    random,
    turnoverFen,
    deals: month => monthOfDeals(month).all,
    dealsWith: (actor, month) => monthOfDeals(month).byCode.get(actor.code) ?? [],
    instalment(actor, month) {
      const dueOn = `${month}-20`
      const paid = paidOn(actor.traits, dueOn, random('loan', actor.code, month))
      return { amountFen: Math.round(actor.scaleFen / 25), dueOn, paidOn: paid }
    },
    power(actor, month) {
      const draw = random('power', actor.code, month)
      // A meter counts work that was done, not invoices that were written.
      const usage = Math.round(turnoverFen(actor, month) / 20_000) + draw.whole(80, 120)
      const billedOn = `${nextMonth(month)}-05`
      const dueOn = `${nextMonth(month)}-20`
      const paid = paidOn(actor.traits, dueOn, draw)
      return { usage, amountFen: usage * 62, billedOn, dueOn, paidOn: paid }
    },
    tax: (actor, month) => taxOf(life, actor, month),
  }
  return life
}

function taxOf(life: Life, actor: Actor, month: string): Owed & TaxReturn {
  const random = life.random('tax', actor.code, month)
  const deals = life.dealsWith(actor, month)
  const sum = (side: 'seller' | 'buyer', field: 'netFen' | 'taxFen'): number =>
    deals.filter(one => one[side].code === actor.code).reduce((fen, one) => fen + one[field], 0)
  const dueOn = `${nextMonth(month)}-15`
  const isPressed = distressMonths(actor.traits, dueOn) > 0
  const filedOn = isPressed
    ? addDays(dueOn, random.whole(1, 20))
    : addDays(dueOn, -random.whole(1, 8))
  const [outputTaxFen, inputTaxFen] = [sum('seller', 'taxFen'), sum('buyer', 'taxFen')]
  const paid = paidOn(actor.traits, dueOn, random)
  return {
    dueOn,
    filedOn,
    salesFen: sum('seller', 'netFen'),
    outputTaxFen,
    inputTaxFen,
    amountFen: Math.max(0, outputTaxFen - inputTaxFen),
    paidOn: paid !== undefined && paid < filedOn ? filedOn : paid,
    correctedOn: random.chance(0.06) ? addDays(filedOn, random.whole(5, 25)) : undefined,
  }
}
