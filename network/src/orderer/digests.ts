/** SHA-256 over exactly the bytes Fabric hashes. */
import { createHash, hash } from 'node:crypto'
import type { Digest, Digests, Header, Proposal, Request } from '../consensus/index.ts'
import { blockHeaderBytes } from '../proof/header.ts'
import { readMessage } from '../proof/wire.ts'
import { Malformed } from './wire.ts'

export const digestOf = (bytes: Uint8Array): Digest => hash('sha256', bytes, 'hex')

/** One header is hashed when it arrives and signed or verified soon after. */
const encoded = new WeakMap<Header, Uint8Array>()

/** DER of the block header: what is hashed for the next block and, last, what a vote signs. */
export function headerBytes(header: Header): Uint8Array {
  const known = encoded.get(header)
  if (known) return known
  const bytes = blockHeaderBytes({
    number: BigInt(header.height),
    previousHash: Buffer.from(header.previous, 'hex'),
    dataHash: Buffer.from(header.batch, 'hex'),
  })
  encoded.set(header, bytes)
  return bytes
}

export const digests: Digests = {
  header: header => digestOf(headerBytes(header)),
  /** Fabric hashes the envelopes one after the other, without lengths: see requireCanonical. */
  batch(requests) {
    const sum = createHash('sha256')
    for (const { payload } of requests) sum.update(payload)
    return sum.digest('hex')
  },
}

/**
 * The data hash does not say where one envelope ends and the next begins, so the same hash could
 * stand over other envelopes (CVE-2023-46132). It cannot if each is spelt canonically, with payload
 * and signature once and in order: then the bytes can be cut in one way only.
 */
export function requireCanonical(envelope: Uint8Array): void {
  let isCanonical = false
  try {
    const fields = readMessage(envelope, { 1: 'bytes', 2: 'bytes' })
    isCanonical = fields.has(1) && fields.has(2)
  } catch {
    isCanonical = false
  }
  if (!isCanonical) throw new Malformed('not a canonical signed envelope')
}

export const requestOf = (payload: Uint8Array): Request => ({ digest: digestOf(payload), payload })

/** Throws Malformed unless the envelopes are those the header names. */
export function proposalOf(header: Header, envelopes: readonly Uint8Array[]): Proposal {
  for (const envelope of envelopes) requireCanonical(envelope)
  const requests = envelopes.map(requestOf)
  if (digests.batch(requests) !== header.batch) throw new Malformed('other envelopes than hashed')
  return { header, hash: digests.header(header), requests }
}
