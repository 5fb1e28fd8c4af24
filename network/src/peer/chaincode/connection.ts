import { peer } from '@hyperledger/fabric-protos'
import { tryDecode } from '../wire/decode.ts'
import type { PeerLog } from '../types.ts'
import type { Binding } from './bindings.ts'
import type { ChaincodeLink, OpenLink } from './link.ts'
import { answerRequest, chaincodeMessage, isRequest, typeName } from './requests.ts'
import { closeQueries, type OpenTransaction, type TransactionScope } from './transaction.ts'

const Type = peer.ChaincodeMessage.Type
const NO_TRANSACTION = { txId: '', channelId: '' }

/** Texts of the original: the gateway's choice between retry and refusal hangs on them. */
export const STREAM_TERMINATED = 'chaincode stream terminated'
export const TIMEOUT_EXPIRED = 'timeout expired while executing transaction'

/** Batches that chaincode written with a newer shim may send; the Node shim ignores the offer. */
const BATCH_SIZE_MAX = 1000

export interface Execution {
  readonly scope: TransactionScope
  readonly input: peer.ChaincodeInput
  readonly isInit: boolean
}

interface Waiting {
  resolve(): void
  reject(error: Error): void
}

const keyOf = (channelId: string, txId: string): string => `${channelId}\u0000${txId}`

function readyMessage(): peer.ChaincodeMessage {
  const offer = new peer.ChaincodeAdditionalParams()
  offer.setUseWriteBatch(true)
  offer.setMaxSizeWriteBatch(BATCH_SIZE_MAX)
  offer.setUseGetMultipleKeys(true)
  offer.setMaxSizeGetMultipleKeys(BATCH_SIZE_MAX)
  return chaincodeMessage(Type.READY, NO_TRANSACTION, offer.serializeBinary())
}

/**
 * The stream to one chaincode process. It registers once, then any number of transactions
 * interleave on it. When it breaks, every transaction on it fails and it is never used again.
 */
export class ChaincodeConnection {
  private readonly binding: Binding
  private readonly log: PeerLog
  private readonly link: ChaincodeLink
  private readonly open = new Map<string, OpenTransaction>()
  private state: 'registering' | 'ready' | 'broken' = 'registering'
  private brokenBecause = ''
  private readonly waiting: Waiting[] = []
  private onBroken: () => void = () => undefined

  constructor(binding: Binding, openLink: OpenLink, log: PeerLog) {
    this.binding = binding
    this.log = log
    this.link = openLink(binding, {
      received: message => this.received(message),
      broken: reason => this.broken(reason),
    })
  }

  /** Resolves when the chaincode has registered under the expected package id. */
  ready(timeoutMs: number): Promise<void> {
    if (this.state === 'ready') return Promise.resolve()
    if (this.state === 'broken') return Promise.reject(new Error(this.brokenBecause))
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.end('the chaincode did not register in time'), timeoutMs)
      const settle = (act: () => void) => () => {
        clearTimeout(timer)
        act()
      }
      this.waiting.push({ resolve: settle(resolve), reject: e => settle(() => reject(e))() })
    })
  }

  /** Calls the handler when the stream has ended, at once if it has already. */
  whenBroken(handler: () => void): void {
    this.onBroken = handler
    if (this.state === 'broken') handler()
  }

  get transactionsOpen(): number {
    return this.open.size
  }

  /** Resolves with COMPLETED or ERROR as the chaincode sent it; rejects on timeout and break. */
  execute(execution: Execution, timeoutMs: number): Promise<peer.ChaincodeMessage> {
    const { scope } = execution
    const key = keyOf(scope.channelId, scope.txId)
    if (this.state !== 'ready') return Promise.reject(new Error(STREAM_TERMINATED))
    if (this.open.has(key)) {
      return Promise.reject(new Error(`txid: ${scope.txId}(${scope.channelId}) exists`))
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => open.fail(TIMEOUT_EXPIRED), timeoutMs)
      const end = (): void => {
        clearTimeout(timer)
        this.open.delete(key)
        closeQueries(open)
      }
      const open: OpenTransaction = {
        scope,
        isInit: execution.isInit,
        queries: new Map(),
        busy: false,
        queriesOpened: 0,
        bytesWritten: 0,
        finish: message => {
          end()
          resolve(message)
        },
        fail: reason => {
          end()
          reject(new Error(reason))
        },
      }
      this.open.set(key, open)
      this.link.send(startMessage(execution))
    })
  }

  end(reason: string): void {
    this.broken(reason)
    this.link.close()
  }

  private received(message: peer.ChaincodeMessage): void {
    const type = message.getType()
    if (type === Type.KEEPALIVE) return
    if (this.state === 'registering') this.register(message)
    else if (type === Type.COMPLETED || type === Type.ERROR) this.completed(message)
    else if (isRequest(type)) void this.request(message)
    else this.end(`unexpected message ${typeName(type)} from the chaincode`)
  }

  private register(message: peer.ChaincodeMessage): void {
    if (message.getType() !== Type.REGISTER) {
      this.end(`unexpected message ${typeName(message.getType())} before registration`)
      return
    }
    const name = tryDecode(peer.ChaincodeID, message.getPayload_asU8())?.getName()
    if (name !== this.binding.packageId) {
      this.end(`the chaincode at ${this.binding.address} registered as '${name ?? ''}'`)
      return
    }
    this.link.send(chaincodeMessage(Type.REGISTERED, NO_TRANSACTION))
    this.link.send(readyMessage())
    this.state = 'ready'
    this.log.info({ package: name, address: this.binding.address }, 'chaincode ready')
    for (const { resolve } of this.waiting.splice(0)) resolve()
  }

  private completed(message: peer.ChaincodeMessage): void {
    // An answer that comes after the timeout finds nobody waiting, and is dropped.
    this.open.get(keyOf(message.getChannelId(), message.getTxid()))?.finish(message)
  }

  private async request(message: peer.ChaincodeMessage): Promise<void> {
    const at = { txId: message.getTxid(), channelId: message.getChannelId() }
    const open = this.open.get(keyOf(at.channelId, at.txId))
    if (!open) {
      const text = `${typeName(message.getType())} failed: transaction ID: ${at.txId}: no ledger context`
      this.link.send(chaincodeMessage(Type.ERROR, at, Buffer.from(text)))
      return
    }
    if (open.busy) {
      this.log.warn({ txId: at.txId }, 'chaincode sent a second request before the answer')
      return
    }
    open.busy = true
    const answer = await answerRequest(open, message)
    open.busy = false
    this.link.send(answer)
  }

  private broken(reason: string): void {
    if (this.state === 'broken') return
    this.state = 'broken'
    this.brokenBecause = reason
    this.log.warn({ package: this.binding.packageId, reason }, 'chaincode stream ended')
    for (const { reject } of this.waiting.splice(0)) reject(new Error(reason))
    for (const open of [...this.open.values()]) open.fail(STREAM_TERMINATED)
    this.onBroken()
  }
}

function startMessage({ scope, input, isInit }: Execution): peer.ChaincodeMessage {
  const message = chaincodeMessage(
    isInit ? Type.INIT : Type.TRANSACTION,
    scope,
    input.serializeBinary(),
  )
  message.setProposal(scope.proposal)
  return message
}
