/**
 * Many seeds from the command line: `--seeds N` (1,000), `--from SEED` (1), `--size n`,
 * `--strategy NAME`. Prints each violation with the seed that shows it; exit code 1 if there is one.
 */
/* eslint-disable no-restricted-globals, no-restricted-syntax -- a command line program around the pure simulator */
import { parseArgs } from 'node:util'
import { STRATEGIES, type Strategy } from './byzantine.ts'
import { simulate } from './simulate.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    size: { type: 'string' },
    strategy: { type: 'string' },
  },
})

function chosenStrategy(): Strategy | 'none' | undefined {
  const { strategy } = values
  const known = ([...STRATEGIES, 'none'] as const).find(name => name === strategy)
  if (strategy !== undefined && known === undefined) throw new Error(`no strategy ${strategy}`)
  return known
}

function main(): void {
  const [first, count] = [Number(values.from), Number(values.seeds)]
  const strategy = chosenStrategy()
  const totals = { seeds: count, violations: 0, ordered: 0, views: 0, crashes: 0, events: 0 }
  const startedAt = Date.now()
  for (let seed = first; seed < first + count; seed += 1) {
    const outcome = simulate({
      seed,
      ...(values.size === undefined ? {} : { size: Number(values.size) }),
      ...(strategy === undefined ? {} : { strategy }),
    })
    totals.ordered += outcome.ordered
    totals.views += outcome.views
    totals.crashes += outcome.crashes
    totals.events += outcome.events
    if (outcome.violation === undefined) continue
    totals.violations += 1
    const { size, strategy: traitor, violation } = outcome
    process.stdout.write(`seed ${seed}: ${violation} (n = ${size}, traitor: ${traitor})\n`)
  }
  process.stdout.write(`${JSON.stringify({ ...totals, ms: Date.now() - startedAt })}\n`)
  process.exitCode = totals.violations === 0 ? 0 : 1
}

main()
