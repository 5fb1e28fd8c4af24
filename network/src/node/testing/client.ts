import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { inFolder } from '../folder.ts'

export interface TestCall {
  chaincode: string
  name: string
  args?: string[]
  transient?: Record<string, string>
  organizations?: string[]
  timeoutMs?: number
}

export interface SubmitResult {
  txId: string
  code: number
  blockNumber: number
  result: string
}

export class TestCallError extends Error {
  readonly code: number | undefined
  readonly details: string[]

  constructor(shape: { message: string; code?: number; details: string[] }) {
    super([shape.message, ...shape.details].join('; '))
    this.code = shape.code
    this.details = shape.details
  }
}

interface Connection {
  organizations: {
    mspId: string
    peers: { name: string; endpoint: string; hostOverride: string; tlsCACert: string }[]
    users: { name: string; certificate: string; key: string }[]
  }[]
}

interface Answer {
  id: number
  answer?: unknown
  error?: { message: string; code?: number; details: string[] }
}

/** What DIR/connection.json says of an organisation. */
export function connectionOf(dir: string, mspId: string): Connection['organizations'][number] {
  const connection = JSON.parse(readFileSync(inFolder.connection(dir), 'utf8')) as Connection
  const own = connection.organizations.find(each => each.mspId === mspId)
  if (!own) throw new Error(`connection.json has no ${mspId}`)
  return own
}

/** An unmodified fabric-gateway client that reads DIR/connection.json. */
export class TestClient {
  #worker: Worker
  #pending = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>()
  #calls = 0

  /** A user of an organisation at the organisation's first peer, or at the peer named. */
  constructor(dir: string, options: { mspId: string; channel: string; peer?: string }) {
    const connection = JSON.parse(readFileSync(inFolder.connection(dir), 'utf8')) as Connection
    const own = connection.organizations.find(each => each.mspId === options.mspId)
    const peers = connection.organizations.flatMap(each => each.peers)
    const peer = options.peer ? peers.find(each => each.name === options.peer) : own?.peers[0]
    const workerData = { peer, user: own?.users[0], mspId: options.mspId, channel: options.channel }
    const file = new URL('./client-worker.mjs', import.meta.url)
    this.#worker = new Worker(file, { workerData, execArgv: [] })
    this.#worker.on('message', (message: Answer) => this.#settle(message))
  }

  evaluate(call: TestCall): Promise<string> {
    return this.#command<string>('evaluate', call)
  }

  submit(call: TestCall): Promise<SubmitResult> {
    return this.#command<SubmitResult>('submit', call)
  }

  events(options: {
    chaincode: string
    startBlock: number
    count: number
  }): Promise<{ eventName: string; transactionId: string; payload: string }[]> {
    return this.#command('events', options)
  }

  privateCollections(range: { first: number; last: number }): Promise<string[]> {
    return this.#command('privateCollections', range)
  }

  async close(): Promise<void> {
    await this.#command('close', {})
    await this.#worker.terminate()
  }

  #command<T>(command: string, argument: object): Promise<T> {
    const id = (this.#calls += 1)
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(id, { resolve: answer => resolve(answer as T), reject })
      this.#worker.postMessage({ id, command, argument })
    })
  }

  #settle({ id, answer, error }: Answer): void {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    if (error) pending?.reject(new TestCallError(error))
    else pending?.resolve(answer)
  }
}
