import { equalBytes, toHex } from './bytes.ts'
import { buildChain } from './chain.ts'
import { hashEntries, hashHeader } from './header.ts'
import { parseBlock, parseEnvelope, type EnvelopeHeader, type ParsedBlock } from './parse.ts'
import type {
  ChannelTrust,
  PublicKey,
  TrustedConsenter,
  TrustedOrganization,
  Verdict,
} from './types.ts'
import { Broken, formOf, judge, within } from './verdict.ts'
import { readLoose, type Message } from './wire.ts'
import { parseCertificate, pemToDer } from './x509.ts'

/**
 * Reads what a verifier trusts from the bytes of a configuration block, as a rule the genesis
 * block. Its hash is in the answer: compare it with one obtained another way, or hand that one in
 * as `expectedHash` (hex), since whoever supplies the block chooses whom you trust.
 */
export function readTrust(
  configBlock: Uint8Array,
  options: { readonly expectedHash?: string } = {},
): Verdict<ChannelTrust> {
  return judge(() => {
    const block = parseBlock(configBlock)
    const trust = trustOf(block)
    if (options.expectedHash !== undefined && options.expectedHash !== trust.configBlockHash) {
      throw new Broken('CONFIG_HASH', `the block's hash is ${trust.configBlockHash}`)
    }
    return trust
  })
}

/** Throws Broken. The block is trusted already, or verified under the trust it replaces. */
export function trustOf(block: ParsedBlock): ChannelTrust {
  if (!equalBytes(hashEntries(block.envelopes), block.header.dataHash)) {
    throw new Broken('DATA_HASH', 'the data are not those the header names')
  }
  const [envelope, ...others] = block.envelopes
  if (!envelope || others.length > 0) {
    throw new Broken('CONFIG_MALFORMED', 'a configuration block has one envelope')
  }
  const header = parseEnvelope(envelope, { isGenesis: block.header.number === 0n })
  if (!header.isConfig) throw new Broken('CONFIG_MALFORMED', 'not a CONFIG envelope')
  return formOf('CONFIG_MALFORMED', () => readConfig(header, block))
}

function readConfig(envelope: EnvelopeHeader, block: ParsedBlock): ChannelTrust {
  const config = readLoose(readLoose(envelope.contents).bytes(1))
  const channel = readLoose(config.bytes(2))
  const groups = entriesOf(channel, 2)
  const ordering = groups.get('Orderer')
  if (!ordering) throw new Broken('CONFIG_MALFORMED', 'no orderer group')
  const ordererOrganizations = organizationsOf(ordering)
  const application = groups.get('Application')
  const consenters = consentersOf(ordering, ordererOrganizations)
  return {
    channelId: envelope.channelId,
    configBlockHash: toHex(hashHeader(block.header)),
    configBlockNumber: Number(block.header.number),
    quorum: quorumOf(consenters.size),
    consenters,
    organizations: new Map([
      ...ordererOrganizations,
      ...(application ? organizationsOf(application) : []),
    ]),
  }
}

/** ceil((n + f + 1) / 2), f = floor((n - 1) / 3): any two quorums share an honest consenter. */
export function quorumOf(consenters: number): number {
  const faulty = Math.floor((consenters - 1) / 3)
  return Math.ceil((consenters + faulty + 1) / 2)
}

/** A protobuf map of messages: entries of key and value. */
function entriesOf(group: Message, field: number): Map<string, Message> {
  return new Map(
    group.list(field).map(entry => {
      const pair = readLoose(entry)
      return [pair.text(1), readLoose(pair.bytes(2))]
    }),
  )
}

function valueOf(group: Message, name: string): Uint8Array | undefined {
  return entriesOf(group, 3).get(name)?.bytes(2)
}

function organizationsOf(group: Message): Map<string, TrustedOrganization> {
  const organizations = [...entriesOf(group, 2).values()].map(organization => {
    const wrapper = readLoose(valueOf(organization, 'MSP') ?? new Uint8Array(0))
    const msp = readLoose(wrapper.bytes(2))
    return {
      mspId: msp.text(1),
      rootCerts: msp.list(2).map(derOf),
      intermediateCerts: msp.list(3).map(derOf),
    }
  })
  return new Map(organizations.map(organization => [organization.mspId, organization]))
}

function derOf(pem: Uint8Array): Uint8Array {
  return pemToDer(new TextDecoder().decode(pem))
}

function consentersOf(
  ordering: Message,
  organizations: ReadonlyMap<string, TrustedOrganization>,
): Map<number, TrustedConsenter> {
  const type = readLoose(valueOf(ordering, 'ConsensusType') ?? new Uint8Array(0)).text(1)
  const mapping = readLoose(valueOf(ordering, 'Orderers') ?? new Uint8Array(0)).list(1)
  if (type !== 'BFT' || mapping.length === 0) {
    throw new Broken('CONFIG_NOT_BFT', `ordering of type "${type}" gives no certificates`)
  }
  const consenters = new Map<number, TrustedConsenter>()
  const keys = new Set<string>()
  for (const entry of mapping) {
    const consenter = consenterOf(readLoose(entry), organizations)
    consenters.set(consenter.id, consenter)
    keys.add(toHex(consenter.publicKey.point))
  }
  if (consenters.size !== mapping.length || keys.size !== mapping.length) {
    throw new Broken('CONFIG_CONSENTER_INVALID', 'a consenter stands twice')
  }
  return consenters
}

function consenterOf(
  consenter: Message,
  organizations: ReadonlyMap<string, TrustedOrganization>,
): TrustedConsenter {
  const mspId = consenter.text(4)
  const organization = organizations.get(mspId)
  if (!organization) throw new Broken('CONFIG_CONSENTER_INVALID', `no organisation ${mspId}`)
  const publicKey = within('CONFIG_CONSENTER_INVALID', () =>
    consenterKey(derOf(consenter.bytes(5)), organization),
  )
  return { id: Number(consenter.number(1)), mspId, publicKey }
}

function consenterKey(certificate: Uint8Array, organization: TrustedOrganization): PublicKey {
  const leaf = parseCertificate(certificate)
  if (leaf.isCa) throw new Broken('CERTIFICATE_IS_CA', 'a consenter signs with a CA certificate')
  if (!leaf.publicKey) throw new Broken('CERTIFICATE_KEY_UNSUPPORTED', 'not an ECDSA key')
  buildChain(leaf, {
    roots: organization.rootCerts.map(parseCertificate),
    intermediates: organization.intermediateCerts.map(parseCertificate),
  })
  return leaf.publicKey
}
