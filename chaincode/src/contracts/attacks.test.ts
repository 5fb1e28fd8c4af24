import { ATTACKS, COLLUSIONS } from '../testing/attacks.ts'
import { openWorld } from '../testing/story.ts'
import type { World } from '../testing/world.ts'

describe('attacks on the contracts, in memory', () => {
  let world: World
  before(async () => {
    world = await openWorld()
  })
  for (const { claim, play } of [...ATTACKS, ...COLLUSIONS]) it(claim, () => play(world))
})
