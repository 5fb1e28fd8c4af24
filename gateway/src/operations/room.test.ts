import { expect } from 'chai'
import fc from 'fast-check'
import { createRoom } from './room.ts'

describe('a room that is shared or taken alone', () => {
  it('is never shared while one has it alone, and everyone gets in', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }), async wishes => {
        const room = createRoom()
        let shared = 0
        let alone = 0
        let served = 0
        const visit = async (wantsAlone: boolean): Promise<void> => {
          if (wantsAlone) alone++
          else shared++
          expect(alone === 0 || (alone === 1 && shared === 0)).to.equal(true)
          await Promise.resolve()
          await Promise.resolve()
          if (wantsAlone) alone--
          else shared--
          served++
        }
        await Promise.all(
          wishes.map(wish =>
            wish ? room.alone(() => visit(true)) : room.shared(() => visit(false)),
          ),
        )
        expect(served).to.equal(wishes.length)
      }),
    )
  })

  it('is free again after work that fails', async () => {
    const room = createRoom()
    const failed = room.alone(async () => Promise.reject(new Error('no')))
    expect(await failed.catch((error: Error) => error.message)).to.equal('no')
    expect(await room.alone(async () => 'in')).to.equal('in')
  })
})
