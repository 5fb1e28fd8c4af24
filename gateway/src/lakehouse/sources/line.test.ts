import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { createLine, pause } from './line.ts'
import { FEW } from './sink.ts'

describe('the line of long pages', () => {
  it('lets one pass at a time and then rests for longer than it took; short ones go by', async () => {
    const line = createLine()
    const done: string[] = []
    const spans: [number, number][] = []
    const page = (name: string, ms: number) => async () => {
      const beganMs = performance.now()
      await delay(ms)
      spans.push([beganMs, performance.now()])
      done.push(name)
    }
    await Promise.all([
      line.pass(FEW + 1, page('long', 40)),
      line.pass(FEW + 1, page('long too', 5)),
      line.pass(FEW, page('short', 5)),
    ])
    expect(done).to.deep.equal(['short', 'long', 'long too'])
    const [, [began = 0, ended = 0] = [], [then = 0] = []] = spans
    expect(then - ended).to.be.above(ended - began)
  })

  it('goes on behind a page that failed', async () => {
    const line = createLine()
    const failed = line.pass(FEW + 1, () => Promise.reject(new Error('refused')))
    expect(await failed.catch((error: Error) => error.message)).to.equal('refused')
    let isDone = false
    await line.pass(FEW + 1, async () => void (isDone = true))
    expect(isDone).to.equal(true)
  })

  it('turns away who waits when it is closed, and ends no page under way', async () => {
    const stop = new AbortController()
    const line = createLine(stop.signal)
    let isDone = false
    const first = line.pass(FEW + 1, async () => {
      await delay(50)
      isDone = true
    })
    const second = line.pass(FEW + 1, async () => expect.fail('it was closed'))
    // By then it is under way.
    await delay(1)
    stop.abort()
    await first
    expect(isDone).to.equal(true)
    expect(await second.catch((error: Error) => error.name)).to.equal('AbortError')
  })
})

describe('a pause', () => {
  it('ends early at the signal', async () => {
    const stop = new AbortController()
    const beganMs = performance.now()
    setTimeout(() => stop.abort(), 10)
    await pause(10_000, stop.signal)
    expect(performance.now() - beganMs).to.be.below(1_000)
  })
})
