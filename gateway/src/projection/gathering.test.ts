import { expect } from 'chai'
import type { LedgerBlock } from '../platform/ledger/blocks.ts'
import { block } from '../testing/ledger.ts'
import { gather } from './gathering.ts'

/** Blocks that arrive when the test says so. */
function createStream() {
  const arrived: LedgerBlock[] = []
  let wake: (() => void) | undefined
  let end: 'open' | 'closed' | Error = 'open'
  async function* read(): AsyncGenerator<LedgerBlock> {
    for (;;) {
      const first = arrived.shift()
      if (first) yield first
      else if (end instanceof Error) throw end
      else if (end === 'closed') return
      else await new Promise<void>(resolve => (wake = resolve))
    }
  }
  return {
    blocks: read(),
    push(...numbers: number[]): void {
      arrived.push(...numbers.map(number => block(number, [])))
      wake?.()
    },
    end(how: 'closed' | Error): void {
      end = how
      wake?.()
    },
  }
}

const numbersOf = (blocks: readonly LedgerBlock[] | undefined): number[] =>
  (blocks ?? []).map(({ number }) => Number(number))
const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

describe('blocks that are written together', () => {
  const never = { isAwaited: () => false, keepBackMs: 60_000 }
  const awaits = (awaited: number, keepBackMs = 60_000) => ({
    isAwaited: ({ number }: LedgerBlock) => number === BigInt(awaited),
    keepBackMs,
  })

  it('are those that are there when one that somebody waits for comes, and it is not kept back', async () => {
    const stream = createStream()
    const groups = gather(stream.blocks, awaits(2))
    stream.push(0, 1, 2, 3)
    expect(numbersOf((await groups.next()).value ?? undefined)).to.deep.equal([0, 1, 2, 3])
  })

  it('are kept back for a moment and no longer when nobody waits', async () => {
    const stream = createStream()
    const groups = gather(stream.blocks, awaits(9, 80))
    stream.push(0)
    const first = groups.next()
    await pause(10)
    stream.push(1)
    expect(numbersOf((await first).value ?? undefined)).to.deep.equal([0, 1])
  })

  it('are not kept back a second time for what came while the last were written', async () => {
    const stream = createStream()
    const groups = gather(stream.blocks, { ...awaits(0), keepBackMs: 60 })
    stream.push(0)
    await groups.next()
    stream.push(1)
    await pause(100)
    const written = performance.now()
    expect(numbersOf((await groups.next()).value ?? undefined)).to.deep.equal([1])
    expect(performance.now() - written).to.be.below(50)
  })

  it('all come, in order and once, when the stream ends while one is kept back', async () => {
    const stream = createStream()
    stream.push(0, 1)
    const seen: number[] = []
    setTimeout(() => stream.end('closed'), 10)
    for await (const group of gather(stream.blocks, never)) seen.push(...numbersOf(group))
    expect(seen).to.deep.equal([0, 1])
  })

  it('of a stream that breaks come first, and then its error', async () => {
    const stream = createStream()
    const groups = gather(stream.blocks, { isAwaited: () => true, keepBackMs: 0 })
    stream.push(0)
    expect(numbersOf((await groups.next()).value ?? undefined)).to.deep.equal([0])
    stream.end(new Error('broken'))
    await pause(10)
    const fault = await groups.next().then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(fault).to.be.instanceOf(Error).with.property('message', 'broken')
  })

  it('follow each other: where one is missing, another group begins', async () => {
    const stream = createStream()
    stream.push(0, 1, 3)
    stream.end('closed')
    const seen: number[][] = []
    for await (const group of gather(stream.blocks, never)) seen.push(numbersOf(group))
    expect(seen).to.deep.equal([[0, 1], [3]])
  })

  it('are no more than what is worth it', async () => {
    const stream = createStream()
    stream.push(...Array.from({ length: 1_200 }, (_, number) => number))
    stream.end('closed')
    const sizes: number[] = []
    for await (const group of gather(stream.blocks, never)) sizes.push(group.length)
    expect(sizes).to.deep.equal([500, 500, 200])
  })
})
