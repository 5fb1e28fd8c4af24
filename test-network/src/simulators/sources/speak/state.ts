/** What tax office, business registry and customs say. */
import type { Actor } from '../actors.ts'
import { distressMonths } from '../traits.ts'
import { totalFen, type Deal, type Life } from '../life.ts'
import { addDays, fact, firmsIn, tagOf, type Day, type Fact, type Speak } from './fact.ts'

export const speakVatInvoices: Speak = (life, months) => {
  const deals = months.flatMap(month => life.deals(month))
  const members = new Map(firmsIn(life).map(actor => [actor.code, actor]))
  return deals.flatMap(deal => [
    ...invoiceFacts(members.get(deal.seller.code), 'SELLER', deal),
    ...invoiceFacts(members.get(deal.buyer.code), 'BUYER', deal),
  ])
}

function invoiceFacts(actor: Actor | undefined, side: 'SELLER' | 'BUYER', deal: Deal): Fact[] {
  if (!actor) return []
  const id = `vat-${side.toLowerCase()}-${deal.code}${deal.number}`
  const body = (statusOn: Day, status: string) => ({
    side,
    ...(deal.code === '' ? {} : { code: deal.code }),
    number: deal.number,
    issuedOn: deal.issuedOn,
    statusOn,
    payableOn: deal.dueOn,
    sellerCode: deal.seller.code,
    sellerName: deal.seller.name,
    buyerCode: deal.buyer.code,
    buyerName: deal.buyer.name,
    goods: deal.goods,
    netFen: deal.netFen,
    taxFen: deal.taxFen,
    totalFen: totalFen(deal),
    status,
  })
  const { issuedOn, redLetteredOn } = deal
  const issued = fact(actor, { id, on: issuedOn }, body(issuedOn, 'VALID'))
  if (redLetteredOn === undefined) return [issued]
  const key = { id, revision: 2, on: redLetteredOn }
  return [issued, fact(actor, key, body(redLetteredOn, 'RED_LETTERED'))]
}

/** Filed, then corrected, then paid: each a revision of the same return, in the order in which it came about. */
export const speakTaxFilings: Speak = (life, months) =>
  firmsIn(life).flatMap(actor => months.flatMap(month => filing(life, actor, month)))

function filing(life: Life, actor: Actor, month: string): Fact[] {
  const tax = life.tax(actor, month)
  const rating = ratingOf(actor, tax.dueOn)
  const steps = [
    { on: tax.filedOn, share: tax.correctedOn === undefined ? 1 : 0.95 },
    ...(tax.correctedOn === undefined ? [] : [{ on: tax.correctedOn, share: 1 }]),
    ...(tax.paidOn === undefined || tax.paidOn === tax.filedOn
      ? []
      : [{ on: tax.paidOn, share: 1 }]),
  ].sort((a, b) => (a.on < b.on ? -1 : 1))
  return steps.map(({ on, share }, at) => {
    const isPaid = tax.paidOn !== undefined && tax.paidOn <= on
    const lateDays = isPaid ? lateBetween(tax.dueOn, tax.paidOn ?? on) : 0
    return fact(
      actor,
      { id: `tax-${tagOf(life, actor)}-${month}`, revision: at + 1, on },
      {
        period: month,
        tax: 'VAT',
        filedOn: on,
        dueOn: tax.dueOn,
        ...(isPaid ? { paidOn: tax.paidOn } : {}),
        salesFen: Math.round(tax.salesFen * share),
        outputTaxFen: Math.round(tax.outputTaxFen * share),
        inputTaxFen: tax.inputTaxFen,
        payableFen: Math.max(0, Math.round(tax.outputTaxFen * share) - tax.inputTaxFen),
        // Five in ten thousand a day.
        lateFeeFen: Math.round((tax.amountFen * lateDays * 5) / 10_000),
        rating,
      },
    )
  })
}

const lateBetween = (dueOn: Day, paidOn: Day): number =>
  Math.max(0, (Date.parse(paidOn) - Date.parse(dueOn)) / 86_400_000)

function ratingOf({ traits }: Actor, on: Day): string {
  if (distressMonths(traits, on) > 3) return 'D'
  if (traits.daysLate > 20) return 'C'
  return traits.daysLate > 2 ? 'M' : 'A'
}

interface Change {
  readonly on: Day
  readonly change: string
  readonly status?: string
}

export const speakBusinessRegistry: Speak = life =>
  firmsIn(life).flatMap(actor => {
    const random = life.random('registry', actor.code)
    let representative = actor.representative
    let capitalFen = random.whole(1, 20) * 100_000_000
    let status = 'ACTIVE'
    return changesOf(life, actor).map(({ on, change, status: turned }, at) => {
      status = turned ?? status
      if (change === 'LEGAL_REPRESENTATIVE') representative = `${representative.charAt(0)}某${at}`
      if (change === 'CAPITAL') capitalFen *= 2
      const body = {
        changedOn: on,
        change,
        name: actor.name,
        legalRepresentative: representative,
        registeredAddress: actor.place,
        registeredOn: actor.registeredOn,
        capitalFen,
        paidInFen: Math.round(capitalFen * (actor.traits.isGhost ? 0.02 : 0.6)),
        employees: actor.traits.isGhost ? 2 : Math.ceil(actor.scaleFen / 4_000_000),
        industry: actor.industry,
        status,
      }
      const key = { id: `reg-${tagOf(life, actor)}`, revision: at + 1, on }
      return { ...fact(actor, key, body), sayableFrom: life.first }
    })
  })

function changesOf({ first }: Life, { registeredOn, traits }: Actor): Change[] {
  const { distressFrom } = traits
  const changes: Change[] = [{ on: registeredOn, change: 'REGISTERED' }]
  if (traits.growthYear > 0.2) changes.push({ on: addDays(first, 180), change: 'CAPITAL' })
  if (traits.isGhost)
    for (const days of [60, 150, 240])
      changes.push({ on: addDays(first, days), change: 'LEGAL_REPRESENTATIVE' })
  if (distressFrom !== undefined)
    changes.push(
      { on: addDays(distressFrom, 60), change: 'LEGAL_REPRESENTATIVE' },
      { on: addDays(distressFrom, 120), change: 'ABNORMAL_LISTED', status: 'ABNORMAL' },
    )
  return changes.sort((a, b) => (a.on < b.on ? -1 : 1))
}

export const speakCustoms: Speak = (life, months) =>
  firmsIn(life)
    .filter(actor => actor.exports)
    .flatMap(actor => months.flatMap(month => declaration(life, actor, month)))

function declaration(life: Life, actor: Actor, month: string): Fact[] {
  const random = life.random('customs', actor.code, month)
  const declaredOn = `${month}-${String(random.whole(1, 28)).padStart(2, '0')}`
  const releasedOn = addDays(declaredOn, random.whole(1, 4))
  const id = `SIM-${tagOf(life, actor)}-${month}`
  const valueFen = Math.round(life.turnoverFen(actor, month) * 0.3)
  const terms = {
    declaration: id,
    direction: 'EXPORT',
    declaredOn,
    hsCode: random.pick(['73181500', '84821000', '85444229']),
    country: random.pick(['DE', 'VN', 'MX', 'JP']),
    valueFen,
    dutyFen: 0,
    weightKg: Math.ceil(valueFen / 3_000),
  }
  return [
    fact(actor, { id, on: declaredOn }, { ...terms, statusOn: declaredOn, status: 'DECLARED' }),
    fact(
      actor,
      { id, revision: 2, on: releasedOn },
      { ...terms, releasedOn, statusOn: releasedOn, status: 'RELEASED' },
    ),
  ]
}
