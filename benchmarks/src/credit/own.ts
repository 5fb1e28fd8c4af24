/** One training of ours, in a process of its own: TASK.json in, one line of JSON out. */
import { readFileSync } from 'node:fs'
import { createExplainer, createScorer, trainInThreads } from '@triflow/learning'
import type { Run, Task } from './task.ts'

const TIMES = 5_000

function timed(work: () => unknown): number {
  for (let at = 0; at < TIMES; at += 1) work()
  const beganMs = performance.now()
  for (let at = 0; at < TIMES; at += 1) work()
  return (performance.now() - beganMs) / 1_000 / TIMES
}

const task = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Task
const bytes = readFileSync(task.file)
const numbers = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8)
const column = (at: number): Float64Array => numbers.subarray(at * task.rows, (at + 1) * task.rows)
const table = {
  columns: Array.from({ length: task.columns }, (_, at) => ({
    name: `x${at}`,
    kind: 'NUMBER' as const,
  })),
  values: Array.from({ length: task.columns }, (_, at) => column(at)),
  rowCount: task.rows,
}
const before = process.resourceUsage().maxRSS
const beganMs = performance.now()
const { trees, leaves, learningRate, threads } = task
const settings = { trees, leaves, learningRate, threads }
const model = await trainInThreads({ table, labels: column(task.columns) }, settings)
const seconds = (performance.now() - beganMs) / 1_000
const memoryMb = (process.resourceUsage().maxRSS - before) / 1_024
const scorer = createScorer(model)
const explainer = createExplainer(scorer)
const row = table.values.map(values => values[0] as number)
const said: Run = {
  seconds,
  memoryMb,
  scoreSeconds: timed(() => scorer.score(row)),
  explainSeconds: timed(() => explainer.explain(row)),
}
process.stdout.write(JSON.stringify(said))
