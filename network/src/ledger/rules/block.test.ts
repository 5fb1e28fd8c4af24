import { expect } from 'chai'
import fc from 'fast-check'
import { common } from '@hyperledger/fabric-protos'
import { buildBlock, sha, wrap } from '../testing/transactions.ts'
import {
  checkBlockData,
  headerBytes,
  isBlockFault,
  isCanonicalEnvelope,
  readBlock,
  writeBlock,
  type Block,
} from './block.ts'

const envelope = (text: string): Uint8Array =>
  wrap(Buffer.from(`${text} payload`), Buffer.from(text))

const blockOf = (envelopes: readonly Uint8Array[]): Block => {
  const read = readBlock(buildBlock({ number: 6, hash: Buffer.alloc(32, 1) }, envelopes))
  if (isBlockFault(read)) throw new Error(read.detail)
  return read
}

describe('a block', () => {
  it('is written again byte for byte as fabric-protos writes it', () => {
    const bytes = buildBlock({ number: 6, hash: Buffer.alloc(32, 1) }, [
      envelope('a'),
      envelope('b'),
    ])
    const block = readBlock(bytes)
    if (isBlockFault(block)) throw new Error(block.detail)
    expect(writeBlock(block, new Map())).to.deep.equal(Buffer.from(bytes))
  })

  it('has the header bytes that orderers sign', () => {
    const header = { number: 128, previousHash: Buffer.alloc(32, 1), dataHash: Buffer.alloc(32, 2) }
    const expected = `3048020200800420${'01'.repeat(32)}0420${'02'.repeat(32)}`
    expect(headerBytes(header).toString('hex')).to.equal(expected)
    expect(
      headerBytes({ ...header, number: 0 })
        .toString('hex')
        .slice(4, 10),
    ).to.equal('020100')
  })

  it('is refused when its data does not hash to its header', () => {
    const block = blockOf([envelope('a'), envelope('b')])
    const fault = checkBlockData({ ...block, envelopes: [envelope('a'), envelope('c')] })
    expect(fault?.code).to.equal('BLOCK_DATA_HASH')
  })

  it('is refused in every re-cut whose concatenation hashes alike (CVE-2023-46132)', () => {
    const envelopes = [envelope('first'), envelope('second'), envelope('third')]
    const block = blockOf(envelopes)
    expect(checkBlockData(block)).to.equal(undefined)
    const whole = Buffer.concat(envelopes)
    const cut = fc.uniqueArray(fc.integer({ min: 0, max: whole.length }), { maxLength: 4 })
    fc.assert(
      fc.property(cut, cuts => {
        const borders = [0, ...cuts.sort((a, b) => a - b), whole.length]
        const parts = borders.slice(1).map((end, index) => whole.subarray(borders[index], end))
        const asCut =
          envelopes.map(one => one.length).join() === parts.map(one => one.length).join()
        const fault = checkBlockData({ ...block, envelopes: parts })
        expect(fault?.code).to.equal(asCut ? undefined : 'BLOCK_RECUT')
      }),
    )
  })

  it('is refused when an envelope carries more than payload and signature', () => {
    const smuggled = Buffer.concat([envelope('a'), Buffer.from([0x1a, 0x01, 0x00])])
    expect(isCanonicalEnvelope(smuggled)).to.equal(false)
    expect(checkBlockData(blockOf([smuggled]))?.code).to.equal('BLOCK_RECUT')
  })

  it('is refused when a length is written longer than needed', () => {
    const padded = Buffer.from([0x0a, 0x81, 0x00, 0x07, 0x12, 0x01, 0x07])
    expect(common.Envelope.deserializeBinary(padded).getPayload_asU8()).to.have.length(1)
    expect(isCanonicalEnvelope(padded)).to.equal(false)
  })

  it('is refused without signature or without payload', () => {
    expect(isCanonicalEnvelope(wrap(Buffer.from('p'), Buffer.alloc(0)))).to.equal(false)
    expect(isCanonicalEnvelope(wrap(Buffer.alloc(0), Buffer.from('s')))).to.equal(false)
  })

  it('that is no block is answered, never thrown', () => {
    fc.assert(
      fc.property(fc.uint8Array(), bytes => {
        const read = readBlock(bytes)
        expect(isBlockFault(read) || Number.isSafeInteger(read.number)).to.equal(true)
      }),
      { numRuns: 500 },
    )
    expect(sha(Buffer.alloc(0))).to.have.length(32)
  })
})
