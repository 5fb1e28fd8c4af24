import { expect } from 'chai'
import { amountFen, localDate, operations } from '../model/index.ts'
import { attestRedemption, collect, finance, mature, settle } from '../testing/financing.ts'
import {
  ALLIANCE,
  BANK_A,
  CORE,
  FACE,
  HOLDING,
  USERS,
  activeCertificate,
  id,
  moveCalendar,
  must,
  openWorld,
  seed,
  split,
} from '../testing/story.ts'

describe('the main job on the ledger', () => {
  it('a confirmed invoice is issued, split, handed on, financed and redeemed to the fen', async () => {
    const world = await openWorld()
    const { trade, certificate } = await activeCertificate(world)
    expect(world.state('invoice', trade.invoice).use).to.equal('ENCUMBERED')

    const { operation, children } = split(world, certificate, [3_333_333n, 7_966_667n])
    await must(world.submit(operation, USERS.tier1))
    const [forTier2, forBank] = children as [string, string]
    expect(world.state('receivable', certificate).state).to.equal('CONSUMED')

    const item = { ...HOLDING, id: forTier2, toMsp: ALLIANCE }
    const offered = operations.receivables.offerTransfer({
      seed: seed(),
      items: [
        {
          ...item,
          terms: world.opening(CORE, 'receivable', forTier2),
          to: 'm-tier2',
          until: localDate('2026-06-10'),
          reason: 'payment of PO-7',
        },
      ],
    })
    await must(world.submit(offered, USERS.tier1))
    const signOff = operations.receivables.signOff({
      seed: seed(),
      items: [
        {
          ...item,
          terms: world.opening(CORE, 'receivable', forTier2),
          transfer: world.opening(CORE, 'transfer', forTier2),
        },
      ],
    })
    await must(world.submit(signOff, USERS.tier2))
    expect(world.value(CORE, 'receivable', forTier2).holder).to.equal('m-tier2')

    await finance(world, forBank)
    expect(world.state('receivable', forBank).holderMsp).to.equal(BANK_A)
    expect(world.holds(ALLIANCE, 'receivable', forBank)).to.equal(false)

    await moveCalendar(world, 60)
    await must(world.submit(mature(world, forTier2, ALLIANCE), USERS.allianceOperator))
    await must(world.submit(mature(world, forBank, BANK_A), USERS.bankAOperator))

    const first = id('redemption')
    await must(world.submit(attestRedemption(first, amountFen(5_000_000n)), USERS.bankA))
    await must(
      world.submit(
        settle(world, first, [{ rootId: certificate, amountFen: amountFen(5_000_000n) }]),
        USERS.bankA,
      ),
    )
    await must(world.submit(collect(world, forTier2, ALLIANCE), USERS.allianceOperator))
    expect(world.state('receivable', forTier2).state).to.equal('PAID_PART')
    expect(world.value(CORE, 'receivable', forTier2).collectedFen).to.equal(1_474_926n)

    const second = id('redemption')
    await must(world.submit(attestRedemption(second, FACE), USERS.bankA))
    await must(
      world.submit(
        settle(world, second, [{ rootId: certificate, amountFen: amountFen(6_300_000n) }]),
        USERS.bankA,
      ),
    )
    await must(world.submit(collect(world, forTier2, ALLIANCE), USERS.tier2))
    await must(world.submit(collect(world, forBank, BANK_A), USERS.bankA))
    for (const leaf of children) {
      expect(world.state('receivable', leaf).state).to.equal('REDEEMED')
      const terms = world.value(CORE, 'receivable', leaf)
      expect(terms.collectedFen).to.equal(terms.faceFen)
    }
  })
})
