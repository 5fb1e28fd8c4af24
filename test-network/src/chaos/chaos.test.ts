import { expect } from 'chai'
import { seeded } from '../generator/index.ts'
import { ledgerUnderTest, startTestNetwork, type TestNetwork } from '../endtoend/harness.ts'

/** One process of each kind, by the beginning of its name; a ledger node is named by its domain. */
const KINDS = [
  'postgres',
  'redis',
  'ipfs',
  'simulators',
  'gateway-core',
  'gateway-alliance',
  'gateway-banka',
  'chaincode-core',
  'peer0.banka',
  'peer0.core',
] as const

const SEED = process.env['CHAOS_SEED'] ?? 'chaos-1'

describe(`the chaos pilot on the ${ledgerUnderTest()} ledger (CHAOS_SEED=${SEED})`, function () {
  this.timeout(420_000)
  let test: TestNetwork

  before(async () => {
    test = await startTestNetwork({ seed: SEED, invoices: 100 })
  })
  after(() => test?.end())

  it('ends well, with nothing lost and nothing twice, whatever is killed under it', async () => {
    const random = seeded(SEED)
    const order = [...KINDS].sort(() => random.next() - 0.5)
    const killed: string[] = []
    const timers: NodeJS.Timeout[] = []
    const kill = (kind: string): void => {
      const names = test.network.supervisor.status().map(one => one.name)
      const name = names.find(one => one.startsWith(kind))
      if (name && test.network.supervisor.signal(name, 'SIGKILL')) killed.push(kind)
    }
    // One kill in each step, at a moment the seed decides; a step that is over sooner is hit by the next one's.
    let step = 0
    const result = await test.play(line => {
      if (!line.startsWith('—')) return
      const kind = order[step++ % order.length] ?? 'redis'
      timers.push(setTimeout(() => kill(kind), random.whole(50, 900)))
    })
    timers.forEach(timer => clearTimeout(timer))
    expect(result.fault).to.equal(undefined)
    expect(result.ok).to.equal(true)
    // The report was compared with a recount of the files: a lost or doubled invoice would have failed the pilot.
    expect(result.totals?.paidFen).to.equal(result.totals?.faceFen)
    expect(new Set(killed).size).to.be.at.least(7)
  })
})
