/** The peers: libraries from PyPI, in an environment of their own below `.triflow/`. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { REPOSITORY } from '../ground/index.ts'
import type { Run, Task } from './task.ts'

const PACKAGES = [
  'lightgbm==4.7.0',
  'xgboost==3.2.0',
  'catboost==1.2.10',
  'numpy==2.4.6',
  'pandas==3.1.1',
  'scikit-learn==1.9.1',
]
const FOLDER = path.join(REPOSITORY, '.triflow/bench-peers')
const PYTHON = path.join(FOLDER, 'bin/python')
const SCRIPT = path.join(REPOSITORY, 'benchmarks/src/credit/peers.py')
/** Written when all packages are there. */
const STAMP = path.join(FOLDER, 'triflow-packages')

export interface PeerTask extends Task {
  readonly library: 'lightgbm'
}

export const LIBRARIES = ['lightgbm', 'xgboost', 'catboost'] as const

/** Chances of a 1 of each row, by a model that has not seen its fold. */
export interface PeerPrediction {
  readonly library: string
  /** Doubles, column behind column, then the labels, then the fold of each row. */
  readonly file: string
  /** Where the chances are written. */
  readonly said: string
  readonly rows: number
  readonly columns: number
  /** Places of the columns that are categories. */
  readonly categories: readonly number[]
  readonly folds: number
}

export interface Peers {
  predict(task: PeerPrediction, taskFile: string): void
  run(task: PeerTask, taskFile: string): Run
}

/** @returns undefined, and says why, where there is no Python or its packages cannot be had. */
export function bringPeers(): Peers | undefined {
  try {
    if (!existsSync(STAMP) || readFileSync(STAMP, 'utf8') !== PACKAGES.join('\n')) {
      process.stderr.write('Bringing the peers from PyPI ...\n')
      execFileSync('python3', ['-m', 'venv', FOLDER], { stdio: 'pipe' })
      execFileSync(PYTHON, ['-m', 'pip', 'install', '-q', ...PACKAGES], { stdio: 'pipe' })
      writeFileSync(STAMP, PACKAGES.join('\n'))
    }
  } catch (error) {
    process.stderr.write(`No peers: ${(error as Error).message.split('\n')[0]}\n`)
    return undefined
  }
  return {
    predict(task, taskFile) {
      writeFileSync(taskFile, JSON.stringify(task))
      execFileSync(PYTHON, [SCRIPT, taskFile], { stdio: ['ignore', 'ignore', 'inherit'] })
    },
    run(task, taskFile) {
      writeFileSync(taskFile, JSON.stringify(task))
      const said = execFileSync(PYTHON, [SCRIPT, taskFile], { encoding: 'utf8' })
      return JSON.parse(said.trim().split('\n').at(-1) ?? '') as Run
    },
  }
}
