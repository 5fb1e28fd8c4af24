import { expect } from 'chai'
import fc from 'fast-check'
import { ledger } from '@hyperledger/fabric-protos'
import {
  readPrivateSets,
  readReadWriteSet,
  writePrivateSets,
  writeReadWriteSet,
  type NamespaceSet,
} from './rwset.ts'

const { kvrwset } = ledger.rwset
const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 })
const bytes = fc.uint8Array({ maxLength: 20 })
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
const number = fc.nat({ max: 1_000_000 })
const version = fc.option(fc.record({ block: number, tx: number }), { nil: undefined })
const keyRead = fc.record({ key: text, version })
const entries = fc.array(fc.record({ name: text, value: bytes }), { maxLength: 2 })
const rawRange = fc.record({
  startKey: text,
  endKey: text,
  exhausted: fc.boolean(),
  reads: fc.array(keyRead, { maxLength: 3 }),
  merkle: fc.constant(undefined),
})
const merkleRange = fc.record({
  startKey: text,
  endKey: text,
  exhausted: fc.boolean(),
  reads: fc.constant([]),
  merkle: fc.record({ maxDegree: number, maxLevel: number, hashes: fc.array(hash) }),
})
const collection = fc.record({
  collection: text,
  reads: fc.array(fc.record({ keyHash: hash, version }), { maxLength: 2 }),
  writes: fc.array(
    fc.record({ keyHash: hash, isDelete: fc.boolean(), valueHash: bytes, isPurge: fc.boolean() }),
    { maxLength: 2 },
  ),
  metadataWrites: fc.array(fc.record({ keyHash: hash, entries }), { maxLength: 2 }),
  privateHash: bytes,
})
const namespaceSet: fc.Arbitrary<NamespaceSet> = fc.record({
  namespace: text,
  reads: fc.array(keyRead, { maxLength: 3 }),
  ranges: fc.array(fc.oneof(rawRange, merkleRange), { maxLength: 2 }),
  writes: fc.array(fc.record({ key: text, isDelete: fc.boolean(), value: bytes }), {
    maxLength: 3,
  }),
  metadataWrites: fc.array(fc.record({ key: text, entries }), { maxLength: 2 }),
  collections: fc.array(collection, { maxLength: 2 }),
})

/** What fabric-protos makes of the same bytes, inner messages included. */
const again = (written: Uint8Array): Uint8Array => {
  const set = ledger.rwset.TxReadWriteSet.deserializeBinary(written)
  for (const part of set.getNsRwsetList()) {
    part.setRwset(kvrwset.KVRWSet.deserializeBinary(part.getRwset_asU8()).serializeBinary())
    for (const one of part.getCollectionHashedRwsetList()) {
      const inner = kvrwset.HashedRWSet.deserializeBinary(one.getHashedRwset_asU8())
      one.setHashedRwset(inner.serializeBinary())
    }
  }
  return set.serializeBinary()
}

/** Buffers and other byte arrays made alike. */
const plain = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return [...value]
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]))
}

describe('a read-write set', () => {
  it('has the very bytes fabric-protos gives it', () => {
    fc.assert(
      fc.property(fc.array(namespaceSet, { maxLength: 3 }), sets => {
        const written = writeReadWriteSet(sets)
        expect(Buffer.from(again(written)).toString('hex')).to.equal(written.toString('hex'))
      }),
    )
  })

  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.array(namespaceSet, { maxLength: 3 }), sets => {
        expect(plain(readReadWriteSet(writeReadWriteSet(sets)))).to.deep.equal(plain(sets))
      }),
    )
  })

  it('of private data is grouped by namespace as Fabric groups it', () => {
    const sets = [
      { namespace: 'a', collection: 'x', rwset: Buffer.from('1') },
      { namespace: 'a', collection: 'y', rwset: Buffer.from('2') },
      { namespace: 'b', collection: 'x', rwset: Buffer.from('3') },
    ]
    const written = writePrivateSets(sets)
    const message = ledger.rwset.TxPvtReadWriteSet.deserializeBinary(written)
    expect(message.getNsPvtRwsetList().map(one => one.getNamespace())).to.deep.equal(['a', 'b'])
    expect(readPrivateSets(written).map(set => Buffer.from(set.rwset).toString())).to.deep.equal([
      '1',
      '2',
      '3',
    ])
  })
})
