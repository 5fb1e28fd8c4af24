/** The rule set that a network starts with; each buyer, seller and category may replace it. */
import { amountFen, ratePpm } from './brand.ts'
import type { RuleSet } from './documents.ts'

export const DEFAULT_RULES = {
  priceValueFen: amountFen(50_000n),
  priceRatioPpm: ratePpm(10_000n),
  quantityValueFen: amountFen(50_000n),
  quantityRatioPpm: ratePpm(20_000n),
  overDeliveryPpm: ratePpm(100_000n),
  underDeliveryPpm: ratePpm(100_000n),
  headerCapFen: amountFen(100_000n),
  invoiceDaysMax: 60,
  paymentShortPpm: ratePpm(50_000n),
  paymentShortFen: amountFen(100_000n),
} as const satisfies Omit<RuleSet, 'buyer' | 'seller' | 'category' | 'version' | 'effectiveFrom'>
