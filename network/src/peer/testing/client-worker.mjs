/**
 * An unmodified fabric-gateway client in a thread of its own: two versions of the generated
 * protobuf classes cannot share one global scope.
 */
import { createPrivateKey } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import { Client, credentials } from '@grpc/grpc-js'
import { connect, hash, signers } from '@hyperledger/fabric-gateway'

const { endpoint, mspId, certificate, key, channelId } = workerData
const client = new Client(endpoint, credentials.createInsecure())
const gateway = connect({
  client,
  identity: { mspId, credentials: Buffer.from(certificate) },
  signer: signers.newPrivateKeySigner(createPrivateKey(key)),
  hash: hash.sha256,
})
const network = gateway.getNetwork(channelId)
const endorsed = new Map()
const submitted = new Map()
const streams = new Map()

const optionsOf = ({ args, transient, endorsingOrganizations }) => ({
  arguments: args ?? [],
  ...(transient ? { transientData: transient } : {}),
  ...(endorsingOrganizations ? { endorsingOrganizations } : {}),
})

const proposalOf = call =>
  gateway
    .getNetwork(call.channelId ?? channelId)
    .getContract(call.chaincode)
    .newProposal(call.name, optionsOf(call))

async function follow(id, iterable, shape) {
  streams.set(id, iterable)
  try {
    for await (const item of iterable) parentPort.postMessage({ stream: id, item: shape(item) })
    parentPort.postMessage({ stream: id, ended: true })
  } catch (error) {
    parentPort.postMessage({ stream: id, failed: errorOf(error) })
  }
}

const eventOf = event => ({
  blockNumber: Number(event.blockNumber),
  transactionId: event.transactionId,
  chaincodeName: event.chaincodeName,
  eventName: event.eventName,
  payload: Buffer.from(event.payload),
})

const privateOf = message => ({
  number: message.getBlock().getHeader().getNumber(),
  collections: [...message.getPrivateDataMapMap().entries()].flatMap(([index, set]) =>
    set
      .getNsPvtRwsetList()
      .flatMap(ns =>
        ns.getCollectionPvtRwsetList().map(c => [index, ns.getNamespace(), c.getCollectionName()]),
      ),
  ),
})

const commands = {
  evaluate: async call => proposalOf(call).evaluate(),
  submit: async call => {
    const transaction = await proposalOf(call).endorse()
    const commit = await transaction.submit()
    const status = await commit.getStatus()
    return { ...statusOf(status), result: transaction.getResult() }
  },
  endorse: async call => {
    const transaction = await proposalOf(call).endorse()
    endorsed.set(transaction.getTransactionId(), transaction)
    return transaction.getTransactionId()
  },
  submitEndorsed: async ({ txId }) => {
    submitted.set(txId, await endorsed.get(txId).submit())
    return txId
  },
  status: async ({ txId }) => statusOf(await submitted.get(txId).getStatus()),
  badSignature: async call => {
    const proposal = proposalOf(call)
    const forged = gateway.newSignedProposal(
      proposal.getBytes(),
      Buffer.from('3006020101020101', 'hex'),
    )
    return call.endorse ? forged.endorse() : forged.evaluate()
  },
  events: async ({ id, chaincode, startBlock, afterTransactionId }) => {
    const options = {
      ...(startBlock === undefined ? {} : { startBlock: BigInt(startBlock) }),
      ...(afterTransactionId
        ? {
            checkpoint: {
              getBlockNumber: () => undefined,
              getTransactionId: () => afterTransactionId,
            },
          }
        : {}),
    }
    void follow(id, await network.getChaincodeEvents(chaincode, options), eventOf)
  },
  blocks: async ({ id, startBlock }) => {
    const blocks = await network.getBlockEvents({ startBlock: BigInt(startBlock) })
    void follow(id, blocks, block => ({
      number: block.getHeader().getNumber(),
      transactions: block.getData().getDataList().length,
      metadata: block
        .getMetadata()
        .getMetadataList_asU8()
        .map(slot => slot.length),
    }))
  },
  filtered: async ({ id, startBlock }) => {
    const blocks = await network.getFilteredBlockEvents({ startBlock: BigInt(startBlock) })
    void follow(id, blocks, block => block.toObject())
  },
  private: async ({ id, startBlock }) => {
    const blocks = await network.getBlockAndPrivateDataEvents({ startBlock: BigInt(startBlock) })
    void follow(id, blocks, privateOf)
  },
  stop: async ({ id }) => streams.get(id)?.close(),
  close: async () => {
    for (const stream of streams.values()) stream.close()
    gateway.close()
    client.close()
  },
}

const statusOf = ({ transactionId, code, blockNumber, successful }) => ({
  txId: transactionId,
  code,
  blockNumber: Number(blockNumber),
  successful,
})

const errorOf = error => ({
  name: error.constructor.name,
  message: error.message,
  code: error.code,
  details: error.details,
})

parentPort.on('message', async ({ call, command, argument }) => {
  try {
    parentPort.postMessage({ call, answer: await commands[command](argument) })
  } catch (error) {
    parentPort.postMessage({ call, error: errorOf(error) })
  }
  if (command === 'close') parentPort.close()
})
