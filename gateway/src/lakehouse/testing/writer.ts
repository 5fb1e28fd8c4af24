/** A process that brings a chain into a lake until it is killed: `writer.ts SEED BLOCKS PAUSE_MS ENGINE_OPTIONS`. */
import { silent } from '../../testing/postgres.ts'
import { openEngine, type EngineOptions } from '../engine.ts'
import { followLedger } from '../ledger/follow.ts'
import { keepUp } from '../history.ts'
import { chainOf, ledgerOf, OWN_MSP } from './chain.ts'

const [seed, blocks, pauseMs, options] = process.argv.slice(2)
const engine = await openEngine(JSON.parse(options ?? '') as EngineOptions)
const follower = followLedger({
  engine,
  ledger: ledgerOf(chainOf(Number(seed), Number(blocks)), Number(pauseMs)),
  ownMsp: OWN_MSP,
  log: silent,
  keepBackMs: 20,
  // Files are put in order again and again: a kill may hit that as well.
  between: async () => {
    if (follower.height() % 5n === 0n) await keepUp(engine, 1)
  },
})
setInterval(() => process.stdout.write(`${follower.height()}\n`), 20)
