import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import type { TestNetwork, TestPeer } from './network.ts'

export interface Call {
  readonly chaincode: string
  readonly name: string
  readonly args?: readonly string[]
  readonly transient?: Readonly<Record<string, Uint8Array>>
  readonly endorsingOrganizations?: readonly string[]
  readonly channelId?: string
  readonly endorse?: boolean
}

export interface CommitOutcome {
  readonly txId: string
  readonly code: number
  readonly blockNumber: number
  readonly successful: boolean
}

/** What the client's error looks like to an application. */
export class ClientError extends Error {
  readonly code: number | undefined
  readonly kind: string
  readonly details: readonly { address: string; mspId: string; message: string }[]

  constructor(shape: ErrorShape) {
    super(shape.message)
    this.name = 'ClientError'
    this.kind = shape.name
    this.code = shape.code
    this.details = shape.details ?? []
  }
}

interface ErrorShape {
  readonly name: string
  readonly message: string
  readonly code?: number
  readonly details?: readonly { address: string; mspId: string; message: string }[]
}

interface WorkerMessage {
  readonly call?: number
  readonly answer?: unknown
  readonly error?: ErrorShape
  readonly stream?: string
  readonly item?: unknown
  readonly failed?: ErrorShape
}

/** Items of one event stream as they came. */
export interface Stream<T> {
  readonly items: T[]
  readonly failures: ClientError[]
  /** Resolves with the first `count` items. */
  take(count: number): Promise<T[]>
  stop(): Promise<void>
}

async function onlyFile(folder: string): Promise<string> {
  const [name = ''] = await readdir(folder)
  return readFile(path.join(folder, name), 'utf8')
}

const TAKE_DEADLINE_MS = 15_000

export class TestClient {
  private readonly worker: Worker
  private readonly pending = new Map<
    number,
    { resolve(answer: unknown): void; reject(error: Error): void }
  >()
  private readonly streams = new Map<string, { push(item: unknown): void; fail(e: Error): void }>()
  private calls = 0

  /** An unmodified fabric-gateway client of one peer. */
  static async connect(
    network: TestNetwork,
    peer: TestPeer,
    { mspId = peer.mspId, user = 'User1' } = {},
  ): Promise<TestClient> {
    const folder = network.userFolder(mspId, user)
    return new TestClient({
      endpoint: peer.endpoint,
      mspId,
      channelId: network.options.channelId,
      certificate: await onlyFile(path.join(folder, 'signcerts')),
      key: await onlyFile(path.join(folder, 'keystore')),
    })
  }

  private constructor(workerData: object) {
    this.worker = new Worker(new URL('./client-worker.mjs', import.meta.url), {
      workerData,
      execArgv: [],
    })
    this.worker.on('message', (message: WorkerMessage) => this.received(message))
  }

  async evaluate(call: Call): Promise<string> {
    return Buffer.from((await this.command('evaluate', call)) as Uint8Array).toString('utf8')
  }

  async submit(call: Call): Promise<CommitOutcome & { readonly result: string }> {
    const outcome = (await this.command('submit', call)) as CommitOutcome & { result: Uint8Array }
    return { ...outcome, result: Buffer.from(outcome.result).toString('utf8') }
  }

  async endorse(call: Call): Promise<string> {
    return (await this.command('endorse', call)) as string
  }

  async submitEndorsed(txId: string): Promise<void> {
    await this.command('submitEndorsed', { txId })
  }

  async status(txId: string): Promise<CommitOutcome> {
    return (await this.command('status', { txId })) as CommitOutcome
  }

  async badSignature(call: Call): Promise<unknown> {
    return this.command('badSignature', call)
  }

  async follow<T>(
    kind: 'events' | 'blocks' | 'filtered' | 'private',
    options: object,
  ): Promise<Stream<T>> {
    const id = `${kind}-${this.streams.size + 1}`
    const items: T[] = []
    const failures: ClientError[] = []
    const waiting = new Set<() => void>()
    const notify = (): void => waiting.forEach(check => check())
    this.streams.set(id, {
      push: item => {
        items.push(item as T)
        notify()
      },
      fail: error => {
        failures.push(error as ClientError)
        notify()
      },
    })
    await this.command(kind, { id, ...options })
    const take = (count: number): Promise<T[]> =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`${items.length} of ${count} items came`)),
          TAKE_DEADLINE_MS,
        )
        const check = (): void => {
          if (items.length < count && failures.length === 0) return
          clearTimeout(timer)
          waiting.delete(check)
          if (items.length >= count) resolve(items.slice(0, count))
          else reject(failures[0] ?? new Error('the stream failed'))
        }
        waiting.add(check)
        check()
      })
    return {
      items,
      failures,
      take,
      stop: async () => {
        await this.command('stop', { id })
      },
    }
  }

  async close(): Promise<void> {
    await this.command('close', {})
    await this.worker.terminate()
  }

  private command(command: string, argument: object): Promise<unknown> {
    this.calls += 1
    const call = this.calls
    return new Promise((resolve, reject) => {
      this.pending.set(call, { resolve, reject })
      this.worker.postMessage({ call, command, argument })
    })
  }

  private received(message: WorkerMessage): void {
    if (message.stream === undefined) this.answered(message)
    else if (message.failed) this.streams.get(message.stream)?.fail(new ClientError(message.failed))
    else if (message.item !== undefined) this.streams.get(message.stream)?.push(message.item)
  }

  private answered({ call = 0, answer, error }: WorkerMessage): void {
    const pending = this.pending.get(call)
    this.pending.delete(call)
    if (error) pending?.reject(new ClientError(error))
    else pending?.resolve(answer)
  }
}
