import { expect } from 'chai'
import type { Services } from '../services.ts'
import { projectBlocks } from '../projection/project.ts'
import { block } from '../testing/ledger.ts'
import { freshDatabase, type TestDatabase } from '../testing/postgres.ts'
import { receivableState, termsOf } from '../testing/records.ts'
import { leavesOf } from './sharing.ts'

const OWN = 'CoreMSP'
const idOf = (letter: string): string => letter.repeat(32)
const [ROOT, LEAF, TWIN, FORGED, FOREIGN] = ['a', 'b', 'c', 'd', 'e'].map(idOf) as [
  string,
  string,
  string,
  string,
  string,
]

describe('whom an obligor shows what it has paid', function () {
  this.timeout(60_000)
  let store: TestDatabase
  before(async () => {
    store = await freshDatabase()
    const terms = termsOf({ obligor: 'm00000000000000cc', holder: 'm00000000000000aa' })
    const leaf = (id: string, change: object) => ({
      key: `R:${id}`,
      value: {
        ...receivableState(id),
        state: 'DUE',
        obligorMsp: OWN,
        root: ROOT,
        parent: ROOT,
        depth: 1,
        ...change,
      },
    })
    const secret = (id: string) => ({ key: `R:${id}`, value: terms, msp: OWN })
    const own = block(0, [
      {
        msp: OWN,
        writes: [
          leaf(ROOT, { state: 'CONSUMED', holderMsp: 'AllianceMSP', depth: 0 }),
          leaf(LEAF, { holderMsp: 'BankAMSP' }),
          leaf(TWIN, { holderMsp: 'BankAMSP' }),
          // what others wrote: a key of the public state, no terms in the obligor's collection
          leaf(FORGED, { holderMsp: 'NobodyMSP' }),
          leaf(FOREIGN, { holderMsp: 'BankBMSP', obligorMsp: 'BankBMSP' }),
        ],
        secrets: [secret(ROOT), secret(LEAF), secret(TWIN)],
      },
    ])
    await projectBlocks(store.database, [own], { ownMsp: OWN })
  })
  after(() => store.close())

  it('one leaf of each holder whose terms it holds itself; a forged leaf names nobody', async () => {
    const services = { database: store.database, config: { mspId: OWN } } as unknown as Services
    expect(await leavesOf(services, [ROOT])).to.deep.equal([
      { certificateId: LEAF, holderMsp: 'BankAMSP' },
    ])
  })
})
