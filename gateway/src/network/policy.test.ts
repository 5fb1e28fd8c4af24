import { setTimeout as delay } from 'node:timers/promises'
import { canonicalJson, DEFAULT_POLICY, KEY_PREFIXES } from '@triflow/chaincode/model'
import { expect } from 'chai'
import { projectBlocks } from '../projection/project.ts'
import { block } from '../testing/ledger.ts'
import { freshDatabase, type TestDatabase } from '../testing/postgres.ts'
import { createNetworkView } from './policy.ts'

const ownMsp = 'AllianceMSP'
const policyParameters = JSON.parse(canonicalJson(DEFAULT_POLICY)) as object
const policyBlock = block(0, [
  {
    name: 'members:setUp',
    writes: [
      {
        key: KEY_PREFIXES.policy,
        value: {
          guardians: ['CoreMSP', ownMsp, 'BankAMSP'],
          banks: [],
          regulators: [],
          carriers: [],
          calendarOffsetDays: 0,
          versions: [
            {
              version: 1,
              effectiveFrom: '2026-01-01',
              parameters: { ...policyParameters, fingerprintKeyHash: '0'.repeat(64) },
            },
          ],
        },
      },
    ],
  },
])

describe('the network’s policy', function () {
  this.timeout(20_000)
  let store: TestDatabase

  beforeEach(async () => {
    store = await freshDatabase()
  })
  afterEach(() => store.close())

  it('is waited for by whoever needs endorsers: another organisation may just have set it up', async () => {
    const asked = createNetworkView(store.database, ownMsp).endorsers(1)
    await delay(300)
    await projectBlocks(store.database, [policyBlock], { ownMsp })
    expect(await asked).to.deep.equal([ownMsp, 'CoreMSP'])
  })

  it('is missed at once by whoever only asks, and after a while by whoever needs it', async () => {
    const view = createNetworkView(store.database, ownMsp)
    const codeOf = (asked: Promise<unknown>) =>
      asked.then(
        () => 'found',
        (error: { code?: string }) => error.code,
      )
    const beganMs = Date.now()
    expect(await codeOf(view.needPolicy())).to.equal('POLICY_MISSING')
    expect(Date.now() - beganMs).to.be.lessThan(1_000)
    expect(await codeOf(view.endorsers(1))).to.equal('POLICY_MISSING')
  })
})
