import { sellerTag, type HashHex, type Invoice } from '@triflow/chaincode/model'
import type { Stored } from '../projection/records.ts'
import type { Services } from '../services.ts'

/** Code of an invoice that its seller submitted under another credit code than the buyer knows it by. */
export const SELLER_DIFFERS = 'SELLER'

/**
 * What each seller's tag is by the buyer's own records. The ledger takes the seller's word for its credit code:
 * under another one an invoice would have a second fingerprint, or take a rival's.
 */
export async function ownTags(
  services: Services,
): Promise<(memberId: string) => HashHex | undefined> {
  const known = new Map((await services.directory.all()).map(entry => [entry.memberId, entry]))
  const tags = new Map<string, HashHex>()
  return memberId => {
    const entry = known.get(memberId)
    const tag = tags.get(memberId) ?? (entry && sellerTag(services.consortiumKey, entry.uscc))
    if (tag !== undefined) tags.set(memberId, tag)
    return tag
  }
}

/** A seller the buyer has no record of is taken by its word, as the matching rules do. */
export function differs(
  invoice: Pick<Stored<Invoice & { sellerTag: HashHex }>, 'sellerTag' | 'seller'>,
  tags: (memberId: string) => HashHex | undefined,
): boolean {
  const own = tags(invoice.seller)
  return own !== undefined && own !== invoice.sellerTag
}
