/** How long a training takes, and a score, beside LightGBM on the same rows and the same number of threads. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Own, OwnTask } from './own.ts'
import type { PeerRun, Peers } from './peers.ts'
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
function ownRun(task: OwnTask, taskFile: string): Own {
  writeFileSync(taskFile, JSON.stringify(task))
  const file = fileURLToPath(new URL('./own.js', import.meta.url))
  const { stdout, stderr } = spawnSync(process.execPath, [file, taskFile], { encoding: 'utf8' })
  try {
    return JSON.parse(stdout) as Own
  } catch {
    throw new Error(stderr)
  }
}

export function trainingFigures({ rows, repetitions, folder, peers }: Asked): Figure[] {
  const file = path.join(folder, `rows-${rows}`)
  writeFileSync(file, new Uint8Array(someRows(rows, COLUMNS).buffer))
  const task = { file, rows, columns: COLUMNS, ...SETTINGS }
  const taskFile = path.join(folder, 'task.json')
  const own: Own[] = []
  const others: PeerRun[] = []
  for (let run = 0; run < repetitions; run += 1) {
    own.push(ownRun(task, taskFile))
    if (peers) others.push(peers.run({ ...task, library: 'lightgbm' }, taskFile))
  }
  const beside = (of: (run: PeerRun) => number) =>
    peers ? { peer: 'LightGBM', peerRuns: others.map(of) } : { peer: 'LightGBM missing' }
  const goal = (target: string) => (rows === TARGET_ROWS ? { target } : {})
  const what = `${rows.toLocaleString('en')} rows x ${COLUMNS}`
  return [
    figure(
      `${what}, 200 trees x 31 leaves, 2 threads`,
      's',
      own.map(one => one.seconds),
      {
        ...goal('<= 2x peer'),
        ...beside(one => one.seconds),
      },
    ),
    figure(
      `${what}: memory of the training`,
      'MB',
      own.map(one => one.memoryMb),
      {
        ...goal('<= 2x peer'),
        ...beside(one => one.memoryMb),
      },
    ),
    ...(rows === TARGET_ROWS
      ? [
          figure(
            'scoring one row, 200 trees',
            'us',
            own.map(one => one.scoreSeconds * 1e6),
            {
              target: '<= 50',
              ...beside(one => one.scoreSeconds * 1e6),
            },
          ),
          figure(
            'the same with SHAP values',
            'us',
            own.map(one => one.explainSeconds * 1e6),
            {
              target: '<= 1000',
              ...beside(one => one.explainSeconds * 1e6),
            },
          ),
        ]
      : []),
  ]
}
