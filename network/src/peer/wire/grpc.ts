import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  status as grpcStatus,
} from '@grpc/grpc-js'
import type { PeerLog } from '../types.ts'
import { CallFault, toServiceError } from './faults.ts'

/** Calls of one service that may be in progress at once; the original refuses in these words. */
export class CallLimit {
  private readonly service: string
  private readonly max: number
  private used = 0

  constructor(service: string, max: number) {
    this.service = service
    this.max = max
  }

  get inUse(): number {
    return this.used
  }

  /** @throws CallFault when the limit is reached; the release may be called once. */
  enter(): () => void {
    if (this.used >= this.max) {
      throw new CallFault(
        grpcStatus.UNKNOWN,
        `too many requests for /${this.service}, exceeding concurrency limit (${this.max})`,
      )
    }
    this.used += 1
    let held = true
    return () => {
      if (held) this.used -= 1
      held = false
    }
  }
}

export interface ServiceParts {
  readonly limit: CallLimit
  readonly log: PeerLog
}

interface Cancellable {
  on(event: 'cancelled', listener: () => void): unknown
  readonly cancelled: boolean
}

/** Aborted when the client cancels, its deadline passes, or the connection is lost. */
export function signalOf(call: Cancellable): AbortSignal {
  const controller = new AbortController()
  call.on('cancelled', () => controller.abort())
  if (call.cancelled) controller.abort()
  return controller.signal
}

function report(log: PeerLog, error: unknown, method: string): void {
  if (error instanceof CallFault) {
    log.debug({ method, code: error.code, message: error.message }, 'call refused')
  } else {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    log.error({ method, error: text }, 'call failed')
  }
}

/** The signal is made when it is asked for: most calls end before anybody would look. */
export type Unary<Q, A> = (request: Q, signal: () => AbortSignal) => Promise<A>

export function unary<Q, A>(
  method: string,
  { limit, log }: ServiceParts,
  handle: Unary<Q, A>,
): handleUnaryCall<Q, A> {
  const run = async (call: ServerUnaryCall<Q, A>): Promise<A> => {
    const release = limit.enter()
    try {
      return await handle(call.request, () => signalOf(call))
    } finally {
      release()
    }
  }
  return (call, callback) => {
    run(call).then(
      answer => callback(null, answer),
      (error: unknown) => {
        if (!call.cancelled) report(log, error, method)
        callback(toServiceError(error))
      },
    )
  }
}

interface Writable<T> {
  write(message: T): boolean
  once(event: 'drain', listener: () => void): unknown
  removeListener(event: 'drain', listener: () => void): unknown
}

/** Resolves when the transport can take more, so a slow client slows its own stream only. */
export function sendTo<T>(call: Writable<T>, signal: AbortSignal): (message: T) => Promise<void> {
  return message => {
    if (signal.aborted || call.write(message)) return Promise.resolve()
    return new Promise(resolve => {
      const done = (): void => {
        call.removeListener('drain', done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      call.once('drain', done)
      signal.addEventListener('abort', done)
    })
  }
}

export type Streaming<Q, A> = (
  request: Q,
  outlet: { send(message: A): Promise<void>; readonly signal: AbortSignal },
) => Promise<void>

export function serverStream<Q, A>(
  method: string,
  { limit, log }: ServiceParts,
  handle: Streaming<Q, A>,
): handleServerStreamingCall<Q, A> {
  const run = async (call: ServerWritableStream<Q, A>): Promise<void> => {
    const release = limit.enter()
    const signal = signalOf(call)
    try {
      await handle(call.request, { send: sendTo(call, signal), signal })
    } finally {
      release()
    }
  }
  return call => {
    // A stream that breaks emits an error; it has ended then and nothing is left to do.
    call.on('error', () => undefined)
    run(call).then(
      () => call.end(),
      (error: unknown) => {
        if (!call.cancelled) report(log, error, method)
        call.emit('error', toServiceError(error))
      },
    )
  }
}

/** Messages of a bidirectional stream one after the other; undefined when the client is done. */
export function inbox<Q, A>(
  call: ServerDuplexStream<Q, A>,
  signal: AbortSignal,
): () => Promise<Q | undefined> {
  const queue: Q[] = []
  let ended = false
  let wake: (() => void) | undefined
  const notify = (): void => wake?.()
  call.on('data', (message: Q) => {
    queue.push(message)
    // One request is worked at a time: a client that floods is held back by the transport.
    call.pause()
    notify()
  })
  call.on('end', () => {
    ended = true
    notify()
  })
  signal.addEventListener('abort', notify)
  return async () => {
    while (queue.length === 0 && !ended && !signal.aborted) {
      call.resume()
      await new Promise<void>(resolve => (wake = resolve))
    }
    return signal.aborted ? undefined : queue.shift()
  }
}
