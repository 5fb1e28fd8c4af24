/**
 * The text of a document. Documents come from outside and the readers of their formats are large, so they are read in
 * a thread that is ended when it takes too long or too much, and begun anew after a document that harmed it.
 */
import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import {
  LIMITS,
  refused,
  type Extraction,
  type Hints,
  type Limits,
  type RefusalCode,
} from './extract/outcome.ts'
import type { Order } from './extract/worker.ts'

export type {
  DocumentKind,
  Extraction,
  Hints,
  Limits,
  RefusalCode,
  Warning,
} from './extract/outcome.ts'

export interface Extractor {
  /** One document after the other; never rejects. */
  extract(bytes: Uint8Array, hints?: Hints): Promise<Extraction>
  close(): Promise<void>
}

/** After these the thread is still at work, or its memory may be anything. */
const HARMFUL = new Set<RefusalCode>([
  'TIME_LIMIT',
  'MEMORY_LIMIT',
  'PDF_MALFORMED',
  'READER_FAILED',
])

export function openExtractor(changed: Partial<Limits> = {}): Extractor {
  const limits = { ...LIMITS, ...changed }
  let last: Promise<unknown> = Promise.resolve()
  let worker: Worker | undefined

  async function end(): Promise<void> {
    const ended = worker
    worker = undefined
    await ended?.terminate()
  }

  async function read(bytes: Uint8Array, hints: Hints): Promise<Extraction> {
    if (bytes.length === 0) return refused('EMPTY')
    if (bytes.length > limits.bytes) return refused('BYTES_LIMIT')
    worker ??= startWorker(limits)
    const extraction = await ask(worker, { bytes, hints, limits })
    if (extraction.outcome === 'REFUSED' && HARMFUL.has(extraction.code)) await end()
    return extraction
  }

  return {
    extract(bytes, hints = {}) {
      const turn = last.then(() => read(bytes, hints))
      last = turn.catch(() => undefined)
      return turn
    },
    async close() {
      await last
      await end()
    },
  }
}

function startWorker({ memoryMb }: Limits): Worker {
  // By its name, so that it is found from the sources, from what is compiled, and from a bundle.
  const file = createRequire(import.meta.url).resolve(
    '@triflow/gateway/lakehouse/documents/extract/worker',
  )
  const worker = new Worker(file, {
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    stdout: true,
    stderr: true,
  })
  // What a reader complains about is said in its answer; what comes after that is of a thread that is being ended.
  worker.stdout.resume()
  worker.stderr.resume()
  worker.on('error', () => undefined)
  // An idle reader keeps no process alive.
  worker.unref()
  return worker
}

function ask(worker: Worker, order: Order): Promise<Extraction> {
  return new Promise(resolve => {
    const timer = setTimeout(() => answer(refused('TIME_LIMIT')), order.limits.timeMs)
    const onError = (error: Error & { code?: string }): void =>
      answer(refused(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'MEMORY_LIMIT' : 'READER_FAILED'))
    const onExit = (): void => answer(refused('READER_FAILED'))
    const answer = (extraction: Extraction): void => {
      clearTimeout(timer)
      worker.off('message', answer).off('error', onError).off('exit', onExit)
      resolve(extraction)
    }
    worker.on('message', answer).on('error', onError).on('exit', onExit)
    worker.postMessage(order)
  })
}
