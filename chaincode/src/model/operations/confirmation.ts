/** The buyer confirms what it owes: maker, then checker. Up to 100 invoices per transaction. */
import type { AmountFen, HashHex, MspId, Opening, RecordId } from '../brand.ts'
import type { RejectionReason } from '../reasons.ts'
import { operation, partiesOfBatch } from './operation.ts'
import type { Operation, Seed } from './operation.ts'

type Parties = { buyerMsp: MspId; sellerMsp: MspId }
const parties = (items: readonly Parties[]): MspId[] =>
  partiesOfBatch(items.map(({ buyerMsp, sellerMsp }) => [buyerMsp, sellerMsp]))

/** `confirmedFen` is at most the eligible amount; absent: the whole of it. The rest becomes disputed. */
export type ConfirmItem = Parties & {
  invoiceId: RecordId
  balance: Opening
  confirmedFen?: AmountFen
}
export const propose = (input: { seed: Seed; items: readonly ConfirmItem[] }): Operation =>
  operation({
    name: 'confirmation:propose',
    request: { items: input.items.map(({ invoiceId }) => ({ invoiceId })) },
    secret: {
      seed: input.seed,
      items: input.items.map(({ balance, confirmedFen }) => ({ balance, confirmedFen })),
    },
    endorsers: parties(input.items),
  })

/** `commitment`: SHA-256 of the balance the checker has seen, so nothing else is confirmed. */
export const confirm = (input: {
  items: readonly (Parties & { invoiceId: RecordId; commitment: HashHex })[]
}): Operation =>
  operation({
    name: 'confirmation:confirm',
    request: { items: input.items.map(({ invoiceId, commitment }) => ({ invoiceId, commitment })) },
    endorsers: parties(input.items),
  })

/** The buyer's checker; final. The reason is public, the remark is for buyer and seller. */
export const reject = (input: {
  seed: Seed
  items: readonly (Parties & { invoiceId: RecordId; reason: RejectionReason; remark?: string })[]
}): Operation =>
  operation({
    name: 'confirmation:reject',
    request: { items: input.items.map(({ invoiceId, reason }) => ({ invoiceId, reason })) },
    secret: { seed: input.seed, items: input.items.map(({ remark }) => ({ remark })) },
    endorsers: parties(input.items),
  })
