import { expect } from 'chai'
import type { LedgerBlock } from '../consensus/index.ts'
import { BlockLine } from './blockLine.ts'
import { InspectionDesk } from './inspection.ts'
import type { Inspection } from './types.ts'

const OK: Inspection = { ok: true }
const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

const block = (height: number): { block: LedgerBlock; bytes: Uint8Array } => ({
  block: { header: { height, previous: '', batch: '' }, hash: '', digests: [] },
  bytes: Uint8Array.of(height),
})

describe('the line of blocks to the ledger', () => {
  it('takes each block once, in order, and none after a gap', async () => {
    const durable: number[] = []
    const line = new BlockLine({
      height: 4,
      onDurable: ({ header }) => void durable.push(header.height),
      onFault: fault => expect.fail(fault.message),
    })
    expect([4, 6, 5, 5, 6].map(height => line.push(block(height)))).to.deep.equal([
      false,
      false,
      true,
      false,
      true,
    ])
    expect(durable).to.deep.equal([])
    line.setHandler(() => Promise.resolve())
    await settled()
    expect(durable).to.deep.equal([5, 6])
  })

  it('stops at a block the ledger refuses', async () => {
    const faults: string[] = []
    const durable: number[] = []
    const line = new BlockLine({
      height: 0,
      onDurable: ({ header }) => void durable.push(header.height),
      onFault: fault => void faults.push(fault.message),
    })
    line.setHandler(bytes => (bytes[0] === 2 ? Promise.reject(new Error('no')) : Promise.resolve()))
    for (const height of [1, 2, 3]) line.push(block(height))
    await settled()
    expect([durable, faults]).to.deep.equal([[1], ['no']])
    expect(line.push(block(4))).to.equal(false)
  })

  it('drops what the ledger got another way', async () => {
    const handled: number[] = []
    const line = new BlockLine({ height: 0, onDurable: () => undefined, onFault: () => undefined })
    for (const height of [1, 2, 3]) line.push(block(height))
    line.skipTo(2)
    line.setHandler(bytes => Promise.resolve(void handled.push(bytes[0]!)))
    await settled()
    expect(handled).to.deep.equal([3])
    expect(line.next).to.equal(4)
  })
})

describe('the inspection of envelopes', () => {
  const request = (name: string) => ({ digest: name, payload: Buffer.from(name) })

  it('inspects an envelope once, however many ask at a time', async () => {
    let calls = 0
    const desk = new InspectionDesk(() => Promise.resolve((calls += 1) > 0 ? OK : OK), {
      atOnceMax: 4,
      waitingMax: 10,
    })
    await Promise.all([1, 2, 3].map(() => desk.take(request('a'), true)))
    expect(calls).to.equal(1)
    expect(desk.length).to.equal(0)
  })

  it('runs a bounded number at once, and refuses clients but no leader when full', async () => {
    let running = 0
    let most = 0
    const ends: (() => void)[] = []
    const desk = new InspectionDesk(
      async () => {
        most = Math.max(most, (running += 1))
        await new Promise<void>(resolve => void ends.push(resolve))
        running -= 1
        return OK
      },
      { atOnceMax: 2, waitingMax: 3 },
    )
    const inspections = ['a', 'b', 'c'].map(name => desk.take(request(name), true))
    expect(await desk.take(request('d'), true)).to.include({ code: 'ORDERER_BUSY' })
    inspections.push(desk.take(request('e'), false))
    for (let round = 0; round < 20; round += 1) {
      ends.shift()?.()
      await settled()
    }
    expect(await Promise.all(inspections)).to.deep.equal([OK, OK, OK, OK])
    expect(most).to.equal(2)
  })

  it('takes an inspection that throws for a refusal', async () => {
    const desk = new InspectionDesk(() => Promise.reject(new Error('broken')), {
      atOnceMax: 1,
      waitingMax: 1,
    })
    expect(await desk.take(request('a'), true)).to.include({ code: 'INSPECTION_FAILED' })
    expect(await desk.takeAll([request('a')])).to.equal(false)
  })
})
