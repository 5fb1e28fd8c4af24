/**
 * `npm run bench:credit [-- --rows 100000,1000000] [--repetitions 3] [--sets polish_5y,hmeq,sba_30k]`: how long boosted
 * trees take to grow and to score, beside LightGBM on the same rows in the same run; and how good they are on real
 * tables, beside LightGBM, XGBoost and CatBoost on the same folds.
 */
import { rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { temporaryFolder } from '../ground/index.ts'
import { publish } from '../report/index.ts'
import { accuracyFigures } from './accuracy.ts'
import { bringPeers } from './peers.ts'
import { realSet } from './sets.ts'
import { trainingFigures } from './speed.ts'

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '100000,1000000' },
    repetitions: { type: 'string', default: '3' },
    sets: { type: 'string', default: 'polish_5y,hmeq,sba_30k' },
  },
})
const repetitions = Number(values.repetitions)
const named = (list: string): string[] => list.split(',').filter(name => name !== '')
const peers = bringPeers()
const folder = temporaryFolder('credit')
try {
  const speed = named(values.rows).flatMap(rows =>
    trainingFigures({ rows: Number(rows), repetitions, folder, peers }),
  )
  const accuracy = named(values.sets).flatMap(name => {
    const set = realSet(name)
    if (!set) process.stderr.write(`${name}: its rows are not here\n`)
    return set ? accuracyFigures(set, { folder, peers }) : []
  })
  publish('credit', [...speed, ...accuracy])
} finally {
  rmSync(folder, { recursive: true })
}
