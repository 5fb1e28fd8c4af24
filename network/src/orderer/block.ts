/** Fabric's blocks: assembled from what was agreed on, and read back. */
import { common } from '@hyperledger/fabric-protos'
import type { Certificate, Header, LedgerBlock, Proposal, Vote } from '../consensus/index.ts'
import { parseBlock, parseCertificateSlot } from '../proof/parse.ts'
import { digests, proposalOf } from './digests.ts'
import { Malformed } from './wire.ts'

const NONCE_BYTES = 24
const SLOTS = 5

/**
 * The value all votes of one view and sequence share: OrdererBlockMetadata with the number of the
 * configuration block and SmartBFT's ViewMetadata {view_id = 1, latest_sequence = 2}.
 */
export function metadataValue(place: {
  readonly configNumber: number
  readonly view: number
  readonly height: number
}): Uint8Array {
  const lastConfig = varintField(1, place.configNumber)
  const view = [...varintField(1, place.view), ...varintField(2, place.height)]
  return Uint8Array.from([0x0a, lastConfig.length, ...lastConfig, 0x12, view.length, ...view])
}

/** proto3: a zero is absent. By hand, because it is done for every vote. */
function varintField(field: number, value: number): number[] {
  if (value === 0) return []
  const bytes = [field << 3]
  let left = value
  while (left >= 0x80) {
    bytes.push((left % 0x80) | 0x80)
    left = Math.floor(left / 0x80)
  }
  return [...bytes, left]
}

/** common.IdentifierHeader {identifier = 1, nonce = 2}. */
export const identifierHeader = (consenterId: number, nonce: Uint8Array): Uint8Array =>
  Buffer.concat([Uint8Array.from([...varintField(1, consenterId), 0x12, nonce.length]), nonce])

/** The generated setters return nothing, whatever they do at run time. */
function filled<T>(message: T, fill: (message: T) => void): T {
  fill(message)
  return message
}

/** A commit vote's proof is its nonce and, after it, the DER signature. */
export const splitProof = (proof: Uint8Array): { nonce: Uint8Array; signature: Uint8Array } => ({
  nonce: proof.subarray(0, NONCE_BYTES),
  signature: proof.subarray(NONCE_BYTES),
})
export const COMMIT_NONCE_BYTES = NONCE_BYTES

export function assembleBlock(
  proposal: Proposal,
  certificate: Certificate,
  configNumber: number,
): Uint8Array {
  const { header, requests } = proposal
  const place = { configNumber, view: certificate.view, height: header.height }
  const slots = new Array<Uint8Array>(SLOTS).fill(new Uint8Array(0))
  slots[0] = filled(new common.Metadata(), metadata => {
    metadata.setValue(metadataValue(place))
    metadata.setSignaturesList(certificate.votes.map(signatureOf))
  }).serializeBinary()
  const block = filled(new common.Block(), one => {
    one.setHeader(headerOf(header))
    one.setData(
      filled(new common.BlockData(), entries => {
        entries.setDataList(requests.map(({ payload }) => payload))
      }),
    )
    one.setMetadata(filled(new common.BlockMetadata(), list => list.setMetadataList(slots)))
  })
  return block.serializeBinary()
}

const headerOf = (header: Header): common.BlockHeader =>
  filled(new common.BlockHeader(), one => {
    one.setNumber(header.height)
    one.setPreviousHash(Buffer.from(header.previous, 'hex'))
    one.setDataHash(Buffer.from(header.batch, 'hex'))
  })

const signatureOf = ({ replica, proof }: Vote): common.MetadataSignature =>
  filled(new common.MetadataSignature(), one => {
    const { nonce, signature } = splitProof(proof)
    one.setIdentifierHeader(identifierHeader(replica, nonce))
    one.setSignature(signature)
  })

export interface ReadBlock {
  readonly block: LedgerBlock
  /** As received, to be handed on unchanged. */
  readonly bytes: Uint8Array
}

/**
 * Takes a block apart; votes are not verified here. Throws Malformed. Metadata a peer added
 * (flags, commit hash) is ignored: it is not part of what was agreed on.
 */
export function readBlock(bytes: Uint8Array, configNumber: number): ReadBlock {
  try {
    const parsed = parseBlock(bytes)
    const height = Number(parsed.header.number)
    const header: Header = {
      height,
      previous: Buffer.from(parsed.header.previousHash).toString('hex'),
      batch: Buffer.from(parsed.header.dataHash).toString('hex'),
    }
    if (height === 0) return { block: { header, hash: digests.header(header), digests: [] }, bytes }
    const { requests, hash } = proposalOf(header, parsed.envelopes)
    const certificate = readCertificate(parsed.certificate, { header, hash, configNumber })
    return { block: { header, hash, certificate, digests: requests.map(one => one.digest) }, bytes }
  } catch (error) {
    throw error instanceof Malformed ? error : new Malformed(`not a block: ${String(error)}`)
  }
}

function readCertificate(
  slot: Uint8Array,
  named: { readonly header: Header; readonly hash: string; readonly configNumber: number },
): Certificate {
  const { header, hash, configNumber } = named
  const parsed = parseCertificateSlot(slot)
  const view = Number(parsed.view)
  const value = metadataValue({ configNumber, view, height: header.height })
  if (!Buffer.from(value).equals(parsed.value)) throw new Malformed('votes for another value')
  const votes = parsed.votes.map(({ consenterId, identifierHeader: signed, signature }): Vote => {
    const bytes = common.IdentifierHeader.deserializeBinary(signed).getNonce_asU8()
    const isOwnForm =
      bytes.length === NONCE_BYTES &&
      Buffer.from(identifierHeader(consenterId, bytes)).equals(signed)
    if (!isOwnForm) throw new Malformed('a vote header is misspelt')
    return { replica: consenterId, proof: Buffer.concat([bytes, signature]) }
  })
  return { view, header, hash, votes }
}
