import { expect } from 'chai'
import fc from 'fast-check'
import {
  FRAME,
  FrameFault,
  frameHead,
  FrameReader,
  joinParts,
  splitParts,
  type FrameType,
} from './frames.ts'

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
const types = Object.values(FRAME)

function encode(type: FrameType, payload: Uint8Array): Buffer {
  return Buffer.concat([frameHead(type, payload.length), payload])
}

describe(`frames of a link (seed ${seed})`, () => {
  it('come out as they went in, however the stream is cut', () => {
    const frame = fc.record({
      type: fc.constantFrom(...types),
      payload: fc.uint8Array({ maxLength: 300 }),
    })
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), fc.array(fc.nat(200)), (frames, cuts) => {
        const stream = Buffer.concat(frames.map(each => encode(each.type, each.payload)))
        const reader = new FrameReader(1_000)
        const read = []
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const length = (cuts[turn % cuts.length] ?? 50) + 1
          read.push(...reader.push(stream.subarray(at, at + length)))
          at += length
        }
        expect(read.map(each => ({ type: each.type, payload: [...each.payload] }))).to.deep.equal(
          frames.map(each => ({ type: each.type, payload: [...each.payload] })),
        )
      }),
      { seed },
    )
  })

  it('never make the reader throw anything but a frame fault', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), bytes => {
        try {
          new FrameReader(64).push(Buffer.from(bytes))
        } catch (error) {
          expect(error).to.be.instanceOf(FrameFault)
        }
      }),
      { seed },
    )
  })

  it('are refused by their length before their bytes have come', () => {
    const head = frameHead(FRAME.consensus, 2_000)
    expect(() => new FrameReader(1_000).push(head.subarray(0, 4))).to.throw(
      FrameFault,
      /2001 bytes/,
    )
  })

  it('carry lists of byte strings', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), parts => {
        expect(splitParts(joinParts(parts)).map(part => [...part])).to.deep.equal(
          parts.map(part => [...part]),
        )
      }),
      { seed },
    )
    expect(() => splitParts(Buffer.from([0, 0, 0, 9, 1]))).to.throw(FrameFault)
  })
})
