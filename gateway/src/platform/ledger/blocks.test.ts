import { common, ledger, peer } from '@hyperledger/fabric-protos'
import { expect } from 'chai'
import { readBlock } from './blocks.ts'

/** A block with these envelopes, all flagged valid unless `flags` says otherwise. */
function blockOf(
  envelopes: Uint8Array[],
  flags = envelopes.map(() => 0),
): peer.BlockAndPrivateData {
  const header = new common.BlockHeader()
  header.setNumber(7)
  const content = new common.BlockData()
  content.setDataList(envelopes)
  const metadata = new common.BlockMetadata()
  metadata.setMetadataList([new Uint8Array(), new Uint8Array(), Uint8Array.from(flags)])
  const block = new common.Block()
  block.setHeader(header)
  block.setData(content)
  block.setMetadata(metadata)
  const event = new peer.BlockAndPrivateData()
  event.setBlock(block)
  return event
}

function envelopeOf(payloadData: Uint8Array, seconds = 1): Uint8Array {
  const channelHeader = new common.ChannelHeader()
  channelHeader.setType(common.HeaderType.ENDORSER_TRANSACTION)
  channelHeader.setTxId('tx1')
  const header = new common.Header()
  header.setChannelHeader(channelHeader.serializeBinary())
  const payload = new common.Payload()
  payload.setHeader(header)
  payload.setData(payloadData)
  const envelope = new common.Envelope()
  envelope.setPayload(payload.serializeBinary())
  return withTimestamp(envelope, seconds)
}

/** Sets the timestamp by hand: field 3 of the channel header, {1: seconds}. */
function withTimestamp(envelope: common.Envelope, seconds: number): Uint8Array {
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8())
  const header = payload.getHeader() ?? new common.Header()
  const varint: number[] = []
  let rest = BigInt(seconds)
  while (rest > 127n) {
    varint.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  varint.push(Number(rest))
  const time = [0x1a, varint.length + 1, 0x08, ...varint]
  header.setChannelHeader(Uint8Array.from([...header.getChannelHeader_asU8(), ...time]))
  payload.setHeader(header)
  envelope.setPayload(payload.serializeBinary())
  return envelope.serializeBinary()
}

function hashedSet(
  collection: string,
  privateHash: Uint8Array,
): ledger.rwset.CollectionHashedReadWriteSet {
  const set = new ledger.rwset.CollectionHashedReadWriteSet()
  set.setCollectionName(collection)
  set.setPvtRwsetHash(privateHash)
  return set
}

/** The data of a payload: a transaction of one chaincode with these hashed sets. */
function transactionWith(
  namespace: string,
  hashed: ledger.rwset.CollectionHashedReadWriteSet[],
): Uint8Array {
  const set = new ledger.rwset.NsReadWriteSet()
  set.setNamespace(namespace)
  set.setCollectionHashedRwsetList(hashed)
  const results = new ledger.rwset.TxReadWriteSet()
  results.setNsRwsetList([set])
  const chaincodeAction = new peer.ChaincodeAction()
  chaincodeAction.setResults(results.serializeBinary())
  const response = new peer.ProposalResponsePayload()
  response.setExtension$(chaincodeAction.serializeBinary())
  const endorsed = new peer.ChaincodeEndorsedAction()
  endorsed.setProposalResponsePayload(response.serializeBinary())
  const payload = new peer.ChaincodeActionPayload()
  payload.setAction(endorsed)
  const action = new peer.TransactionAction()
  action.setPayload(payload.serializeBinary())
  const transaction = new peer.Transaction()
  transaction.setActionsList([action])
  return transaction.serializeBinary()
}

describe('Reading a block', () => {
  it('is not held up by an envelope whose parts claim more bytes than there are', () => {
    const claim = Buffer.from('0affffffff07', 'hex')
    const envelope = new common.Envelope()
    envelope.setPayload(claim)
    const hostile = [claim, envelope.serializeBinary(), envelopeOf(claim)]
    const { transactions } = readBlock(blockOf(hostile), 'triflow')
    expect(transactions.map(each => each.validationCode)).to.deep.equal([255, 255, 255])
  })

  it('goes on after an envelope that holds anything but a transaction', () => {
    const garbage = Uint8Array.from([0xff, 0xff, 0xff, 0xff])
    const { number, transactions } = readBlock(blockOf([garbage, envelopeOf(garbage)]), 'triflow')
    expect(number).to.equal(7n)
    expect(transactions).to.have.length(2)
    for (const transaction of transactions) {
      expect(transaction.validationCode).to.equal(255)
      expect(transaction.writes).to.deep.equal([])
    }
  })

  it('looks at nothing of an invalid transaction but its header', () => {
    const [transaction] = readBlock(
      blockOf([envelopeOf(Uint8Array.of(255))], [10]),
      'x',
    ).transactions
    expect(transaction).to.include({ txId: 'tx1', validationCode: 10, name: '' })
  })

  it('takes no flag for valid that is not there', () => {
    const [transaction] = readBlock(blockOf([envelopeOf(new Uint8Array())], []), 'x').transactions
    expect(transaction?.validationCode).to.equal(255)
  })

  it('names the collections whose values did not come with it', () => {
    const written = hashedSet('_implicit_org_AMSP', Uint8Array.of(1))
    const read = hashedSet('_implicit_org_BMSP', new Uint8Array())
    const envelope = envelopeOf(transactionWith('triflow', [written, read]))
    const [transaction] = readBlock(blockOf([envelope]), 'triflow').transactions
    expect(transaction?.withheld).to.deep.equal(['_implicit_org_AMSP'])
    const [other] = readBlock(blockOf([envelope]), 'another').transactions
    expect(other?.withheld).to.deep.equal([])
  })

  it('bounds a claimed time by what an instant can be', () => {
    const far = envelopeOf(new Uint8Array(), Number.MAX_SAFE_INTEGER)
    const [transaction] = readBlock(blockOf([far], [10]), 'x').transactions
    expect(new Date(transaction?.timestampMs ?? Number.NaN).toISOString()).to.match(/^9999-/)
  })
})
