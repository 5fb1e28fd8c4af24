/** What a client sends for one transaction: nothing else leaves a gateway towards the ledger. */
import type { MspId } from '../brand.ts'
import { canonicalJson } from '../canonical.ts'
import { CodedError } from '../fault.ts'

export type Operation = {
  contract: string
  /** Transaction function inside the contract; the full name is `contract:function`. */
  function: string
  /** One canonical JSON text of ids and organisations; never a private value. */
  args: readonly string[]
  /** Openings, new private values and the seed of their salts, for the named endorsers only. */
  transient: Readonly<Record<string, Uint8Array>>
  /** Exactly the organisations that may see the transient values. Empty: any (nothing private). */
  endorsingOrganizations: readonly MspId[]
}

/** Transient key of the private half of a request. */
export const PRIVATE_FIELD = 'private'
export const BATCH_MAX = 100

/**
 * 64 hexadecimal characters of fresh randomness, once per transaction. The contract derives the salt of
 * every private value it writes from it, so that all endorsers agree and the client knows the result.
 */
export type Seed = string

const encoder = new TextEncoder()
const organizations = (ids: readonly MspId[]): MspId[] => [...new Set(ids)].sort()

export type OperationParts = {
  name: `${string}:${string}`
  request: unknown
  secret?: unknown
  endorsers: readonly MspId[]
}

export const operation = ({ name, request, secret, endorsers }: OperationParts): Operation => {
  const [contract, fn] = name.split(':') as [string, string]
  return {
    contract,
    function: fn,
    args: [canonicalJson(request)],
    transient:
      secret === undefined ? {} : { [PRIVATE_FIELD]: encoder.encode(canonicalJson(secret)) },
    endorsingOrganizations: organizations(endorsers),
  }
}

/**
 * The organisations of a batch. All items must have the same parties: an item's openings would otherwise
 * reach an organisation that is no party to it.
 */
export const partiesOfBatch = (items: readonly (readonly MspId[])[]): MspId[] => {
  const first = items[0]
  if (first === undefined || items.length > BATCH_MAX)
    throw new CodedError({ code: 'BATCH_SIZE', size: items.length, max: BATCH_MAX })
  const expected = organizations(first)
  for (const [index, parties] of items.entries())
    if (organizations(parties).join() !== expected.join())
      throw new CodedError({ code: 'BATCH_MIXED_PARTIES', index })
  return expected
}
