import { expect } from 'chai'
import { playToHolders, playToRedemption } from '../testing/play.ts'
import { ALLIANCE, BANK_A, CORE, openWorld } from '../testing/story.ts'

describe('the main job on the ledger', () => {
  it('a confirmed invoice is issued, split, handed on, financed and redeemed to the fen', async () => {
    const world = await openWorld()
    const played = await playToHolders(world)
    const { trade, certificate, forTier2, forBank } = played
    expect(world.state('invoice', trade.invoice).use).to.equal('ENCUMBERED')
    expect(world.state('receivable', certificate).state).to.equal('CONSUMED')
    expect(world.value(CORE, 'receivable', forTier2).holder).to.equal('m-tier2')
    expect(world.state('receivable', forBank).holderMsp).to.equal(BANK_A)
    expect(world.holds(ALLIANCE, 'receivable', forBank)).to.equal(false)
    await playToRedemption(world, played)
    for (const leaf of [forTier2, forBank]) {
      expect(world.state('receivable', leaf).state).to.equal('REDEEMED')
      const terms = world.value(CORE, 'receivable', leaf)
      expect(terms.collectedFen).to.equal(terms.faceFen)
    }
  })
})
