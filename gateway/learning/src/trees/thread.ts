/** One thread of a crew. The first one tells of the trees, and what came of it. */
import { parentPort, workerData } from 'node:worker_threads'
import { boost, type Task } from './boost.ts'
import { answeredTogether, type Crew } from './crew.ts'
import type { TreeModel } from './model.ts'

export interface Order {
  readonly task: Task
  readonly crew: Crew
}

export type Said =
  | { readonly kind: 'TREE'; readonly tree: number; readonly loss: number | undefined }
  | { readonly kind: 'MODEL'; readonly model: TreeModel }

const { task, crew } = workerData as Order
const isFirst = crew.at === 0
const say = (said: Said): void => parentPort?.postMessage(said)
const model = answeredTogether(
  boost({
    ...task,
    share: { at: crew.at, of: crew.of },
    ...(isFirst ? { onTree: (tree, loss) => say({ kind: 'TREE', tree, loss }) } : {}),
  }),
  crew,
)
if (isFirst) say({ kind: 'MODEL', model })
