/** How long a training takes, and a score, beside LightGBM on the same rows and the same number of threads. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Peers } from './peers.ts'
import type { Run, Task } from './task.ts'
import { figure, type Figure } from '../report/index.ts'
import { someRows } from './rows.ts'

const COLUMNS = 30
const SETTINGS = { trees: 200, leaves: 31, learningRate: 0.1, threads: 2 }
/** The target is for so many rows; more are shown. */
const TARGET_ROWS = 100_000

interface Asked {
  readonly rows: number
  readonly repetitions: number
  readonly folder: string
  readonly peers: Peers | undefined
}

/** In a process of its own, as the peer is. */
function ownRun(task: Task, taskFile: string): Run {
  writeFileSync(taskFile, JSON.stringify(task))
  const file = fileURLToPath(new URL('./own.js', import.meta.url))
  const { stdout, stderr } = spawnSync(process.execPath, [file, taskFile], { encoding: 'utf8' })
  try {
    return JSON.parse(stdout) as Run
  } catch {
    throw new Error(stderr)
  }
}

export function trainingFigures({ rows, repetitions, folder, peers }: Asked): Figure[] {
  const file = path.join(folder, `rows-${rows}`)
  writeFileSync(file, new Uint8Array(someRows(rows, COLUMNS).buffer))
  const task = { file, rows, columns: COLUMNS, ...SETTINGS }
  const taskFile = path.join(folder, 'task.json')
  const own: Run[] = []
  const others: Run[] = []
  for (let run = 0; run < repetitions; run += 1) {
    own.push(ownRun(task, taskFile))
    if (peers) others.push(peers.run({ ...task, library: 'lightgbm' }, taskFile))
  }
  const isAimed = rows === TARGET_ROWS
  const shown = (what: string, unit: string, target: string, of: (run: Run) => number): Figure =>
    figure(what, unit, own.map(of), {
      ...(isAimed ? { target } : {}),
      ...(peers ? { peer: 'LightGBM', peerRuns: others.map(of) } : { peer: 'LightGBM missing' }),
    })
  const what = `${rows.toLocaleString('en')} rows x ${COLUMNS}`
  const size = `${SETTINGS.trees} trees x ${SETTINGS.leaves} leaves, ${SETTINGS.threads} threads`
  const training = [
    shown(`${what}, ${size}`, 's', '<= 2x peer', ({ seconds }) => seconds),
    shown(`${what}: memory of the training`, 'MB', '<= 2x peer', ({ memoryMb }) => memoryMb),
  ]
  if (!isAimed) return training
  const us = (seconds: number): number => seconds * 1e6
  return [
    ...training,
    shown('scoring one row', 'us', '<= 50', ({ scoreSeconds }) => us(scoreSeconds)),
    shown('the same with SHAP values', 'us', '<= 1000', run => us(run.explainSeconds)),
  ]
}
