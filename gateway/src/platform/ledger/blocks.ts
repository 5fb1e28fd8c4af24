// First of all: whoever may write to the channel puts bytes into its blocks.
import '@triflow/network/message-bounds'
import { common, ledger, msp, peer } from '@hyperledger/fabric-protos'

/** A block as the read model needs it: which transactions were valid and what they wrote. */
export interface LedgerBlock {
  readonly number: bigint
  /** Hex; empty for block 0. */
  readonly previousHash: string
  /** Hex. */
  readonly dataHash: string
  readonly transactions: readonly LedgerTransaction[]
}

export interface LedgerTransaction {
  readonly index: number
  readonly txId: string
  readonly validationCode: number
  /** `contract:function`, empty for a configuration. */
  readonly name: string
  readonly timestampMs: number
  readonly creatorMsp: string
  /** Of the chaincode's namespace only; empty when the transaction is not valid. */
  readonly writes: readonly PublicWrite[]
  readonly privateWrites: readonly PrivateWrite[]
  /** Collections it wrote whose values the peer did not hand on: another member's, or ours and not there yet. */
  readonly withheld: readonly string[]
}

export interface PublicWrite {
  readonly key: string
  /** Undefined: deleted. */
  readonly value: Uint8Array | undefined
}

export interface PrivateWrite extends PublicWrite {
  readonly collection: string
}

const FILTER_SLOT = 2
const VALID = 0
/** TxValidationCode INVALID_OTHER_REASON. */
const UNREADABLE = 255

export function readBlock(event: peer.BlockAndPrivateData, namespace: string): LedgerBlock {
  const block = event.getBlock()
  const flags = block?.getMetadata()?.getMetadataList_asU8()[FILTER_SLOT] ?? new Uint8Array()
  const privateMap = event.getPrivateDataMapMap()
  const envelopes = block?.getData()?.getDataList_asU8() ?? []
  const transactions = envelopes.map((bytes, index) =>
    readTransaction(bytes, {
      index,
      namespace,
      validationCode: flags[index] ?? UNREADABLE,
      secret: privateMap.get(index) as ledger.rwset.TxPvtReadWriteSet | undefined,
    }),
  )
  return { ...headerOf(block?.getHeader() ?? new common.BlockHeader()), transactions }
}

function headerOf(header: common.BlockHeader): Omit<LedgerBlock, 'transactions'> {
  return {
    number: BigInt(header.getNumber()),
    previousHash: hexOf(header.getPreviousHash_asU8()),
    dataHash: hexOf(header.getDataHash_asU8()),
  }
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

interface Place {
  readonly index: number
  readonly namespace: string
  readonly validationCode: number
  readonly secret: ledger.rwset.TxPvtReadWriteSet | undefined
}

const NO_WRITES = { name: '', writes: [], privateWrites: [], withheld: [] } as const
/** The end of the year 9999: later instants have no common spelling. */
const INSTANT_MAX_MS = 253_402_300_799_999

/**
 * Orderers check header and signature only: an envelope in a block may hold anything else. What does
 * not decode is a transaction without effect, never a reason to stop reading the chain.
 */
function readTransaction(bytes: Uint8Array, place: Place): LedgerTransaction {
  try {
    return decodeTransaction(bytes, place)
  } catch {
    const validationCode = place.validationCode === VALID ? UNREADABLE : place.validationCode
    const shared = { index: place.index, txId: '', validationCode, timestampMs: 0, creatorMsp: '' }
    return { ...shared, ...NO_WRITES }
  }
}

function decodeTransaction(bytes: Uint8Array, place: Place): LedgerTransaction {
  const payload = common.Payload.deserializeBinary(
    common.Envelope.deserializeBinary(bytes).getPayload_asU8(),
  )
  const header = common.ChannelHeader.deserializeBinary(
    payload.getHeader()?.getChannelHeader_asU8() ?? new Uint8Array(),
  )
  const shared = {
    index: place.index,
    txId: header.getTxId(),
    validationCode: place.validationCode,
    timestampMs: timestampMs(header),
    creatorMsp: creatorOf(payload),
  }
  const isTransaction = header.getType() === common.HeaderType.ENDORSER_TRANSACTION
  if (!isTransaction || place.validationCode !== VALID) return { ...shared, ...NO_WRITES }
  const { name, results } = readAction(payload.getData_asU8())
  const sets = ledger.rwset.TxReadWriteSet.deserializeBinary(results)
    .getNsRwsetList()
    .filter(set => set.getNamespace() === place.namespace)
  const secrets = place.secret ? privateSets(place.secret, place.namespace) : []
  const handedOn = new Set(secrets.map(set => set.getCollectionName()))
  return {
    ...shared,
    name,
    writes: sets.flatMap(set => writesOf(set.getRwset_asU8())),
    privateWrites: secrets.flatMap(privateWrites),
    withheld: sets.flatMap(collectionsWritten).filter(name => !handedOn.has(name)),
  }
}

/** The time its client claims, kept within what an instant can be. */
function timestampMs(header: common.ChannelHeader): number {
  const time = header.getTimestamp()
  const claimed = (time?.getSeconds() ?? 0) * 1000 + Math.floor((time?.getNanos() ?? 0) / 1e6)
  return Math.min(INSTANT_MAX_MS, Math.max(0, claimed))
}

function creatorOf(payload: common.Payload): string {
  const signature = common.SignatureHeader.deserializeBinary(
    payload.getHeader()?.getSignatureHeader_asU8() ?? new Uint8Array(),
  )
  return msp.SerializedIdentity.deserializeBinary(signature.getCreator_asU8()).getMspid()
}

function readAction(transactionBytes: Uint8Array): { name: string; results: Uint8Array } {
  const [action] = peer.Transaction.deserializeBinary(transactionBytes).getActionsList()
  const payload = peer.ChaincodeActionPayload.deserializeBinary(
    action?.getPayload_asU8() ?? new Uint8Array(),
  )
  const proposal = peer.ChaincodeProposalPayload.deserializeBinary(
    payload.getChaincodeProposalPayload_asU8(),
  )
  const invocation = peer.ChaincodeInvocationSpec.deserializeBinary(proposal.getInput_asU8())
  const [name] = invocation.getChaincodeSpec()?.getInput()?.getArgsList_asU8() ?? []
  const response = peer.ProposalResponsePayload.deserializeBinary(
    payload.getAction()?.getProposalResponsePayload_asU8() ?? new Uint8Array(),
  )
  const chaincodeAction = peer.ChaincodeAction.deserializeBinary(response.getExtension_asU8())
  return {
    name: Buffer.from(name ?? new Uint8Array()).toString('utf8'),
    results: chaincodeAction.getResults_asU8(),
  }
}

function privateSets(secret: ledger.rwset.TxPvtReadWriteSet, namespace: string) {
  return secret
    .getNsPvtRwsetList()
    .filter(set => set.getNamespace() === namespace)
    .flatMap(set => set.getCollectionPvtRwsetList())
}

function privateWrites(set: ledger.rwset.CollectionPvtReadWriteSet): PrivateWrite[] {
  const collection = set.getCollectionName()
  return writesOf(set.getRwset_asU8()).map(write => ({ ...write, collection }))
}

/** Only a collection that was written has the hash of a private half; one that was read has none. */
function collectionsWritten(set: ledger.rwset.NsReadWriteSet): string[] {
  return set
    .getCollectionHashedRwsetList()
    .filter(hashed => hashed.getPvtRwsetHash_asU8().length > 0)
    .map(hashed => hashed.getCollectionName())
}

function writesOf(bytes: Uint8Array): PublicWrite[] {
  return ledger.rwset.kvrwset.KVRWSet.deserializeBinary(bytes)
    .getWritesList()
    .map(write => ({
      key: write.getKey(),
      value: write.getIsDelete() ? undefined : write.getValue_asU8(),
    }))
}
