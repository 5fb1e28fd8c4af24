import { expect } from 'chai'
import fc from 'fast-check'
import { TxCode } from './codes.ts'
import { readsHold, rowsWithUpdates } from './mvcc.ts'
import type { NamespaceSet, RangeQuery, Version } from './rwset.ts'
import type { CommittedState, KeyRange, StoredKey, StoredValue } from './state.ts'
import { UpdateBatch, applyWrites } from './updates.ts'
import { compareText } from './wire.ts'

const NOTHING = new Uint8Array(0)
const ns = 'cc'

/** A state of one namespace, kept as simply as can be. */
class MapState implements CommittedState {
  readonly rows = new Map<string, StoredValue>()

  value(_namespace: string, key: string): StoredValue | undefined {
    return this.rows.get(key)
  }

  version(namespace: string, key: string): Version | undefined {
    return this.value(namespace, key)?.version
  }

  hashed(): undefined {
    return undefined
  }

  range({ startKey, endKey, endIncluded }: KeyRange): Iterable<StoredKey> {
    return [...this.rows]
      .filter(([key]) => compareText(key, startKey) >= 0)
      .filter(([key]) => {
        if (endKey === '') return true
        const order = compareText(key, endKey)
        return endIncluded ? order <= 0 : order < 0
      })
      .sort(([a], [b]) => compareText(a, b))
      .map(([key, { version }]) => ({ key, version }))
  }
}

const setOf = (parts: Partial<NamespaceSet>): NamespaceSet => ({
  namespace: ns,
  reads: [],
  ranges: [],
  writes: [],
  metadataWrites: [],
  collections: [],
  ...parts,
})

const put = (key: string, value = 'v'): NamespaceSet['writes'][number] => ({
  key,
  isDelete: value === '',
  value: Buffer.from(value),
})

const stateOf = (keys: readonly string[]): MapState => {
  const state = new MapState()
  keys.forEach((key, tx) =>
    state.rows.set(key, { version: { block: 1, tx }, value: Buffer.from('v'), metadata: NOTHING }),
  )
  return state
}

const rangeOf = (state: CommittedState, startKey: string, endKey: string): RangeQuery => ({
  startKey,
  endKey,
  exhausted: true,
  reads: [...state.range({ namespace: ns, startKey, endKey, endIncluded: false })],
  merkle: undefined,
})

describe('the MVCC rule', () => {
  it('finds a read stale after an earlier write in the same block, and a blind write never', () => {
    const state = stateOf(['a'])
    const batch = new UpdateBatch()
    applyWrites([setOf({ writes: [put('a')] })], { block: 2, tx: 0 }, { batch, state })
    const read = setOf({ reads: [{ key: 'a', version: { block: 1, tx: 0 } }] })
    expect(readsHold([read], { batch, state })).to.equal(TxCode.MVCC_READ_CONFLICT)
    expect(readsHold([setOf({ writes: [put('a')] })], { batch, state })).to.equal(TxCode.VALID)
  })

  it('tells a key that was never there from one that is', () => {
    const state = stateOf(['a'])
    const view = { batch: new UpdateBatch(), state }
    const absent = (key: string): NamespaceSet => setOf({ reads: [{ key, version: undefined }] })
    expect(readsHold([absent('b')], view)).to.equal(TxCode.VALID)
    expect(readsHold([absent('a')], view)).to.equal(TxCode.MVCC_READ_CONFLICT)
  })

  it('finds phantoms: a range query holds exactly while its rows are the same', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', '\uffff', '\u{1f600}')
    const write = fc.record({ key, value: fc.constantFrom('x', '') })
    fc.assert(
      fc.property(
        fc.uniqueArray(key),
        fc.array(write, { maxLength: 4 }),
        fc.tuple(key, fc.option(key, { nil: '' })),
        (keys, writes, [startKey, endKey]) => {
          const state = stateOf(keys)
          const query = rangeOf(state, startKey, endKey)
          const batch = new UpdateBatch()
          writes.forEach((one, tx) =>
            applyWrites(
              [setOf({ writes: [put(one.key, one.value)] })],
              { block: 2, tx },
              { batch, state },
            ),
          )
          const inRange = (name: string): boolean =>
            compareText(name, startKey) >= 0 && (endKey === '' || compareText(name, endKey) < 0)
          const touched = [...(batch.publicUpdates.get(ns) ?? [])].some(
            ([name, update]) =>
              inRange(name) && (state.rows.has(name) || update.value !== undefined),
          )
          const code = readsHold([setOf({ ranges: [query] })], { batch, state })
          expect(code).to.equal(touched ? TxCode.PHANTOM_READ_CONFLICT : TxCode.VALID)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('lays a block over the state as if it were committed', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', 'e')
    const write = fc.record({ key, value: fc.constantFrom('x', '') })
    fc.assert(
      fc.property(fc.uniqueArray(key), fc.array(write), (keys, writes) => {
        const state = stateOf(keys)
        const batch = new UpdateBatch()
        const after = stateOf(keys)
        writes.forEach((one, tx) => {
          const version = { block: 2, tx }
          applyWrites([setOf({ writes: [put(one.key, one.value)] })], version, { batch, state })
          if (one.value === '') after.rows.delete(one.key)
          else after.rows.set(one.key, { version, value: Buffer.from('x'), metadata: NOTHING })
        })
        const whole = { namespace: ns, startKey: '', endKey: '', endIncluded: false }
        expect([...rowsWithUpdates(whole, { batch, state })]).to.deep.equal([...after.range(whole)])
      }),
    )
  })
})

describe('the writes of a block', () => {
  const policy = [{ name: 'VALIDATION_PARAMETER', value: Buffer.from('p') }]

  it('keep a key policy when only the value changes, and lose it with the key', () => {
    const state = new MapState()
    const batch = new UpdateBatch()
    const apply = (parts: Partial<NamespaceSet>, tx: number): void =>
      applyWrites([setOf(parts)], { block: 2, tx }, { batch, state })
    apply({ writes: [put('a')], metadataWrites: [{ key: 'a', entries: policy }] }, 0)
    const metadata = batch.public(ns, 'a')?.metadata
    expect(metadata?.length).to.be.above(0)
    apply({ writes: [put('a', 'w')] }, 1)
    expect(batch.public(ns, 'a')?.metadata).to.deep.equal(metadata)
    apply({ writes: [put('a', '')] }, 2)
    expect(batch.public(ns, 'a')).to.include({ value: undefined })
    apply({ metadataWrites: [{ key: 'a', entries: policy }] }, 3)
    expect(batch.public(ns, 'a')?.version).to.deep.equal({ block: 2, tx: 2 })
  })

  it('raise the version of a key whose policy alone changes', () => {
    const state = stateOf(['a'])
    const batch = new UpdateBatch()
    const set = setOf({ metadataWrites: [{ key: 'a', entries: policy }] })
    applyWrites([set], { block: 2, tx: 5 }, { batch, state })
    expect(batch.public(ns, 'a')?.version).to.deep.equal({ block: 2, tx: 5 })
    expect(Buffer.from(batch.public(ns, 'a')?.value ?? []).toString()).to.equal('v')
  })
})
