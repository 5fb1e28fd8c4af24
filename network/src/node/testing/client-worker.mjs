/**
 * An unmodified fabric-gateway client in a thread of its own: two versions of the generated protobuf classes cannot share
 * one global scope. It connects with nothing but what DIR/connection.json says.
 */
import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { Client, credentials } from '@grpc/grpc-js'
import { connect, hash, signers } from '@hyperledger/fabric-gateway'

const { peer, user, mspId, channel } = workerData
const client = new Client(peer.endpoint, credentials.createSsl(readFileSync(peer.tlsCACert)), {
  'grpc.ssl_target_name_override': peer.hostOverride,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 500,
})
const gateway = connect({
  client,
  identity: { mspId, credentials: readFileSync(user.certificate) },
  signer: signers.newPrivateKeySigner(createPrivateKey(readFileSync(user.key))),
  hash: hash.sha256,
})
const network = gateway.getNetwork(channel)
const deadline = ms => ({ deadline: Date.now() + ms })

const proposalOf = ({ chaincode, name, args = [], transient, organizations }) =>
  network.getContract(chaincode).newProposal(name, {
    arguments: args,
    ...(transient ? { transientData: transient } : {}),
    ...(organizations ? { endorsingOrganizations: organizations } : {}),
  })

const commands = {
  evaluate: async call => Buffer.from(await proposalOf(call).evaluate()).toString('utf8'),
  submit: async call => {
    const { timeoutMs = 15_000 } = call
    const transaction = await proposalOf(call).endorse(deadline(timeoutMs))
    const commit = await transaction.submit(deadline(timeoutMs))
    const status = await commit.getStatus(deadline(timeoutMs))
    return {
      txId: status.transactionId,
      code: status.code,
      blockNumber: Number(status.blockNumber),
      result: Buffer.from(transaction.getResult()).toString('utf8'),
    }
  },
  /** The first `count` events from a block on. */
  events: async ({ chaincode, startBlock, count }) => {
    const stream = await network.getChaincodeEvents(chaincode, { startBlock: BigInt(startBlock) })
    const events = []
    for await (const event of stream) {
      const { eventName, transactionId } = event
      events.push({ eventName, transactionId, payload: Buffer.from(event.payload).toString() })
      if (events.length === count) break
    }
    stream.close()
    return events
  },
  /** Namespaces and collections of private data in blocks first..last, as this organisation sees them. */
  privateCollections: async ({ first, last }) => {
    const stream = await network.getBlockAndPrivateDataEvents({ startBlock: BigInt(first) })
    const seen = []
    for await (const message of stream) {
      for (const [, set] of message.getPrivateDataMapMap().entries())
        for (const namespace of set.getNsPvtRwsetList())
          for (const collection of namespace.getCollectionPvtRwsetList())
            seen.push(`${namespace.getNamespace()}/${collection.getCollectionName()}`)
      if (message.getBlock().getHeader().getNumber() >= last) break
    }
    stream.close()
    return seen
  },
  close: async () => {
    gateway.close()
    client.close()
  },
}

parentPort.on('message', async ({ id, command, argument }) => {
  try {
    parentPort.postMessage({ id, answer: await commands[command](argument) })
  } catch (error) {
    const details = (error.details ?? []).map(detail => detail.message)
    parentPort.postMessage({ id, error: { message: error.message, code: error.code, details } })
  }
  if (command === 'close') parentPort.close()
})
