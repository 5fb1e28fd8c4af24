/**
 * `npm run bench:credit [-- --rows 100000,1000000] [--repetitions 3]`: how long boosted trees take to grow and to
 * score, beside LightGBM on the same rows in the same run.
 */
import { rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { temporaryFolder } from '../ground/index.ts'
import { publish } from '../report/index.ts'
import { bringPeers } from './peers.ts'
import { trainingFigures } from './speed.ts'

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '100000,1000000' },
    repetitions: { type: 'string', default: '3' },
  },
})
const peers = bringPeers()
const folder = temporaryFolder('credit')
try {
  const figures = values.rows
    .split(',')
    .map(Number)
    .flatMap(rows =>
      trainingFigures({ rows, repetitions: Number(values.repetitions), folder, peers }),
    )
  publish('credit', figures)
} finally {
  rmSync(folder, { recursive: true })
}
