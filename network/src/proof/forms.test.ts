import { expect } from 'chai'
import fc from 'fast-check'
import { fromHex, toHex } from './bytes.ts'
import { readDer, readOid, readTime, readUnsigned, writeDer, writeUnsigned } from './der.ts'
import { hasLowS, readSignature, verifyEcdsa, writeSignature } from './ecdsa.ts'
import { Broken } from './verdict.ts'
import { readLoose, readMessage, writeBytes, writeNumber } from './wire.ts'

const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
const broken = (hex: string, read: (bytes: Uint8Array) => unknown) => {
  expect(() => read(fromHex(hex)), hex).to.throw(Broken)
}

before(() => {
  console.log(`    forms: TEST_SEED=${SEED}`)
})

describe('strict DER', () => {
  it('has one spelling for a length', () => {
    expect(readDer(fromHex('0401aa')).value).to.deep.equal(fromHex('aa'))
    for (const hex of ['048101aa', '0480aa0000', '04820001aa', '0402aa', '0401aabb', '04', '']) {
      broken(hex, readDer)
    }
  })

  it('has one spelling for a number, and no negative ones', () => {
    expect(toHex(readUnsigned(readDer(fromHex('02020080'))))).to.equal('80')
    expect(toHex(readUnsigned(readDer(fromHex('020100'))))).to.equal('')
    for (const hex of ['0200', '020180', '0202007f', '03010a']) {
      broken(hex, bytes => readUnsigned(readDer(bytes)))
    }
  })

  it('reads what it writes', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 1n << 400n }), number => {
        const digits = toHex(readUnsigned(readDer(writeUnsigned(number))))
        return BigInt(`0x${digits || '0'}`) === number
      }),
      { seed: SEED },
    )
    for (const size of [0, 127, 128, 255, 256, 65_535, 65_536]) {
      const bytes = new Uint8Array(size).fill(7)
      expect(readDer(writeDer(4, bytes)).value).to.deep.equal(bytes)
    }
  })

  it('reads object identifiers and times of RFC 5280 only', () => {
    expect(readOid(readDer(fromHex('06082a8648ce3d030107')))).to.equal('1.2.840.10045.3.1.7')
    expect(readOid(readDer(fromHex('0603550403')))).to.equal('2.5.4.3')
    for (const hex of ['0600', '06022a80', '06032a8001']) broken(hex, one => readOid(readDer(one)))
    const time = (tag: number, text: string) => readTime(readDer(writeDer(tag, Buffer.from(text))))
    expect(time(0x17, '491231235959Z')).to.equal(Date.UTC(2049, 11, 31, 23, 59, 59))
    expect(time(0x17, '500101000000Z')).to.equal(Date.UTC(1950, 0))
    expect(time(0x18, '20500101000000Z')).to.equal(Date.UTC(2050, 0))
    for (const text of ['4912312359Z', '491231235959+0100', '491301000000Z', '490132000000Z']) {
      expect(() => time(0x17, text), text).to.throw(Broken)
    }
  })
})

describe('strict protobuf', () => {
  const schema = { 1: 'varint', 2: 'bytes', 3: 'list', 4: 'message' } as const

  it('takes the canonical spelling', () => {
    const message = readMessage(fromHex('08961a' + '120101' + '1a00' + '1a0102' + '2200'), schema)
    expect(message.number(1)).to.equal(3350n)
    expect(message.list(3).map(toHex)).to.deep.equal(['', '02'])
    expect(message.has(4)).to.equal(true)
  })

  it('refuses every other', () => {
    const others = {
      'a default spelled out': ['0800', '1200'],
      'a padded number': ['0881808000', '8a000101'],
      'an unknown field': ['2801', '3a00'],
      'a field twice or out of order': ['08010802', '12010112 0101', '1201010801'],
      'the wrong wire type': ['0a0101', '1001', '0d00000000'],
      'a cut': ['08', '1202aa', '12', '80'],
      'more than 64 bits': ['08ffffffffffffffffff7f'],
    }
    for (const [what, spellings] of Object.entries(others)) {
      for (const hex of spellings) {
        const bytes = fromHex(hex.replace(' ', ''))
        expect(() => readMessage(bytes, schema), `${what}: ${hex}`).to.throw(Broken)
      }
    }
  })

  it('reads loosely what is fixed by a hash: unknown fields, fixed widths, the last of two', () => {
    const message = readLoose(fromHex('08010802' + '4d01020304' + '2101020304050607ff'))
    expect(message.number(1)).to.equal(2n)
    expect(toHex(message.bytes(9))).to.equal('01020304')
  })

  it('reads what it writes', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: (1n << 64n) - 1n }), fc.uint8Array(), (n, bytes) => {
        const written = new Uint8Array([...writeNumber(1, n), ...writeBytes(3, bytes)])
        const message = readMessage(written, schema)
        return message.number(1) === n && toHex(message.bytes(3)) === toHex(bytes)
      }),
      { seed: SEED },
    )
  })
})

describe('signatures', () => {
  it('are low or refused, at the border to the bit', () => {
    const half = 0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8n
    expect(hasLowS(writeSignature({ r: 1n, s: half }), 'P-256')).to.equal(true)
    expect(hasLowS(writeSignature({ r: 1n, s: half + 1n }), 'P-256')).to.equal(false)
    expect(hasLowS(writeSignature({ r: 0n, s: 1n }), 'P-256')).to.equal(false)
    expect(hasLowS(writeSignature({ r: 1n, s: 0n }), 'P-256')).to.equal(false)
    expect(hasLowS(writeSignature({ r: 1n << 260n, s: 1n }), 'P-256')).to.equal(false)
  })

  it('round-trip, and never throw in verification', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), signature => {
        const key = { curve: 'P-256' as const, point: new Uint8Array(65).fill(4) }
        return !verifyEcdsa({ key, message: new Uint8Array(0), signature })
      }),
      { seed: SEED },
    )
    const numbers = { r: 123456789n, s: 1n }
    expect(readSignature(writeSignature(numbers))).to.deep.equal(numbers)
  })
})
