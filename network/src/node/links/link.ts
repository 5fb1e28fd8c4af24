// One link: an authenticated connection to another node that carries frames, and requests with their responses.
// Invariants: a link never throws into the code that uses it; what it cannot send is dropped and counted (frames)
// or refused (requests); whatever is malformed closes the link.
import type { TLSSocket } from 'node:tls'
import { textOf } from '../fault.ts'
import {
  FRAME,
  FrameFault,
  FrameReader,
  frameHead,
  readRequest,
  requestHead,
  type Frame,
  type FrameType,
} from './frames.ts'

const VERSION = 1
const OUTCOME = { done: 0, refused: 1 } as const

export interface LinkLimits {
  frameBytesMax: number
  /** Bytes waiting to be sent; above it, frames are dropped and requests refused. */
  queueBytesMax: number
  /** Requests of the other end being worked on at once. */
  requestsMax: number
  /** A link that is silent for this long is pinged, and closed when it stays silent as long again. */
  idleMs: number
}

export const LINK_LIMITS: LinkLimits = {
  frameBytesMax: 66 * 1024 * 1024,
  queueBytesMax: 132 * 1024 * 1024,
  requestsMax: 2_000,
  idleMs: 5_000,
}

export interface LinkHandlers {
  onFrame(type: FrameType, payload: Uint8Array): void
  onRequest(method: number, body: Uint8Array): Promise<Uint8Array>
  onReady(): void
  onClose(reason: string): void
  count(outcome: string): void
}

interface Pending {
  resolve(body: Uint8Array): void
  reject(error: Error): void
  timer: NodeJS.Timeout
}

export class Link {
  #socket: TLSSocket
  #handlers: LinkHandlers
  #limits: LinkLimits
  #reader: FrameReader
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #flushPlanned = false
  #pending = new Map<number, Pending>()
  #nextId = 1
  #serving = 0
  #ready = false
  #closed = false
  #heardAt = Date.now()
  #timer: NodeJS.Timeout

  constructor(socket: TLSSocket, handlers: LinkHandlers, limits: LinkLimits) {
    this.#socket = socket
    this.#handlers = handlers
    this.#limits = limits
    this.#reader = new FrameReader(limits.frameBytesMax)
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    socket.on('error', error => this.close(error.message))
    socket.on('close', () => this.close('closed by the other end'))
    this.#timer = setInterval(() => this.#checkIdle(), limits.idleMs)
    this.#timer.unref()
    this.send(FRAME.hello, Buffer.from([VERSION]))
  }

  /** Queues a frame; false when it was dropped. Frames queued in one turn of the event loop leave in one write. */
  send(type: FrameType, ...parts: Uint8Array[]): boolean {
    const bytes = parts.reduce((total, part) => total + part.length, 0)
    if (this.#closed) return false
    const queued = this.#waitingBytes + this.#socket.writableLength + bytes
    if (queued > this.#limits.queueBytesMax || bytes + 1 > this.#limits.frameBytesMax) {
      this.#handlers.count('dropped_queue_full')
      return false
    }
    this.#waiting.push(
      frameHead(type, bytes),
      ...parts.map(part => Buffer.from(part.buffer, part.byteOffset, part.length)),
    )
    this.#waitingBytes += bytes + 5
    if (!this.#flushPlanned) {
      this.#flushPlanned = true
      setImmediate(() => this.#flush())
    }
    return true
  }

  /** Rejects with the other end's message, or when the link closes, is full or `timeoutMs` pass. */
  request(method: number, body: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const id = this.#nextId
      this.#nextId = (this.#nextId % 0xffffffff) + 1
      if (!this.send(FRAME.request, requestHead(id, method), body))
        return reject(new Error('the link is down or full'))
      const timer = setTimeout(() => {
        this.#pending.delete(id)
        reject(new Error(`no answer within ${timeoutMs} ms`))
      }, timeoutMs)
      this.#pending.set(id, { resolve, reject, timer })
    })
  }

  close(reason: string): void {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#timer)
    this.#socket.destroy()
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer)
      reject(new Error(`the link closed: ${reason}`))
    }
    this.#pending.clear()
    this.#handlers.onClose(reason)
  }

  #flush(): void {
    this.#flushPlanned = false
    if (this.#closed) return
    const [first, ...rest] = this.#waiting
    const bytes = first && rest.length === 0 ? first : Buffer.concat(this.#waiting)
    this.#waiting = []
    this.#waitingBytes = 0
    this.#socket.write(bytes)
  }

  #onData(chunk: Buffer): void {
    if (this.#closed) return
    this.#heardAt = Date.now()
    try {
      for (const frame of this.#reader.push(chunk)) this.#onFrame(frame)
    } catch (error) {
      this.#handlers.count(error instanceof FrameFault ? error.code.toLowerCase() : 'frame_fault')
      this.close(textOf(error))
    }
  }

  #onFrame({ type, payload }: Frame): void {
    if (!this.#ready) return this.#onHello(type, payload)
    switch (type) {
      case FRAME.hello:
        throw new FrameFault('FRAME_MALFORMED', 'a second hello')
      case FRAME.ping:
        this.send(FRAME.pong)
        return
      case FRAME.pong:
        return
      case FRAME.request:
        this.#serve(payload)
        return
      case FRAME.response:
        this.#settle(payload)
        return
      case FRAME.consensus:
      case FRAME.status:
        this.#handlers.onFrame(type, payload)
    }
  }

  #onHello(type: FrameType, payload: Uint8Array): void {
    if (type !== FRAME.hello || payload.length !== 1)
      throw new FrameFault('FRAME_MALFORMED', 'no hello')
    if (payload[0] !== VERSION)
      throw new FrameFault('FRAME_MALFORMED', `the other end speaks version ${payload[0]}`)
    this.#ready = true
    this.#handlers.onReady()
  }

  #serve(payload: Uint8Array): void {
    const { id, code, body } = readRequest(payload)
    if (this.#serving >= this.#limits.requestsMax) {
      this.#handlers.count('refused_too_many_requests')
      this.#answer(id, OUTCOME.refused, Buffer.from('too many requests'))
      return
    }
    this.#serving += 1
    this.#handlers
      .onRequest(code, body)
      .then(
        answer => this.#answer(id, OUTCOME.done, answer),
        (error: unknown) => this.#answer(id, OUTCOME.refused, Buffer.from(textOf(error))),
      )
      .finally(() => {
        this.#serving -= 1
      })
  }

  #answer(id: number, outcome: number, body: Uint8Array): void {
    this.send(FRAME.response, requestHead(id, outcome), body)
  }

  #settle(payload: Uint8Array): void {
    const { id, code, body } = readRequest(payload)
    const pending = this.#pending.get(id)
    if (!pending) return this.#handlers.count('response_late')
    this.#pending.delete(id)
    clearTimeout(pending.timer)
    if (code === OUTCOME.done) pending.resolve(body)
    else pending.reject(new Error(Buffer.from(body).toString('utf8')))
  }

  #checkIdle(): void {
    const silentMs = Date.now() - this.#heardAt
    if (silentMs > 3 * this.#limits.idleMs) this.close('silent for too long')
    else if (silentMs >= this.#limits.idleMs) this.send(FRAME.ping)
  }
}
