import { addDays, daysBetween, type Day } from './calendar.ts'
import type { Movement, Order, OrderLine } from './documents.ts'
import type { Firm } from './firms.ts'
import { ARTICLES } from './names.ts'
import type { Random } from './random.ts'
import { RATES } from './rates.ts'

export interface Delivered {
  readonly order: Order
  /** One per delivery; a despatch and the receipt that answers it stand at the same index. */
  readonly despatches: readonly Movement[]
  readonly receipts: readonly Movement[]
}

/** An order of one to three lines, delivered at once or in parts, all of it inside the year. */
export function placeOrder(
  random: Random,
  place: {
    readonly serial: number
    readonly seller: Firm
    readonly first: Day
    readonly last: Day
  },
): Delivered {
  // Forty days are kept for delivery and invoice, so that nothing lies behind the last day.
  const date = addDays(place.first, random.whole(0, daysBetween(place.first, place.last) - 40))
  const order: Order = {
    id: `PO-${date.slice(0, 4)}-${String(place.serial).padStart(5, '0')}`,
    date,
    seller: place.seller,
    carrier: random.chance(RATES.ubl) ? 'UBL' : 'CSV',
    lines: linesOf(random),
  }
  const parts = random.chance(RATES.partialDelivery) ? random.whole(2, 3) : 1
  const despatches: Movement[] = []
  const receipts: Movement[] = []
  let left = date
  for (let part = 1; part <= parts; part += 1) {
    left = addDays(left, random.whole(2, 7))
    const arrived = addDays(left, random.whole(1, 3))
    const serial = `${String(place.serial).padStart(5, '0')}-${part}`
    const lines = order.lines.map(line => ({ line, quantity: share(line.quantity, parts, part) }))
    const shared = { order, despatchId: `DN-${serial}`, lines }
    despatches.push({ ...shared, id: `DN-${serial}`, date: left })
    receipts.push({ ...shared, id: `GR-${serial}`, date: arrived })
    left = arrived
  }
  return { order, despatches, receipts }
}

function linesOf(random: Random): OrderLine[] {
  const count = random.whole(1, 3)
  const start = random.whole(0, ARTICLES.length - 1)
  return Array.from({ length: count }, (_, index) => {
    const article = ARTICLES[(start + index * 5) % ARTICLES.length]
    if (!article) throw new Error('no article')
    return {
      lineNo: (index + 1) * 10,
      article,
      // Never under 200 pieces: one piece less must stay well within the tolerance of 2 %.
      quantity: BigInt(random.whole(20, 90)) * 10n,
      priceFen: article.priceFen,
    }
  })
}

/** Equal parts, the last one takes the rest. */
function share(quantity: bigint, parts: number, part: number): bigint {
  const each = quantity / BigInt(parts)
  return part === parts ? quantity - each * BigInt(parts - 1) : each
}
