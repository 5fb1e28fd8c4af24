import { expect } from 'chai'
import fc from 'fast-check'
import { emptyDigestMap, lookUp, withChanges } from './digestMap.ts'
import { cut, emptyPool, oldest, requeued, withRequest, without, type Pool } from './pool.ts'
import { LIMITS } from './protocol.ts'
import { requestOf } from './testing/rig.ts'

const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
const limits = { ...LIMITS, batchCount: 3 }

describe('the pool of requests', () => {
  it(`behaves as a plain list under any use (TEST_SEED=${SEED})`, function () {
    this.timeout(60_000)
    const commands = fc.array(
      fc.tuple(fc.constantFrom('add', 'drop', 'cut', 'requeue'), fc.nat(30)),
    )
    fc.assert(
      fc.property(commands, uses => {
        let pool: Pool = emptyPool()
        let waiting: string[] = []
        let queue: string[] = []
        for (const [command, number] of uses) {
          const name = `r${number}`
          if (command === 'add' && !waiting.includes(name)) {
            pool = withRequest(pool, requestOf(name), 0)
            waiting.push(name)
            queue.push(name)
          } else if (command === 'drop') {
            pool = without(pool, [name])
            waiting = waiting.filter(one => one !== name)
            queue = queue.filter(one => one !== name)
          } else if (command === 'cut') {
            const batch = cut(pool, limits)
            pool = batch.pool
            expect(batch.requests.map(({ digest }) => digest)).to.deep.equal(queue.splice(0, 3))
          } else if (command === 'requeue') {
            pool = requeued(pool)
            queue = [...waiting]
          }
          expect([...oldest(pool)].map(({ request }) => request.digest)).to.deep.equal(queue)
          expect(pool.entries.size).to.equal(waiting.length)
          expect(pool.bytes).to.equal(8 * waiting.length)
          expect(pool.queued).to.be.at.least(queue.length)
        }
      }),
      { seed: SEED, numRuns: 300 },
    )
  })

  it('cuts by bytes, and never nothing', () => {
    let pool = emptyPool()
    for (const name of ['a', 'b', 'c']) pool = withRequest(pool, requestOf(name), 0)
    const batch = cut(pool, { ...limits, batchPreferredBytes: 17 })
    expect(batch.requests).to.have.length(2)
    expect(cut(batch.pool, { ...limits, batchPreferredBytes: 1 }).requests).to.have.length(1)
  })
})

describe('the immutable map', () => {
  it('leaves an older version as it was', () => {
    const before = withChanges(emptyDigestMap<number>(), [['a', 1]])
    const after = withChanges(before, [
      ['a', undefined],
      ['b', 2],
    ])
    expect([lookUp(before, 'a'), lookUp(before, 'b'), before.size]).to.deep.equal([1, undefined, 1])
    expect([lookUp(after, 'a'), lookUp(after, 'b'), after.size]).to.deep.equal([undefined, 2, 1])
  })
})
