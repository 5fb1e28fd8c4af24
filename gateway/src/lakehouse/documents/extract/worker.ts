/** The thread of the reader. It knows one document at a time and nothing else of the process. */
import { parentPort } from 'node:worker_threads'
import { refused, type Extraction, type Hints, type Limits } from './outcome.ts'
import { readDocument } from './read.ts'

export interface Order {
  readonly bytes: Uint8Array
  readonly hints: Hints
  readonly limits: Limits
}

parentPort?.on('message', (order: Order) => {
  readDocument(order.bytes, order.hints, order.limits)
    .catch((): Extraction => refused('READER_FAILED'))
    .then(extraction => parentPort?.postMessage(extraction))
    .catch(() => undefined)
})
