import { concatBytes, equalBytes, toHex } from './bytes.ts'
import { verifyEcdsa } from './ecdsa.ts'
import { blockHeaderBytes, hashEntries, hashHeader } from './header.ts'
import {
  parseBlock,
  parseCertificateSlot,
  parseEnvelope,
  type ParsedBlock,
  type ParsedCertificate,
  type Vote,
} from './parse.ts'
import { trustOf } from './trust.ts'
import type { ChannelTrust, ProvenBlock, ProvenTransaction, Verdict } from './types.ts'
import { Broken, judge, proven } from './verdict.ts'
import { writeBytes, writeNumber } from './wire.ts'

export interface BlockOptions {
  /**
   * Metadata that nobody signs, i.e. a peer's validation flags and commit hash: `refuse` (the
   * default) refuses a block that has any, `allow` hands them on as that peer's claims.
   */
  readonly claims?: 'refuse' | 'allow'
}

/**
 * Verifies one block: form, data hash, certificate. Proven is that a quorum of the consenters of
 * the channel agreed on these envelopes at this place; not that a transaction in it is valid.
 */
export function verifyBlock(
  block: Uint8Array,
  trust: ChannelTrust,
  options: BlockOptions = {},
): Verdict<ProvenBlock> {
  return judge(() => proveBlock(block, trust, options))
}

function proveBlock(bytes: Uint8Array, trust: ChannelTrust, options: BlockOptions): ProvenBlock {
  const block = parseBlock(bytes)
  requireEntries(block, trust)
  if (options.claims !== 'allow' && block.claims.some(slot => slot.length > 0)) {
    throw new Broken('BLOCK_UNSIGNED_BYTES', 'the block carries metadata that nobody signed')
  }
  const isGenesis = block.header.number === 0n
  const isConfig = block.envelopes.some(entry => parseEnvelope(entry, { isGenesis }).isConfig)
  const certificate = isGenesis ? requireGenesis(block, trust) : requireCertificate(block, trust)
  const [, flags = new Uint8Array(0), , commitHash = new Uint8Array(0)] = block.claims
  return {
    ...block.header,
    hash: hashHeader(block.header),
    envelopes: block.envelopes,
    view: certificate.view,
    sequence: certificate.sequence,
    signers: certificate.votes.map(vote => vote.consenterId),
    nextTrust: isConfig ? trustOf(block) : undefined,
    claims: { flags, commitHash },
  }
}

/** The header names these entries, and every one of them was meant for this channel. */
function requireEntries(block: ParsedBlock, trust: ChannelTrust): void {
  if (!equalBytes(hashEntries(block.envelopes), block.header.dataHash)) {
    throw new Broken('DATA_HASH', 'the data are not those the header names')
  }
  // A certificate names no channel: one set of consenters may order several.
  const isGenesis = block.header.number === 0n
  for (const envelope of block.envelopes) {
    const { channelId } = parseEnvelope(envelope, { isGenesis })
    if (channelId !== trust.channelId) {
      throw new Broken('ENVELOPE_CHANNEL', `an envelope is for channel ${channelId}`)
    }
  }
}

type Place = Pick<ParsedCertificate, 'view' | 'sequence' | 'votes'>

const GENESIS_CERTIFICATE = Uint8Array.of(0x0a, 0x02, 0x0a, 0x00)

/** Block 0 has no certificate: it is the block the trust was read from, or it is nothing. */
function requireGenesis(block: ParsedBlock, trust: ChannelTrust): Place {
  if (toHex(hashHeader(block.header)) !== trust.configBlockHash) {
    throw new Broken('CONFIG_HASH', 'not the genesis block of this channel')
  }
  if (!equalBytes(block.certificate, GENESIS_CERTIFICATE)) {
    throw new Broken('METADATA_MALFORMED', 'a genesis block has no certificate')
  }
  return { view: 0n, sequence: 0n, votes: [] }
}

function requireCertificate(block: ParsedBlock, trust: ChannelTrust): ParsedCertificate {
  const certificate = parseCertificateSlot(block.certificate)
  const { number } = block.header
  if (certificate.sequence !== number) {
    throw new Broken('METADATA_SEQUENCE', `votes are for sequence ${certificate.sequence}`)
  }
  const isOwnConfig = certificate.lastConfigNumber === number
  if (!isOwnConfig && certificate.lastConfigNumber !== BigInt(trust.configBlockNumber)) {
    const wanted = certificate.lastConfigNumber
    throw new Broken('METADATA_CONFIG', `ordered under the configuration of block ${wanted}`)
  }
  requireQuorum(certificate, block, trust)
  return certificate
}

/**
 * Exactly a quorum of different consenters signed one value: the value holds the view, so votes
 * of two views never add up.
 */
function requireQuorum(
  certificate: ParsedCertificate,
  block: ParsedBlock,
  trust: ChannelTrust,
): void {
  const { votes, value } = certificate
  if (votes.length !== trust.quorum) {
    throw new Broken('QUORUM_COUNT', `${votes.length} votes where ${trust.quorum} make a quorum`)
  }
  if (new Set(votes.map(vote => vote.consenterId)).size !== votes.length) {
    throw new Broken('QUORUM_SIGNER_TWICE', 'a consenter voted twice')
  }
  const header = blockHeaderBytes(block.header)
  for (const vote of votes) requireVote(vote, { value, header }, trust)
}

function requireVote(
  vote: Vote,
  signed: { readonly value: Uint8Array; readonly header: Uint8Array },
  trust: ChannelTrust,
): void {
  const consenter = trust.consenters.get(vote.consenterId)
  if (!consenter) {
    throw new Broken('QUORUM_SIGNER_UNKNOWN', `${vote.consenterId} is no consenter`)
  }
  const message = concatBytes(signed.value, vote.identifierHeader, signed.header)
  if (!verifyEcdsa({ key: consenter.publicKey, message, signature: vote.signature })) {
    throw new Broken('QUORUM_SIGNATURE', `the vote of consenter ${vote.consenterId} does not hold`)
  }
}

/** Whether `next` stands directly on `previous`. */
export function verifyLink(
  previous: Pick<ProvenBlock, 'number' | 'hash'>,
  next: Pick<ProvenBlock, 'number' | 'previousHash'>,
): Verdict<true> {
  return judge(() => {
    if (next.number !== previous.number + 1n) {
      throw new Broken('CHAIN_NUMBER', `block ${next.number} after block ${previous.number}`)
    }
    if (!equalBytes(next.previousHash, previous.hash)) {
      throw new Broken('CHAIN_HASH', `block ${next.number} stands on another block`)
    }
    return true
  })
}

export interface ProvenChain {
  readonly blocks: readonly ProvenBlock[]
  /** The trust in force after the last block: configuration blocks on the way replace it. */
  readonly trust: ChannelTrust
}

/** Verifies consecutive blocks, each under the configuration in force where it stands. */
export function verifyBlocks(
  blocks: Iterable<Uint8Array>,
  trust: ChannelTrust,
  options: BlockOptions & { readonly after?: Pick<ProvenBlock, 'number' | 'hash'> } = {},
): Verdict<ProvenChain> {
  const chain: ProvenBlock[] = []
  let inForce = trust
  let previous = options.after
  for (const bytes of blocks) {
    const block = verifyBlock(bytes, inForce, options)
    if (!block.ok) return block
    const link = previous ? verifyLink(previous, block.value) : proven(true)
    if (!link.ok) return link
    chain.push(block.value)
    previous = block.value
    inForce = block.value.nextTrust ?? inForce
  }
  return proven({ blocks: chain, trust: inForce })
}

/** Verifies the block and that the envelope stands in it, byte for byte. */
export function verifyInclusion(
  proof: {
    readonly block: Uint8Array
    readonly envelope: Uint8Array
    readonly trust: ChannelTrust
  },
  options: BlockOptions = {},
): Verdict<ProvenTransaction> {
  return judge(() => {
    const block = proveBlock(proof.block, proof.trust, options)
    const index = block.envelopes.findIndex(entry => equalBytes(entry, proof.envelope))
    if (index < 0) throw new Broken('ENVELOPE_ABSENT', 'the envelope does not stand in the block')
    const isGenesis = block.number === 0n
    const { channelId, txId } = parseEnvelope(proof.envelope, { isGenesis })
    return { channelId, txId, index, block }
  })
}

/**
 * The block without what its peer added: the form in which every byte is proven. Blocks that are
 * not blocks are refused.
 */
export function stripClaims(bytes: Uint8Array): Verdict<Uint8Array> {
  return judge(() => {
    const { header, envelopes, certificate, claims } = parseBlock(bytes)
    return concatBytes(
      writeBytes(1, encodeHeader(header)),
      writeBytes(2, concatBytes(...envelopes.map(entry => writeBytes(1, entry)))),
      writeBytes(
        3,
        concatBytes(
          writeBytes(1, certificate),
          ...claims.map(() => writeBytes(1, new Uint8Array(0))),
        ),
      ),
    )
  })
}

function encodeHeader({ number, previousHash, dataHash }: ParsedBlock['header']): Uint8Array {
  return concatBytes(
    number === 0n ? new Uint8Array(0) : writeNumber(1, number),
    previousHash.length === 0 ? previousHash : writeBytes(2, previousHash),
    writeBytes(3, dataHash),
  )
}
