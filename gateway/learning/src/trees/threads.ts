/** Grows a model in threads of their own: whoever asks goes on meanwhile. */
import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import type { Labelled } from '../table.ts'
import { createMeeting } from './crew.ts'
import type { TreeModel } from './model.ts'
import type { Order, Said } from './thread.ts'
import { prepare, type TrainOptions } from './train.ts'

export interface ThreadOptions extends TrainOptions {
  readonly threads: number
  /** Ends the threads; the promise is rejected with its reason. */
  readonly signal?: AbortSignal
}

/**
 * The same model as `train` gives, whatever the number of threads.
 *
 * @throws LearningFault as `train` does; the reason of the signal.
 */
export async function trainInThreads(
  learnt: Labelled,
  { threads, signal, ...options }: ThreadOptions,
): Promise<TreeModel> {
  signal?.throwIfAborted()
  const { onTree, ...task } = prepare(learnt, options, true)
  // A thread without a column of its own would only take part in the meetings.
  const of = Math.max(1, Math.min(threads, task.rows.bins.words.length))
  const meeting = createMeeting(of)
  const orders = Array.from({ length: of }, (_, at): Order => ({ task, crew: { at, ...meeting } }))
  const workers = orders.map(startThread)
  const settled = new AbortController()
  try {
    return await said(workers, { signal, onTree, settled: settled.signal })
  } finally {
    settled.abort()
    await Promise.all(workers.map(worker => worker.terminate()))
  }
}

/** By its name, so that it is found from the sources, from what is compiled, and from a bundle. */
const startThread = (order: Order): Worker =>
  new Worker(createRequire(import.meta.url).resolve('@triflow/learning/trees/thread'), {
    workerData: order,
  })

interface Told {
  readonly signal: AbortSignal | undefined
  readonly onTree: ThreadOptions['onTree'] | undefined
  /** Then nobody listens to `signal`, which may outlive many trainings. */
  readonly settled: AbortSignal
}

function said(workers: readonly Worker[], { signal, onTree, settled }: Told): Promise<TreeModel> {
  return new Promise((resolve, reject) => {
    const refuse = (): void => reject(signal?.reason as Error)
    signal?.addEventListener('abort', refuse, { once: true, signal: settled })
    for (const worker of workers) {
      worker.on('error', reject)
      // All others would wait for it for ever.
      worker.on('exit', code => code !== 0 && reject(new Error(`a thread ended with ${code}`)))
    }
    workers[0]?.on('message', (message: Said) => {
      if (message.kind === 'MODEL') resolve(message.model)
      else onTree?.(message.tree, message.loss)
    })
  })
}
