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
})
