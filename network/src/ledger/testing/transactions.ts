import { createHash, randomBytes } from 'node:crypto'
import { common, ledger as rw, peer } from '@hyperledger/fabric-protos'
import type { Signer } from '../../msp/index.ts'
import { definitionWrites, headerHash, isBlockFault, readBlock, sequenceKey } from '../index.ts'
import type { ChaincodeDefinition, Ledger, Simulation, SimulationResults } from '../types.ts'

// Everything here is written with fabric-protos, not with the ledger's own codec, so the tests
// feed it what Fabric's clients and peers would.

export interface TransactionParts {
  readonly channelId: string
  readonly creator: Signer
  readonly endorsers: readonly Signer[]
  readonly chaincode: string
  readonly version?: string
  readonly results: Uint8Array
  readonly nonce?: Uint8Array
  /** Changes the messages before they are signed and wrapped. */
  readonly alter?: {
    readonly channelHeader?: (header: common.ChannelHeader) => void
    readonly action?: (action: peer.ChaincodeAction) => void
    readonly response?: (response: peer.ProposalResponsePayload) => void
    readonly payload?: (payload: common.Payload) => void
  }
}

export const sha = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

export const txIdOf = (nonce: Uint8Array, creator: Signer): string =>
  sha(nonce, creator.identity).toString('hex')

const channelHeaderOf = (parts: TransactionParts, nonce: Uint8Array): Uint8Array => {
  const id = new peer.ChaincodeID()
  id.setName(parts.chaincode)
  const extension = new peer.ChaincodeHeaderExtension()
  extension.setChaincodeId(id)
  const header = new common.ChannelHeader()
  header.setType(common.HeaderType.ENDORSER_TRANSACTION)
  header.setChannelId(parts.channelId)
  header.setTxId(txIdOf(nonce, parts.creator))
  header.setExtension$(extension.serializeBinary())
  parts.alter?.channelHeader?.(header)
  return header.serializeBinary()
}

const responsePayloadOf = (parts: TransactionParts, proposalHash: Uint8Array): Uint8Array => {
  const id = new peer.ChaincodeID()
  id.setName(parts.chaincode)
  id.setVersion(parts.version ?? '1.0')
  const response = new peer.Response()
  response.setStatus(200)
  const action = new peer.ChaincodeAction()
  action.setResults(parts.results)
  action.setResponse(response)
  action.setChaincodeId(id)
  parts.alter?.action?.(action)
  const payload = new peer.ProposalResponsePayload()
  payload.setProposalHash(proposalHash)
  payload.setExtension$(action.serializeBinary())
  parts.alter?.response?.(payload)
  return payload.serializeBinary()
}

const endorsementOf = (endorser: Signer, responsePayload: Uint8Array): peer.Endorsement => {
  const endorsement = new peer.Endorsement()
  endorsement.setEndorser(endorser.identity)
  endorsement.setSignature(endorser.sign(Buffer.concat([responsePayload, endorser.identity])))
  return endorsement
}

/** A signed envelope of an endorser transaction, as a gateway's client would send it. */
export const buildEnvelope = (parts: TransactionParts): { bytes: Uint8Array; txId: string } => {
  const nonce = parts.nonce ?? randomBytes(24)
  const channelHeader = channelHeaderOf(parts, nonce)
  const signatureHeader = new common.SignatureHeader()
  signatureHeader.setCreator(parts.creator.identity)
  signatureHeader.setNonce(nonce)
  const signer = signatureHeader.serializeBinary()
  const proposal = new peer.ChaincodeProposalPayload()
  proposal.setInput(Buffer.from('input'))
  const proposalBytes = proposal.serializeBinary()
  const responsePayload = responsePayloadOf(parts, sha(channelHeader, signer, proposalBytes))
  const endorsed = new peer.ChaincodeEndorsedAction()
  endorsed.setProposalResponsePayload(responsePayload)
  endorsed.setEndorsementsList(parts.endorsers.map(one => endorsementOf(one, responsePayload)))
  const actionPayload = new peer.ChaincodeActionPayload()
  actionPayload.setChaincodeProposalPayload(proposalBytes)
  actionPayload.setAction(endorsed)
  const action = new peer.TransactionAction()
  action.setHeader(signer)
  action.setPayload(actionPayload.serializeBinary())
  const transaction = new peer.Transaction()
  transaction.setActionsList([action])
  const header = new common.Header()
  header.setChannelHeader(channelHeader)
  header.setSignatureHeader(signer)
  const payload = new common.Payload()
  payload.setHeader(header)
  payload.setData(transaction.serializeBinary())
  parts.alter?.payload?.(payload)
  const bytes = payload.serializeBinary()
  return { bytes: wrap(bytes, parts.creator.sign(bytes)), txId: txIdOf(nonce, parts.creator) }
}

export const wrap = (payload: Uint8Array, signature: Uint8Array): Uint8Array => {
  const envelope = new common.Envelope()
  envelope.setPayload(payload)
  envelope.setSignature(signature)
  return envelope.serializeBinary()
}

/** The next block over a header, with a right data hash. */
export const buildBlock = (
  previous: { readonly number: number; readonly hash: Uint8Array },
  envelopes: readonly Uint8Array[],
): Uint8Array => {
  const data = new common.BlockData()
  data.setDataList([...envelopes])
  const header = new common.BlockHeader()
  header.setNumber(previous.number + 1)
  header.setPreviousHash(previous.hash)
  header.setDataHash(sha(...envelopes))
  const metadata = new common.BlockMetadata()
  metadata.setMetadataList(Array.from({ length: 5 }, () => new Uint8Array(0)))
  const block = new common.Block()
  block.setHeader(header)
  block.setData(data)
  block.setMetadata(metadata)
  return block.serializeBinary()
}

export const headerOf = (block: Uint8Array): { number: number; hash: Uint8Array } => {
  const read = readBlock(block)
  if (isBlockFault(read)) throw new Error(read.detail)
  return { number: read.number, hash: headerHash(read) }
}

export interface Endorsed {
  readonly bytes: Uint8Array
  readonly txId: string
  readonly results: SimulationResults
}

export interface EndorseOptions {
  readonly creator: Signer
  readonly endorsers: readonly Signer[]
  readonly chaincode: string
  readonly version?: string
  /** Keep private write sets on this ledger, as an endorsing peer does. */
  readonly keepPrivate?: boolean
}

/** Simulates on a ledger and signs the outcome with every endorser. */
export const endorse = async (
  ledger: Ledger,
  options: EndorseOptions,
  work: (simulation: Simulation) => void,
): Promise<Endorsed> => {
  const nonce = randomBytes(24)
  const txId = txIdOf(nonce, options.creator)
  const simulation = ledger.newSimulation({ txId, creatorMspId: options.creator.mspId })
  try {
    if (options.chaincode !== '_lifecycle') simulation.definition(options.chaincode)
    work(simulation)
    const results = simulation.finish()
    if (options.keepPrivate !== false && results.privateResults !== undefined) {
      await ledger.putTransient(txId, results.privateResults)
    }
    const { channelId } = ledger
    const parts = { ...options, channelId, results: results.results, nonce }
    return { ...buildEnvelope(parts), results }
  } finally {
    simulation.close()
  }
}

/** Commits envelopes as the ledger's next block. */
export const commitNext = (
  ledger: Ledger,
  envelopes: readonly Uint8Array[],
): ReturnType<Ledger['commit']> => {
  const previous = { number: ledger.height() - 1, hash: ledger.lastHeaderHash() }
  return ledger.commit(buildBlock(previous, envelopes))
}

export const definitionOf = (
  name: string,
  rest: Partial<ChaincodeDefinition> & { readonly validationParameter: Uint8Array },
): Omit<ChaincodeDefinition, 'collections'> => ({
  name,
  sequence: 1,
  version: '1.0',
  endorsementPlugin: 'escc',
  validationPlugin: 'vscc',
  initRequired: false,
  collectionPackage: new Uint8Array(0),
  ...rest,
})

/** A `_lifecycle` transaction that commits a definition. */
export const deploy = async (
  ledger: Ledger,
  by: { readonly creator: Signer; readonly endorsers: readonly Signer[] },
  definition: Omit<ChaincodeDefinition, 'collections'>,
): Promise<Uint8Array> => {
  const options = { ...by, chaincode: '_lifecycle', version: 'syscc' }
  const { bytes } = await endorse(ledger, options, simulation => {
    simulation.getState({ namespace: '_lifecycle', key: sequenceKey(definition.name) })
    for (const { key, value } of definitionWrites(definition)) {
      simulation.putState({ namespace: '_lifecycle', key }, value)
    }
  })
  return bytes
}

/** protos.ApplicationPolicy over a signature policy. */
export const signaturePolicyOf = (envelope: Uint8Array): Uint8Array => {
  const policy = new peer.ApplicationPolicy()
  policy.setSignaturePolicy(common.SignaturePolicyEnvelope.deserializeBinary(envelope))
  return policy.serializeBinary()
}

export const collectionPackageOf = (
  collections: readonly {
    readonly name: string
    readonly members: Uint8Array
    readonly blockToLive?: number
    readonly memberOnlyRead?: boolean
    readonly memberOnlyWrite?: boolean
    readonly endorsement?: Uint8Array
  }[],
): Uint8Array => {
  const pack = new peer.CollectionConfigPackage()
  pack.setConfigList(
    collections.map(one => {
      const members = new peer.CollectionPolicyConfig()
      members.setSignaturePolicy(common.SignaturePolicyEnvelope.deserializeBinary(one.members))
      const config = new peer.StaticCollectionConfig()
      config.setName(one.name)
      config.setMemberOrgsPolicy(members)
      config.setBlockToLive(one.blockToLive ?? 0)
      config.setMemberOnlyRead(one.memberOnlyRead ?? false)
      config.setMemberOnlyWrite(one.memberOnlyWrite ?? false)
      if (one.endorsement !== undefined) {
        config.setEndorsementPolicy(peer.ApplicationPolicy.deserializeBinary(one.endorsement))
      }
      const wrapped = new peer.CollectionConfig()
      wrapped.setStaticCollectionConfig(config)
      return wrapped
    }),
  )
  return pack.serializeBinary()
}

export const readResults = (results: Uint8Array): rw.rwset.TxReadWriteSet =>
  rw.rwset.TxReadWriteSet.deserializeBinary(results)
