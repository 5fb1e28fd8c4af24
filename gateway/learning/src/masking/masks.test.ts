import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { createDisclosure } from './disclosure.ts'
import { add, lanesOf, numbersOf, subtract, type Lanes } from './lanes.ts'
import { mask, messageKey, pairSecret, unmask, type Masking } from './masks.ts'

const whole = fc.integer({ min: -(2 ** 52), max: 2 ** 52 })

describe('numbers modulo 2^64', () => {
  const big = (lanes: Lanes, at: number): bigint =>
    BigInt(lanes[2 * at + 1] as number) * 2n ** 32n + BigInt(lanes[2 * at] as number)

  it('are added and taken away as whole numbers without an end', () => {
    const lanes = fc.uint32Array({ minLength: 8, maxLength: 8 })
    fc.assert(
      fc.property(lanes, lanes, (one, other) => {
        const [sum, rest] = [one.slice(), one.slice()]
        add(sum, other)
        subtract(rest, other)
        for (let at = 0; at < 4; at += 1) {
          expect(big(sum, at)).to.equal(BigInt.asUintN(64, big(one, at) + big(other, at)))
          expect(big(rest, at)).to.equal(BigInt.asUintN(64, big(one, at) - big(other, at)))
        }
      }),
    )
  })

  it('are the same numbers again, with their sign', () => {
    fc.assert(
      fc.property(fc.array(whole, { minLength: 1 }), numbers => {
        const given = Float64Array.from(numbers, number => number + 0)
        expect([...numbersOf(lanesOf(given))]).to.deep.equal([...given])
      }),
    )
    expect([...numbersOf(lanesOf(Float64Array.of(-1, 2 ** 32, -(2 ** 53))))]).to.deep.equal([
      -1,
      2 ** 32,
      -(2 ** 53),
    ])
  })
})

interface Party {
  readonly at: number
  readonly keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject }
  readonly ownSecret: Uint8Array
}

const partiesOf = (count: number): Party[] =>
  Array.from({ length: count }, (_, at) => ({
    at,
    keys: generateKeyPairSync('x25519'),
    ownSecret: randomBytes(32),
  }))

const maskingOf = (own: Party, parties: readonly Party[]): Masking => ({
  at: own.at,
  ownSecret: own.ownSecret,
  pairs: new Map(
    parties
      .filter(({ at }) => at !== own.at)
      .map(other => [other.at, pairSecret(own.keys.privateKey, other.keys.publicKey, 'session')]),
  ),
})

function summed(lists: readonly Lanes[]): Lanes {
  const sum = new Uint32Array(lists[0]?.length ?? 0)
  for (const lanes of lists) add(sum, lanes)
  return sum
}

describe('masked sums', () => {
  const parties = partiesOf(5)
  const maskings = parties.map(party => maskingOf(party, parties))
  const numbers = (seed: number) =>
    parties.map(({ at }) =>
      Float64Array.from({ length: 50 }, (_, place) => (seed - at) * place ** 3 - at),
    )
  const masked = (of: readonly Float64Array[], message: number): Lanes[] =>
    of.map((own, at) => {
      const lanes = lanesOf(own)
      mask(maskings[at] as Masking, message, lanes)
      return lanes
    })
  const total = (of: readonly Float64Array[]): number[] =>
    [...(of[0] as Float64Array)].map((_, place) =>
      of.reduce((sum, own) => sum + (own[place] as number), 0),
    )
  const ownKeys = (came: readonly number[], message: number): Uint8Array[] =>
    came.map(at => messageKey((parties[at] as Party).ownSecret, message))

  it('are the sums, message after message', () => {
    for (const message of [0, 1, 77]) {
      const given = numbers(message + 3)
      const sum = summed(masked(given, message))
      unmask(sum, { own: ownKeys([0, 1, 2, 3, 4], message), pairs: [] })
      expect([...numbersOf(sum)]).to.deep.equal(total(given))
    }
  })

  it('are those of all that came, when some are lost before', () => {
    const [message, came, lost] = [4, [0, 2, 4], [1, 3]]
    const given = numbers(9)
    const all = masked(given, message)
    const sum = summed(came.map(at => all[at] as Lanes))
    const pairs = came.flatMap(one =>
      lost.map(other => {
        const secret = maskings[one]?.pairs.get(other) as Uint8Array
        return { came: one, lost: other, key: messageKey(secret, message) }
      }),
    )
    unmask(sum, { own: ownKeys(came, message), pairs })
    expect([...numbersOf(sum)]).to.deep.equal(total(came.map(at => given[at] as Float64Array)))
  })

  it('say nothing without every key: of one party, or of a message, that is left out', () => {
    const given = numbers(5)
    for (const own of [ownKeys([0, 1, 2, 3], 8), ownKeys([0, 1, 2, 3, 4], 9)]) {
      const sum = summed(masked(given, 8))
      unmask(sum, { own, pairs: [] })
      const right = total(given)
      expect([...numbersOf(sum)].filter((number, at) => number === right[at])).to.deep.equal([])
    }
  })

  it('look like chance, and never alike, even where all numbers are zero', () => {
    const zeros = parties.map(() => new Float64Array(4_000))
    const [one, again] = [masked(zeros, 1), masked(zeros, 2)]
    for (const lanes of [...one, ...again]) {
      const bits = lanes.reduce((sum, word) => sum + word.toString(2).replaceAll('0', '').length, 0)
      // Of 256,000 bits half are set; to be off by more than this is six standard deviations away.
      expect(bits / (32 * lanes.length)).to.be.within(0.494, 0.506)
    }
    expect(one[0]).to.not.deep.equal(again[0])
  })

  it('are of one session: another one has other secrets for the same keys', () => {
    const [one, two] = parties as [Party, Party]
    const secretIn = (session: string) =>
      Buffer.from(pairSecret(one.keys.privateKey, two.keys.publicKey, session)).toString('hex')
    expect(secretIn('a')).to.not.equal(secretIn('b'))
    expect(secretIn('a')).to.equal(
      Buffer.from(pairSecret(two.keys.privateKey, one.keys.publicKey, 'a')).toString('hex'),
    )
  })
})

describe('what a party tells of others', () => {
  it('is of each the one or the other, whoever asks, however often, also after it was started again', () => {
    const disclosure = createDisclosure()
    disclosure.share(1)
    disclosure.share(1)
    disclosure.pair(2)
    disclosure.pair(2)
    expect(() => disclosure.pair(1)).to.throw('LEARNING_BOTH_MASKS')
    expect(() => disclosure.share(2)).to.throw('LEARNING_BOTH_MASKS')
    const again = createDisclosure(disclosure.state())
    expect(() => again.pair(1)).to.throw('LEARNING_BOTH_MASKS')
    expect(() => again.share(2)).to.throw('LEARNING_BOTH_MASKS')
    again.share(3)
  })
})
