/** What meters, carriers, platforms and fields say. */
import type { Actor } from '../actors.ts'
import { totalFen, type Deal, type Life } from '../life.ts'
import { distressMonths } from '../traits.ts'
import { addDays, fact, firmsIn, monthOf, nextMonth, peopleIn, tagOf } from './fact.ts'
import type { Day, Fact, Speak } from './fact.ts'

export const speakUtilities: Speak = (life, months) =>
  life.actors.flatMap(actor => months.flatMap(month => billFacts(life, actor, month)))

function billFacts(life: Life, actor: Actor, month: string): Fact[] {
  const { usage, amountFen, billedOn, dueOn, paidOn } = life.power(actor, month)
  const tag = tagOf(life, actor)
  const terms = {
    meter: `M-${tag}`,
    kind: 'POWER',
    period: month,
    usageUnits: usage,
    billFen: amountFen,
    dueOn,
    address: actor.place,
  }
  const id = `power-${tag}-${month}`
  const billed = fact(actor, { id, on: billedOn }, { ...terms, statusOn: billedOn })
  if (paidOn === undefined) return [billed]
  const paid = { ...terms, statusOn: paidOn, paidOn }
  return [billed, fact(actor, { id, revision: 2, on: paidOn }, paid)]
}

export const speakLogistics: Speak = (life, months) => {
  const members = new Map(firmsIn(life).map(actor => [actor.code, actor]))
  return months
    .flatMap(month => life.deals(month))
    .flatMap(deal => carried(life, members.get(deal.seller.code), deal))
}

function carried(life: Life, actor: Actor | undefined, deal: Deal): Fact[] {
  const { shippedOn } = deal
  if (!actor || shippedOn === undefined) return []
  const random = life.random('logistics', deal.code, deal.number)
  const waybill = `SF${random.digits(13)}`
  const states = [
    { status: 'SHIPPED', at: `${shippedOn}T09:30:00.000Z` },
    { status: 'DELIVERED', at: `${addDays(shippedOn, random.whole(1, 4))}T02:15:00.000Z` },
  ]
  return states.map(({ status, at }, index) => ({
    id: `way-${waybill}`,
    revision: index + 1,
    subject: actor.subject,
    eventAt: at,
    body: {
      waybill,
      documentNumber: deal.number,
      status,
      statusAt: at,
      fromPlace: actor.place,
      toPlace: deal.buyer.place,
      receiverName: deal.buyer.name,
      receiverPhone: '10000000000',
      weightKg: Math.ceil(deal.netFen / 3_000),
      declaredFen: totalFen(deal),
    },
  }))
}

export const speakEcommerce: Speak = (life, months) =>
  life.actors
    .filter(({ hasShop }) => hasShop)
    .flatMap(actor => months.flatMap(month => shopFacts(life, actor, month)))

function shopFacts(life: Life, actor: Actor, month: string): Fact[] {
  const random = life.random('shop', actor.code, month)
  const share = actor.subject.kind === 'PERSON' ? 0.8 : 0.05
  const salesFen = Math.round(life.turnoverFen(actor, month) * share)
  const pressed = Math.min(12, distressMonths(actor.traits, `${month}-15`))
  const orders = Math.ceil(salesFen / 8_000)
  const statedOn = `${nextMonth(month)}-03`
  const tag = tagOf(life, actor)
  const body = {
    shop: `SHOP-${tag}`,
    period: month,
    statedOn,
    orders,
    salesFen,
    refundsFen: Math.round((salesFen * (random.whole(2, 5) + pressed)) / 100),
    buyers: Math.ceil(orders * 0.8),
    ratingPpm: 980_000 - pressed * 20_000 - random.whole(0, 10_000),
    lateShipmentsPpm: random.whole(5_000, 15_000) + (actor.traits.daysLate + pressed * 5) * 2_000,
  }
  const id = `shop-${tag}-${month}`
  const stated = fact(actor, { id, on: statedOn }, body)
  if (!random.chance(0.08)) return [stated]
  const again = { ...body, statedOn: `${nextMonth(month)}-18`, refundsFen: body.refundsFen + 5_000 }
  return [stated, fact(actor, { id, revision: 2, on: again.statedOn }, again)]
}

export const speakSocialBehaviour: Speak = (life, months) =>
  peopleIn(life)
    .filter(({ optedIn }) => optedIn)
    .flatMap(actor =>
      months.map(month => {
        const random = life.random('social', actor.code, month)
        const pressed = Math.min(12, distressMonths(actor.traits, `${month}-15`))
        const observedOn = `${nextMonth(month)}-02`
        return fact(
          actor,
          { id: `social-${tagOf(life, actor)}-${month}`, on: observedOn },
          {
            period: month,
            observedOn,
            accountDays: daysSince(actor.registeredOn, observedOn),
            contacts: 150 + Math.round(actor.traits.growthYear * 100) + random.whole(0, 30),
            activeDays: random.whole(18, 28),
            nightPpm: 60_000 + pressed * 15_000 + random.whole(0, 20_000),
            merchantMessages: Math.max(0, 60 - pressed * 5) + random.whole(0, 10),
            phone: actor.phone,
          },
        )
      }),
    )

const daysSince = (from: Day, to: Day): number => (Date.parse(to) - Date.parse(from)) / 86_400_000

interface Crop {
  readonly name: string
  /** Month and day; a season that ends before it begins ends in the next year. */
  readonly sown: string
  readonly growing: string
  readonly harvested: string
  readonly kgPerSqm: number
}

const CROPS: readonly Crop[] = [
  { name: '冬小麦', sown: '10-15', growing: '03-10', harvested: '06-05', kgPerSqm: 0.75 },
  { name: '水稻', sown: '05-20', growing: '07-15', harvested: '10-10', kgPerSqm: 0.9 },
  { name: '玉米', sown: '06-12', growing: '08-01', harvested: '09-28', kgPerSqm: 0.8 },
]

export const speakLandProduction: Speak = (life, months) => {
  const years = new Set(months.map(month => month.slice(0, 4)))
  return life.actors
    .filter(({ role }) => role === 'FARMER')
    .flatMap(actor =>
      [...years].flatMap(year => CROPS.map(crop => season(life, actor, crop, year))),
    )
    .flat()
    .filter(({ eventAt }) => months.includes(monthOf(eventAt.slice(0, 10))))
}

function season(life: Life, actor: Actor, crop: Crop, year: string): Fact[] {
  const random = life.random('land', actor.code, crop.name, year)
  const tag = tagOf(life, actor)
  const inYear = (day: string): Day => `${Number(year) + (day < crop.sown ? 1 : 0)}-${day}`
  const harvestOn = inYear(crop.harvested)
  const pressed = distressMonths(actor.traits, harvestOn)
  const areaSqm = random.whole(3, 30) * 667
  const expectedKg = Math.round(areaSqm * crop.kgPerSqm)
  const harvestedKg = Math.round(
    (expectedKg * (random.whole(85, 110) - 8 * Math.min(8, pressed))) / 100,
  )
  const isFailed = pressed > 0 && random.chance(0.3)
  const terms = {
    plot: `P-${tag}-${CROPS.indexOf(crop) + 1}`,
    season: `${year}-${crop.sown.slice(0, 2)}`,
    crop: crop.name,
    areaSqm,
    tenure: areaSqm > 10_000 ? 'LEASED' : 'CONTRACTED',
    expectedKg,
    inputsFen: areaSqm * 120,
    insured: actor.traits.daysLate < 10,
    place: actor.place,
  }
  const stages = [
    { stage: 'SOWN', stageOn: inYear(crop.sown) },
    { stage: 'GROWING', stageOn: inYear(crop.growing) },
    isFailed
      ? { stage: 'FAILED', stageOn: harvestOn }
      : { stage: 'HARVESTED', stageOn: harvestOn, harvestedKg },
  ]
  const id = `land-${tag}-${CROPS.indexOf(crop) + 1}-${year}`
  return stages.map((stage, at) =>
    fact(actor, { id, revision: at + 1, on: stage.stageOn }, { ...terms, ...stage }),
  )
}
