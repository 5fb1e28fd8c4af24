import { expect } from 'chai'
import { simulate, type Outcome } from './simulate.ts'
import type { Plant } from './host.ts'

/**
 * A failing seed is replayed alone with
 *   node scripts/run.mjs network/src/consensus/simulator/campaign.ts --from SEED --seeds 1
 */
const SEEDS = 1_000

const told = ({ seed, size, strategy, violation }: Outcome): string =>
  `seed ${seed} (n = ${size}, traitor: ${strategy}): ${violation}`

describe('a simulated cluster', () => {
  it(`keeps every claim over ${SEEDS} seeds of loss, crashes, partitions and a traitor`, function () {
    this.timeout(900_000)
    let ordered = 0
    let crashes = 0
    let views = 0
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const outcome = simulate({ seed })
      expect(outcome.violation, told(outcome)).to.equal(undefined)
      ordered += outcome.ordered
      crashes += outcome.crashes
      views += outcome.views
    }
    expect(ordered).to.be.greaterThan(20 * SEEDS)
    expect(crashes).to.be.greaterThan(SEEDS)
    expect(views).to.be.greaterThan(SEEDS / 2)
  })

  it('lives the same life twice from one seed', () => {
    const once = simulate({ seed: 77, strategy: 'chaos', size: 7 })
    const twice = simulate({ seed: 77, strategy: 'chaos', size: 7 })
    expect(twice).to.deep.equal(once)
  })

  it('orders with a single consenter', () => {
    const outcome = simulate({ seed: 5, size: 1, strategy: 'none' })
    expect(outcome.violation, told(outcome)).to.equal(undefined)
  })
})

describe('the checker of the simulation', () => {
  const bugs: Record<Plant, RegExp> = {
    quorum: /two blocks are certified|voted twice/,
    amnesia: /voted twice/,
    speakFirst: /voted twice|does not extend|another block|two blocks/,
    emptyViewChange: /two blocks are certified|another block/,
  }
  for (const [plant, symptom] of Object.entries(bugs) as [Plant, RegExp][]) {
    it(`finds the planted bug: ${plant}`, function () {
      this.timeout(300_000)
      const found = firstViolation(plant)
      expect(found, `no seed of 200 shows ${plant}`).to.match(symptom)
    })
  }
})

function firstViolation(plant: Plant): string | undefined {
  for (let seed = 1; seed <= 200; seed += 1) {
    const { violation } = simulate({ seed, plant })
    if (violation !== undefined) return violation
  }
  return undefined
}
