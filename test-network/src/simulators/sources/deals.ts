/** Who deals with whom, and what becomes of it. */
import { addDays, type Day } from '../../generator/calendar.ts'
import { numbering } from '../../generator/invoices.ts'
import { ARTICLES } from '../../generator/names.ts'
import type { Random } from '../../generator/random.ts'
import type { Actor } from './actors.ts'
import type { Deal, Life, Party } from './life.ts'
import { paidOn } from './traits.ts'

const OUTSIDE = ['海宁通用贸易商行', '临港配套服务部', '太仓机电经营部', '青浦五金批发部'] as const

const outside = (random: Random): Party => ({
  name: random.pick(OUTSIDE),
  code: `91000000MA${random.digits(7)}X`,
  account: `6228${random.digits(15)}`,
  place: '外地市集散中心',
})

/** What one firm sells in a month, what it buys from strangers, and what it only pretends to sell. */
export function dealsFrom(
  life: Life,
  firms: readonly Actor[],
  actor: Actor,
  month: string,
): Deal[] {
  const random = life.random('deals', actor.code, month)
  const turnover = life.turnoverFen(actor, month)
  // Most of what such a firm sells is written in the year of trade.
  const sold = actor.isGiven ? turnover / 5 : turnover
  const deals: Deal[] = []
  const sales = actor.role === 'CORE' ? 2 : random.whole(3, 5)
  for (let at = 0; at < sales; at += 1) {
    const buyer = customerOf(random, firms, actor)
    deals.push(deal(random, { month, seller: actor, buyer, netFen: Math.round(sold / sales) }))
  }
  for (let at = 0; at < 2; at += 1) {
    const netFen = Math.round((turnover * random.whole(20, 30)) / 100)
    deals.push(deal(random, { month, seller: undefined, buyer: actor, netFen }))
  }
  if (actor.traits.isGhost)
    for (let at = 0; at < 3; at += 1)
      deals.push(ghost(random, { month, actor, netFen: Math.round(turnover * 0.4) }))
  return deals
}

/** A third goes to the core enterprise, some to firms like itself, the rest to strangers; its own goods all do. */
function customerOf(random: Random, firms: readonly Actor[], seller: Actor): Actor | undefined {
  const [chance, other] = [random.next(), random.pick(firms)]
  if (seller.role === 'CORE' || chance > 0.7) return undefined
  if (chance < 0.35 && !seller.isGiven) return firms.find(({ role }) => role === 'CORE')
  return other === seller || other.role === 'CORE' ? undefined : other
}

interface Draft {
  readonly month: string
  readonly seller: Actor | undefined
  readonly buyer: Actor | undefined
  readonly netFen: number
}

function deal(random: Random, draft: Draft): Deal {
  const issuedOn = `${draft.month}-${String(random.whole(1, 28)).padStart(2, '0')}`
  const dueOn = addDays(issuedOn, random.pick([30, 45, 60]))
  const buyer = draft.buyer ?? outside(random)
  const isReturned = random.chance(0.03)
  const late = random.fork('paid')
  return {
    ...numbering(random),
    seller: draft.seller ?? outside(random),
    buyer,
    goods: random.pick(ARTICLES).description,
    netFen: draft.netFen,
    taxFen: Math.round(draft.netFen * 0.13),
    issuedOn,
    dueOn,
    paidOn: isReturned ? undefined : payday(draft.buyer, dueOn, late),
    shippedOn: addDays(issuedOn, random.whole(0, 3)),
    redLetteredOn: isReturned ? addDays(issuedOn, random.whole(5, 20)) : undefined,
  }
}

const payday = (buyer: Actor | undefined, dueOn: Day, random: Random): Day | undefined =>
  buyer ? paidOn(buyer.traits, dueOn, random) : addDays(dueOn, random.whole(0, 12))

/** An invoice for nothing: paid at once, so that the money goes round, and never shipped. */
function ghost(
  random: Random,
  draft: { readonly month: string; readonly actor: Actor; readonly netFen: number },
): Deal {
  const made = deal(random, { ...draft, seller: draft.actor, buyer: undefined })
  return {
    ...made,
    paidOn: addDays(made.issuedOn, random.whole(1, 3)),
    shippedOn: undefined,
    redLetteredOn: undefined,
  }
}
