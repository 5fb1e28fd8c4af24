// The certificate of a block, checked with the platform's cryptography: src/proof does the same for browsers, twenty
// times slower. Both read the same bytes.
import {
  isMspFault,
  serializeIdentity,
  type ChannelConfig,
  type Identity,
  type Msp,
} from '../../msp/index.ts'
import { quorumOf } from '../../consensus/index.ts'
import { blockHeaderBytes } from '../../proof/index.ts'
import { parseBlock, parseCertificateSlot } from '../../proof/parse.ts'

/** True when exactly a quorum of different consenters signed this header in one view. */
export type CertificateCheck = (block: Uint8Array) => Promise<boolean>

export function createCertificateCheck(config: ChannelConfig, msp: Msp): CertificateCheck {
  const quorum = quorumOf(config.consenters.length)
  const identities = new Map<number, Identity>()
  for (const consenter of config.consenters) {
    const identity = msp.identify(serializeIdentity(consenter.mspId, consenter.identityPem))
    if (!isMspFault(identity)) identities.set(consenter.id, identity)
  }
  return async bytes => {
    try {
      return await isCertified(bytes)
    } catch {
      // Bytes that cannot be read prove nothing.
      return false
    }
  }

  async function isCertified(bytes: Uint8Array): Promise<boolean> {
    const block = parseBlock(bytes)
    const certificate = parseCertificateSlot(block.certificate)
    const { votes, value, sequence, lastConfigNumber } = certificate
    const signers = new Set(votes.map(vote => vote.consenterId))
    if (votes.length !== quorum || signers.size !== quorum) return false
    if (sequence !== block.header.number) return false
    if (lastConfigNumber !== BigInt(config.blockNumber)) return false
    const header = blockHeaderBytes(block.header)
    const checks = votes.map(vote => {
      const identity = identities.get(vote.consenterId)
      const message = Buffer.concat([value, vote.identifierHeader, header])
      return identity ? msp.verify(identity, message, vote.signature) : Promise.resolve(false)
    })
    return (await Promise.all(checks)).every(Boolean)
  }
}
