import { expect } from 'chai'
import fc from 'fast-check'
import { Message, WireFault, Writer, compareText, fieldAt } from './wire.ts'

describe('the protobuf reader', () => {
  it('gives back what the writer wrote', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.uint8Array(),
        fc.maxSafeNat(),
        (text, bytes, number) => {
          const written = new Writer().text(1, text).bytes(2, bytes).uint(3, number).finish()
          const message = new Message(written)
          expect(message.text(1)).to.equal(text)
          expect([...message.bytes(2)]).to.deep.equal([...bytes])
          expect(message.uint(3)).to.equal(number)
        },
      ),
    )
  })

  it('answers any bytes with a message or a WireFault', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        try {
          new Message(bytes)
        } catch (error) {
          expect(error).to.be.instanceOf(WireFault)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('refuses a singular field that stands twice', () => {
    const twice = new Writer().text(1, 'a').text(1, 'b').finish()
    expect(() => new Message(twice).text(1)).to.throw(WireFault)
  })

  it('refuses text that is not UTF-8', () => {
    const bytes = new Writer().bytes(1, Uint8Array.from([0xc3, 0x28])).finish()
    expect(() => new Message(bytes).text(1)).to.throw(WireFault)
  })

  it('refuses a length beyond the end', () => {
    expect(() => fieldAt(Uint8Array.from([0x0a, 0x05, 1, 2]), 0)).to.throw(WireFault)
  })

  it('takes numbers beyond 2^53 for a place that cannot be', () => {
    const max = Uint8Array.from([0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])
    expect(new Message(max).uint(1)).to.equal(Infinity)
  })
})

describe('the order of texts', () => {
  it('is the order of their UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        const bytes = Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'))
        expect(Math.sign(compareText(a, b))).to.equal(bytes)
      }),
      { numRuns: 2_000 },
    )
  })

  it('puts the end of a composite key range behind private use characters', () => {
    expect(compareText('\uffff', '\u{10ffff}')).to.be.below(0)
  })
})
