/**
 * The one module that speaks to the ledger. It knows the Fabric Gateway protocol and nothing of trade;
 * which engine answers (embedded ledger or Hyperledger Fabric) cannot be seen from here.
 */
import { readFileSync } from 'node:fs'
import * as grpc from '@grpc/grpc-js'
import { connect, hash, StatusCode, type Gateway, type Network } from '@hyperledger/fabric-gateway'
import { common, gateway as gatewayProtos, msp } from '@hyperledger/fabric-protos'
import type { Operation } from '@triflow/chaincode/model'
import type { Config } from '../config.ts'
import type { Log } from '../log.ts'
import { readBlock, type LedgerBlock } from './blocks.ts'
import { endorsementOutcome, grpcCode } from './errors.ts'
import type { Outcome } from './outcome.ts'
import type { LedgerIdentity } from './signer.ts'

/** An endorsed and signed transaction: these bytes are stored before they are sent. */
export interface Prepared {
  readonly txId: string
  readonly envelope: Uint8Array
  readonly result: Uint8Array
}

export interface Ledger {
  evaluate(identity: LedgerIdentity, operation: Operation): Promise<Uint8Array>
  /** Endorses and signs; nothing leaves for ordering. */
  endorse(identity: LedgerIdentity, operation: Operation): Promise<Prepared | Outcome>
  /** Sends the stored bytes. Whether the ledger took them is not said: `status` is. */
  submit(prepared: Prepared): Promise<void>
  /** Asks for the fate of a transaction, waiting up to `timeoutMs` for its commit. */
  status(txId: string, timeoutMs: number): Promise<Outcome>
  /** How many blocks the peer has. */
  height(): Promise<bigint>
  /** Blocks with this organisation's private values, from `first` on, for ever. */
  blocks(first: bigint, signal: AbortSignal): AsyncIterable<LedgerBlock>
  close(): void
}

const ENDORSE_MS = 30_000
const SUBMIT_MS = 15_000
const EVALUATE_MS = 10_000
const MESSAGE_MAX = 100 * 1024 * 1024
const IDENTITIES_MAX = 64

export function isPrepared(value: Prepared | Outcome): value is Prepared {
  return 'envelope' in value
}

export interface LedgerOptions {
  readonly config: Config['ledger']
  readonly own: LedgerIdentity
  readonly log: Log
}

export function openLedger(options: LedgerOptions): Ledger {
  const connections = createConnections(options)
  const { channel } = options.config
  return {
    evaluate: (identity, operation) =>
      connections.proposal(identity, operation).evaluate({ deadline: Date.now() + EVALUATE_MS }),
    endorse: (identity, operation) => endorse(connections, identity, operation),
    async submit(prepared) {
      const transaction = connections.gateway(options.own).newTransaction(prepared.envelope)
      try {
        await transaction.submit({ deadline: Date.now() + SUBMIT_MS })
      } catch (error) {
        connections.noteFailure(error)
        options.log.warn({ txId: prepared.txId, grpc: grpcCode(error) }, 'submit not acknowledged')
      }
    },
    async status(txId, timeoutMs) {
      try {
        const request = statusRequest(txId, channel, options.own)
        const commit = connections.gateway(options.own).newCommit(request)
        const status = await commit.getStatus({ deadline: Date.now() + timeoutMs })
        if (status.code === StatusCode.VALID)
          return { kind: 'committed', blockNumber: status.blockNumber }
        return { kind: 'invalid', code: codeName(status.code), blockNumber: status.blockNumber }
      } catch (error) {
        connections.noteFailure(error)
        return { kind: 'unknown', detail: `grpc ${grpcCode(error) ?? 'error'}` }
      }
    },
    async height() {
      const system = connections.gateway(options.own).getNetwork(channel).getContract('qscc')
      const proposal = system.newProposal('GetChainInfo', { arguments: [channel] })
      const answer = await proposal.evaluate({ deadline: Date.now() + EVALUATE_MS })
      return BigInt(common.BlockchainInfo.deserializeBinary(answer).getHeight())
    },
    blocks: (first, signal) =>
      follow(connections.gateway(options.own).getNetwork(channel), options, first, signal),
    close: () => connections.close(),
  }
}

type Connections = ReturnType<typeof createConnections>

/** One gRPC connection for all identities; a gateway object per identity, kept while it is used. */
function createConnections({ config }: LedgerOptions) {
  const clients = createClients(config)
  const gateways = new Map<string, Gateway>()

  function gateway(identity: LedgerIdentity): Gateway {
    const name = Buffer.from(identity.identity.credentials).toString('latin1')
    const known = gateways.get(name)
    if (known) return known
    if (gateways.size >= IDENTITIES_MAX) gateways.clear()
    const made = connect({
      client: clients.current(),
      identity: identity.identity,
      signer: identity.sign,
      hash: hash.none,
    })
    gateways.set(name, made)
    return made
  }

  return {
    gateway,
    proposal(identity: LedgerIdentity, operation: Operation) {
      const network = gateway(identity).getNetwork(config.channel)
      const contract = network.getContract(config.chaincode, operation.contract)
      const { endorsingOrganizations } = operation
      return contract.newProposal(operation.function, {
        arguments: [...operation.args],
        transientData: { ...operation.transient },
        ...(endorsingOrganizations.length > 0
          ? { endorsingOrganizations: [...endorsingOrganizations] }
          : {}),
      })
    },
    /** A peer that cannot be reached: the next call goes to the next one of the list. */
    noteFailure(error: unknown): void {
      if (grpcCode(error) === grpc.status.UNAVAILABLE && clients.rotate()) gateways.clear()
    },
    close(): void {
      for (const one of gateways.values()) one.close()
      clients.close()
    },
  }
}

async function endorse(
  connections: Connections,
  identity: LedgerIdentity,
  operation: Operation,
): Promise<Prepared | Outcome> {
  try {
    const proposal = connections.proposal(identity, operation)
    const transaction = await proposal.endorse({ deadline: Date.now() + ENDORSE_MS })
    const signature = await identity.sign(transaction.getDigest())
    const signed = connections
      .gateway(identity)
      .newSignedTransaction(transaction.getBytes(), signature)
    return {
      txId: transaction.getTransactionId(),
      envelope: signed.getBytes(),
      result: transaction.getResult(),
    }
  } catch (error) {
    connections.noteFailure(error)
    return endorsementOutcome(error)
  }
}

/** The library makes such a request only from a live submit; after a restart we make it from the id. */
function statusRequest(txId: string, channel: string, own: LedgerIdentity): Uint8Array {
  const request = new gatewayProtos.CommitStatusRequest()
  request.setTransactionId(txId)
  request.setChannelId(channel)
  request.setIdentity(serializedIdentity(own))
  const signed = new gatewayProtos.SignedCommitStatusRequest()
  signed.setRequest(request.serializeBinary())
  return signed.serializeBinary()
}

function serializedIdentity({ identity }: LedgerIdentity): Uint8Array {
  const serialized = new msp.SerializedIdentity()
  serialized.setMspid(identity.mspId)
  serialized.setIdBytes(identity.credentials)
  return serialized.serializeBinary()
}

const CODE_NAMES = new Map(Object.entries(StatusCode).map(([name, code]) => [Number(code), name]))

/** The name of a validation code, e.g. MVCC_READ_CONFLICT. */
export function codeName(code: number): string {
  return CODE_NAMES.get(code) ?? String(code)
}

function createClients(config: Config['ledger']) {
  let index = 0
  const clients = config.peers.map(peer => {
    const credentials = grpc.credentials.createSsl(readFileSync(peer.tlsCaFile))
    return new grpc.Client(peer.endpoint, credentials, {
      ...(peer.hostOverride
        ? {
            'grpc.ssl_target_name_override': peer.hostOverride,
            'grpc.default_authority': peer.hostOverride,
          }
        : {}),
      'grpc.max_receive_message_length': MESSAGE_MAX,
      'grpc.max_send_message_length': MESSAGE_MAX,
      // Fabric answers more frequent pings with GOAWAY.
      'grpc.keepalive_time_ms': 120_000,
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 2_000,
    })
  })
  return {
    current(): grpc.Client {
      return clients[index] as grpc.Client
    },
    rotate(): boolean {
      index = (index + 1) % clients.length
      return clients.length > 1
    },
    close() {
      for (const client of clients) client.close()
    },
  }
}

async function* follow(
  network: Network,
  options: LedgerOptions,
  first: bigint,
  signal: AbortSignal,
): AsyncIterable<LedgerBlock> {
  const events = await network.getBlockAndPrivateDataEvents({ startBlock: first })
  const stop = (): void => events.close()
  signal.addEventListener('abort', stop, { once: true })
  try {
    for await (const event of events) {
      yield readBlock(event, options.config.chaincode)
    }
  } finally {
    signal.removeEventListener('abort', stop)
    events.close()
  }
}
