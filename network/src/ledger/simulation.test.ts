import { expect } from 'chai'
import fc from 'fast-check'
import { ledger as protos } from '@hyperledger/fabric-protos'
import { isLedgerFault, TxCode, type Ledger } from './index.ts'
import { CHAINCODE, TestChannel, codesOf } from './testing/channel.ts'
import { commitNext } from './testing/transactions.ts'
import type { KeyValue, Rows, Simulation, StateKey } from './types.ts'

const { kvrwset } = protos.rwset
const at = (key: string): StateKey => ({ namespace: CHAINCODE, key })
const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : Buffer.from(value).toString()

const codeOf = (work: () => unknown): string => {
  try {
    work()
    return 'none'
  } catch (error) {
    return isLedgerFault(error) ? error.code : String(error)
  }
}

const keysOf = (rows: Rows<KeyValue>): string[] => {
  const keys: string[] = []
  for (let row = rows.next(); row !== undefined; row = rows.next()) keys.push(row.key)
  return keys
}

const publicSet = (results: Uint8Array, namespace = CHAINCODE): protos.rwset.kvrwset.KVRWSet => {
  const set = protos.rwset.TxReadWriteSet.deserializeBinary(results)
  const part = set.getNsRwsetList().find(one => one.getNamespace() === namespace)
  return kvrwset.KVRWSet.deserializeBinary(part?.getRwset_asU8() ?? new Uint8Array(0))
}

describe('a simulation', () => {
  let channel: TestChannel
  let ledger: Ledger

  const simulate = <T>(work: (simulation: Simulation) => T): T => {
    const simulation = ledger.newSimulation({ txId: 'sim', creatorMspId: 'Org1MSP' })
    try {
      return work(simulation)
    } finally {
      simulation.close()
    }
  }

  before(async () => {
    channel = await TestChannel.create()
    ledger = await channel.deployed()
    const seed = await channel.transact(ledger, simulation => {
      for (let index = 0; index < 120; index += 1) {
        simulation.putState(at(`row${String(index).padStart(3, '0')}`), Buffer.from(`${index}`))
      }
      simulation.putState(at('\u0000type\u0000a\u0000'), Buffer.from('composite'))
      simulation.putState(at('\u0000type\u0000\u{1f600}\u0000'), Buffer.from('composite'))
    })
    expect(await codesOf(ledger, [seed])).to.deep.equal([TxCode.VALID])
  })
  after(() => channel.close())

  it('never sees its own writes', () => {
    simulate(simulation => {
      simulation.putState(at('row000'), Buffer.from('changed'))
      simulation.delState(at('row001'))
      expect(text(simulation.getState(at('row000')))).to.equal('0')
      expect(text(simulation.getState(at('row001')))).to.equal('1')
    })
  })

  it('sees one snapshot, whatever commits meanwhile', async () => {
    const simulation = ledger.newSimulation({ txId: 'sim', creatorMspId: 'Org1MSP' })
    const { height } = simulation
    const rows = simulation.getRange({ namespace: CHAINCODE, startKey: 'row', endKey: 'rox' })
    expect(rows.next()?.key).to.equal('row000')
    await codesOf(ledger, [
      await channel.put(ledger, 'row000', 'other'),
      await channel.put(ledger, 'row000a', 'between'),
    ])
    expect(text(simulation.getState(at('row000')))).to.equal('0')
    expect(rows.next()?.key).to.equal('row001')
    expect(simulation.height).to.equal(height)
    simulation.close()
    expect(simulate(later => text(later.getState(at('row000'))))).to.equal('other')
  })

  it('puts versions of what it read into the read set, and the last write of each key', () => {
    const { results } = simulate(simulation => {
      simulation.getState(at('row002'))
      simulation.getState(at('nothing'))
      simulation.putState(at('b'), Buffer.from('1'))
      simulation.putState(at('a'), Buffer.from('1'))
      simulation.putState(at('b'), Buffer.from('2'))
      simulation.delState(at('c'))
      return simulation.finish()
    })
    const set = publicSet(results)
    const reads = set.getReadsList().map(read => [read.getKey(), read.getVersion()?.getBlockNum()])
    expect(reads).to.deep.equal([
      ['nothing', undefined],
      ['row002', 2],
    ])
    const writes = set
      .getWritesList()
      .map(write => [
        write.getKey(),
        Buffer.from(write.getValue_asU8()).toString(),
        write.getIsDelete(),
      ])
    expect(writes).to.deep.equal([
      ['a', '1', false],
      ['b', '2', false],
      ['c', '', true],
    ])
  })

  it('gives every endorser the same bytes, in whatever order a contract worked', async () => {
    const other = await channel.ledger('Org2MSP')
    for (let number = 1; number < ledger.height(); number += 1) {
      await other.commit(ledger.block(number) as Uint8Array)
    }
    const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(fc.uniqueArray(key, { minLength: 1 }), keys => {
        const run = (on: Ledger, order: readonly string[]): Buffer => {
          const simulation = on.newSimulation({ txId: 'sim', creatorMspId: 'Org1MSP' })
          try {
            for (const one of order) {
              simulation.getState(at(one))
              simulation.putState(at(one), Buffer.from(one))
              simulation.putState(
                { ...at(one), collection: '_implicit_org_Org1MSP' },
                Buffer.from(one),
              )
            }
            const { results, privateResults } = simulation.finish()
            return Buffer.concat([results, privateResults as Uint8Array])
          } finally {
            simulation.close()
          }
        }
        expect(run(ledger, keys).equals(run(other, [...keys].reverse()))).to.equal(true)
      }),
      { numRuns: 25 },
    )
  })

  it('records a range as far as it was taken', () => {
    const range = { namespace: CHAINCODE, startKey: 'row01', endKey: 'row02' }
    const taken = simulate(simulation => {
      const rows = simulation.getRange(range)
      rows.next()
      rows.next()
      return simulation.finish()
    })
    const [part] = publicSet(taken.results).getRangeQueriesInfoList()
    expect(part?.getItrExhausted()).to.equal(false)
    expect(part?.getEndKey()).to.equal('row011')
    expect(part?.getRawReads()?.getKvReadsList()).to.have.length(2)
    const all = simulate(simulation => {
      keysOf(simulation.getRange({ namespace: CHAINCODE, startKey: 'row', endKey: 'rox' }))
      return simulation.finish()
    })
    const [whole] = publicSet(all.results).getRangeQueriesInfoList()
    expect(whole?.getItrExhausted()).to.equal(true)
    expect(whole?.hasReadsMerkleHashes()).to.equal(true)
  })

  it('commits over a long range that nobody touched, and not over one somebody did', async () => {
    const scan = (): ReturnType<TestChannel['transact']> =>
      channel.transact(ledger, simulation => {
        keysOf(simulation.getRange({ namespace: CHAINCODE, startKey: 'row', endKey: 'rox' }))
        simulation.putState(at('sum'), Buffer.from('1'))
      })
    const [first, second] = [await scan(), await scan()]
    const change = await channel.put(ledger, 'row077', 'changed')
    expect(await codesOf(ledger, [first, change, second])).to.deep.equal([
      TxCode.VALID,
      TxCode.VALID,
      TxCode.PHANTOM_READ_CONFLICT,
    ])
  })

  it('ranges over composite keys in byte order, up to U+10FFFF', () => {
    const prefix = '\u0000type\u0000'
    const range = { namespace: CHAINCODE, startKey: prefix, endKey: `${prefix}\u{10ffff}` }
    const keys = simulate(simulation => keysOf(simulation.getRange(range)))
    expect(keys).to.deep.equal(['\u0000type\u0000a\u0000', '\u0000type\u0000\u{1f600}\u0000'])
  })

  it('pages in read-only transactions, with the next key as bookmark', () => {
    const range = { namespace: CHAINCODE, startKey: 'row', endKey: 'row003', pageSize: 2 }
    const pages = simulate(simulation => {
      const first = simulation.getRange(range)
      const keys = keysOf(first)
      const bookmark = first.bookmark()
      const second = simulation.getRange({ ...range, bookmark })
      return [keys, bookmark, keysOf(second), second.bookmark()]
    })
    expect(pages).to.deep.equal([['row000', 'row000a'], 'row001', ['row001', 'row002'], ''])
    const after = codeOf(() =>
      simulate(simulation => {
        simulation.getRange(range)
        simulation.putState(at('x'), Buffer.from('1'))
      }),
    )
    const before = codeOf(() =>
      simulate(simulation => {
        simulation.putState(at('x'), Buffer.from('1'))
        simulation.getRange(range)
      }),
    )
    expect([after, before]).to.deep.equal(['WRITE_AFTER_QUERY', 'QUERY_AFTER_WRITE'])
  })

  it('tells a key its whole history, newest first, deletions included', async () => {
    const ids: string[] = []
    for (const value of ['one', 'two', '']) {
      const transaction = await channel.put(ledger, 'story', value)
      ids.unshift(transaction.txId)
      await commitNext(ledger, [transaction.bytes])
    }
    const failed = await channel.put(ledger, 'story', 'never', channel.peers(1))
    await commitNext(ledger, [failed.bytes])
    const history = simulate(simulation => {
      const rows = simulation.getHistory(at('story'))
      const found = []
      for (let row = rows.next(); row !== undefined; row = rows.next()) found.push(row)
      return found
    })
    expect(history.map(({ txId }) => txId)).to.deep.equal(ids)
    expect(history.map(({ value }) => text(value))).to.deep.equal(['', 'two', 'one'])
    expect(history.map(({ isDelete }) => isDelete)).to.deep.equal([true, false, false])
  })

  it('records the Sequence of the chaincode it runs, as a real peer does', () => {
    const { results } = simulate(simulation => {
      expect(simulation.definition(CHAINCODE)?.version).to.equal('1.0')
      expect(simulation.definition('nobody')).to.equal(undefined)
      return simulation.finish()
    })
    const reads = publicSet(results, '_lifecycle')
      .getReadsList()
      .map(read => read.getKey())
    expect(reads).to.deep.equal([
      'namespaces/fields/cc/Sequence',
      'namespaces/fields/nobody/Sequence',
    ])
  })

  it('refuses keys no state can hold, and work after its end', () => {
    simulate(simulation => {
      for (const key of ['', 'x'.repeat(2_000), '\ud800']) {
        expect(codeOf(() => simulation.putState(at(key), Buffer.from('1')))).to.equal('KEY_INVALID')
        expect(codeOf(() => simulation.getState(at(key)))).to.equal('KEY_INVALID')
      }
      simulation.close()
      expect(codeOf(() => simulation.getState(at('a')))).to.equal('SIMULATION_CLOSED')
      expect(codeOf(() => simulation.finish())).to.equal('SIMULATION_CLOSED')
    })
  })

  it('holds keys of the greatest length through commit, range and history', async () => {
    const key = 'k'.repeat(1_536)
    expect(await codesOf(ledger, [await channel.put(ledger, key, 'long')])).to.deep.equal([0])
    const keys = simulate(simulation => [
      text(simulation.getState(at(key))),
      simulation.getHistory(at(key)).next()?.isDelete,
      ...keysOf(simulation.getRange({ namespace: CHAINCODE, startKey: 'kk', endKey: 'l' })),
    ])
    expect(keys).to.deep.equal(['long', false, key])
  })
})
