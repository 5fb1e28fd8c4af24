import type { BlockHeaderFields } from './header.ts'
import { Broken, formOf } from './verdict.ts'
import { readLoose, readMessage } from './wire.ts'

const HASH_BYTES = 32
const SLOTS = 5
const SIGNATURES_SLOT = 0

/** A block taken apart, nothing of it checked but its form. */
export interface ParsedBlock {
  readonly header: BlockHeaderFields
  readonly envelopes: readonly Uint8Array[]
  /** Slot 0: the certificate. */
  readonly certificate: Uint8Array
  /** Slots 1 to 4: last configuration (unused), flags, orderer (unused), commit hash. */
  readonly claims: readonly Uint8Array[]
}

/** Throws Broken BLOCK_MALFORMED on any spelling but the canonical one. */
export function parseBlock(bytes: Uint8Array): ParsedBlock {
  const block = readMessage(bytes, { 1: 'message', 2: 'message', 3: 'message' })
  const header = readMessage(block.bytes(1), { 1: 'varint', 2: 'bytes', 3: 'bytes' })
  const entries = readMessage(block.bytes(2), { 1: 'list' })
  const slots = readMessage(block.bytes(3), { 1: 'list' }).list(1)
  const number = header.number(1)
  const previousHash = header.bytes(2)
  const dataHash = header.bytes(3)
  const previousBytes = number === 0n ? 0 : HASH_BYTES
  if (previousHash.length !== previousBytes || dataHash.length !== HASH_BYTES) {
    throw new Broken('BLOCK_MALFORMED', 'a hash of the header has the wrong length')
  }
  if (slots.length !== SLOTS) throw new Broken('BLOCK_MALFORMED', `${slots.length} metadata slots`)
  return {
    header: { number, previousHash, dataHash },
    envelopes: entries.list(1),
    certificate: slots[SIGNATURES_SLOT] ?? new Uint8Array(0),
    claims: slots.slice(1),
  }
}

export interface Vote {
  readonly consenterId: number
  /** As received: the bytes are signed. */
  readonly identifierHeader: Uint8Array
  readonly signature: Uint8Array
}

export interface ParsedCertificate {
  /** As received: the bytes are signed. */
  readonly value: Uint8Array
  readonly lastConfigNumber: bigint
  readonly view: bigint
  readonly sequence: bigint
  readonly votes: readonly Vote[]
}

/** Throws Broken METADATA_MALFORMED. */
export function parseCertificateSlot(bytes: Uint8Array): ParsedCertificate {
  return formOf('METADATA_MALFORMED', () => {
    const slot = readMessage(bytes, { 1: 'bytes', 2: 'list' })
    const value = slot.bytes(1)
    const signed = readMessage(value, { 1: 'message', 2: 'bytes' })
    const lastConfig = readMessage(signed.bytes(1), { 1: 'varint' })
    const place = readMessage(signed.bytes(2), {
      1: 'varint',
      2: 'varint',
      3: 'varint',
      4: 'bytes',
      5: 'bytes',
    })
    return {
      value,
      lastConfigNumber: lastConfig.number(1),
      view: place.number(1),
      sequence: place.number(2),
      votes: slot.list(2).map(parseVote),
    }
  })
}

function parseVote(bytes: Uint8Array): Vote {
  const vote = readMessage(bytes, { 2: 'bytes', 3: 'bytes' })
  const identifierHeader = vote.bytes(3)
  const header = readMessage(identifierHeader, { 1: 'varint', 2: 'bytes' })
  return {
    consenterId: Number(header.number(1)),
    identifierHeader,
    signature: vote.bytes(2),
  }
}

export interface EnvelopeHeader {
  readonly channelId: string
  readonly txId: string
  readonly isConfig: boolean
  /** Payload.data. */
  readonly contents: Uint8Array
}

const CONFIG_TYPE = 1n

/**
 * Throws Broken ENVELOPE_MALFORMED. A block's hash covers its entries one after the other without
 * their borders, so another cut of the same bytes has the same hash: only entries that are each
 * one whole envelope are taken, payload and signature, nothing twice (CVE-2023-46132). The
 * signature is the creator's and not checked; the genesis envelope has none.
 */
export function parseEnvelope(
  envelope: Uint8Array,
  options: { readonly isGenesis?: boolean } = {},
): EnvelopeHeader {
  return formOf('ENVELOPE_MALFORMED', () => {
    const whole = readMessage(envelope, { 1: 'bytes', 2: 'bytes' })
    if (!whole.has(1) || whole.has(2) === (options.isGenesis === true)) {
      throw new Broken('ENVELOPE_MALFORMED', 'an entry is not one signed envelope')
    }
    const payload = readLoose(whole.bytes(1))
    const header = readLoose(readLoose(payload.bytes(1)).bytes(1))
    return {
      channelId: header.text(4),
      txId: header.text(5),
      isConfig: header.number(1) === CONFIG_TYPE,
      contents: payload.bytes(2),
    }
  })
}
