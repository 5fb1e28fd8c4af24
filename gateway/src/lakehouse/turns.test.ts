import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { createTurns } from './turns.ts'

describe('turns', () => {
  it('are taken one at a time, the urgent before all that wait, and a failure holds up nobody', async () => {
    const turns = createTurns()
    const done: string[] = []
    let under = 0
    const work = (name: string) => async () => {
      under += 1
      expect(under).to.equal(1)
      await delay(2)
      under -= 1
      done.push(name)
      if (name === 'fails') throw new Error(name)
    }
    const all = [
      turns.take(work('first')),
      turns.take(work('fails')).catch(() => undefined),
      turns.take(work('third')),
      turns.take(work('urgent'), { isUrgent: true }),
      turns.take(work('urgent too'), { isUrgent: true }),
    ]
    await Promise.all(all)
    expect(done).to.deep.equal(['first', 'urgent', 'urgent too', 'fails', 'third'])
    expect(await turns.take(async () => 'later')).to.equal('later')
  })

  it('are kept for something urgent that is expected; behind it one of the others has its turn', async () => {
    const turns = createTurns()
    const done: string[] = []
    const work = (name: string) => async () => {
      await delay(2)
      done.push(name)
    }
    turns.expectUrgent(10_000)
    const others = [turns.take(work('first')), turns.take(work('second'))]
    await delay(20)
    expect(done).to.deep.equal([])
    await turns.take(work('urgent'), { isUrgent: true })
    await delay(20)
    expect(done).to.deep.equal(['urgent', 'first'])
    turns.expectUrgent(30)
    await turns.take(work('third'))
    expect(done).to.deep.equal(['urgent', 'first', 'second', 'third'])
    await Promise.all(others)
  })
})
