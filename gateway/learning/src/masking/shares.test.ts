import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { createRandom, shuffle } from '../random.ts'
import { joinShares, splitSecret } from './shares.ts'

describe('a secret in shares', () => {
  it('comes back from any of them that are enough, in whatever order', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 6 }),
        fc.integer({ min: 0, max: 1_000_000 }),
        (secret, needed, more, seed) => {
          const shares = splitSecret(secret, { needed, holders: needed + more })
          const places = Int32Array.from(shares.keys())
          const some = [...shuffle(places, createRandom(seed))].slice(0, needed)
          const joined = joinShares(some.map(at => shares[at] as (typeof shares)[number]))
          expect([...joined]).to.deep.equal([...secret])
        },
      ),
    )
  })

  it('does not come back from one fewer, which fit every other secret as well', () => {
    const secret = randomBytes(32)
    const shares = splitSecret(secret, { needed: 3, holders: 5 })
    const few = shares.slice(0, 2)
    expect([...joinShares(few)]).to.not.deep.equal([...secret])
    // With each value of a third share another first byte: all 256, so none is likelier than another.
    const firsts = Array.from({ length: 256 }, (_, value) => {
      const third = { at: 9, bytes: new Uint8Array(32).fill(value) }
      return joinShares([...few, third])[0]
    })
    expect(new Set(firsts).size).to.equal(256)
  })

  it('is split anew each time', () => {
    const secret = new Uint8Array(16)
    const split = () => splitSecret(secret, { needed: 2, holders: 3 })[0]?.bytes.join()
    expect(split()).to.not.equal(split())
  })

  it('is not made of shares from one place, of none, or of another length', () => {
    const [one, two] = splitSecret(new Uint8Array(4), { needed: 2, holders: 2 })
    if (!one || !two) throw new Error('two shares were asked for')
    for (const shares of [[], [one, one], [one, { ...two, bytes: new Uint8Array(3) }]])
      expect(() => joinShares(shares)).to.throw('LEARNING_SETTINGS')
    for (const [needed, holders] of [
      [0, 3],
      [4, 3],
      [2, 256],
      [1.5, 3],
    ] as const)
      expect(() => splitSecret(new Uint8Array(4), { needed, holders })).to.throw(
        'LEARNING_SETTINGS',
      )
  })
})
