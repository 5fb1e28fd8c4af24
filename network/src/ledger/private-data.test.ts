import { expect } from 'chai'
import { ledger as protos } from '@hyperledger/fabric-protos'
import { parsePolicyText } from '../msp/index.ts'
import { TxCode, implicitCollection, isLedgerFault, readPrivateSets, type Ledger } from './index.ts'
import { CHAINCODE, TestChannel, applicationPolicy } from './testing/channel.ts'
import {
  buildEnvelope,
  collectionPackageOf,
  commitNext,
  sha,
  type Endorsed,
} from './testing/transactions.ts'
import type { FetchedPrivate, MissingPrivate, Simulation, StateKey } from './types.ts'

const own = implicitCollection('Org1MSP')
const theirs = implicitCollection('Org2MSP')
const at = (key: string, collection: string): StateKey => ({
  namespace: CHAINCODE,
  key,
  collection,
})

const collections = (): Uint8Array => {
  const twoMembers = parsePolicyText("OR('Org1MSP.member','Org2MSP.member')")
  return collectionPackageOf([
    { name: 'shared', members: twoMembers },
    { name: 'closed', members: twoMembers, memberOnlyRead: true, memberOnlyWrite: true },
    { name: 'brief', members: twoMembers, blockToLive: 2 },
    {
      name: 'guarded',
      members: twoMembers,
      endorsement: applicationPolicy("AND('Org3MSP.peer')"),
    },
  ])
}

const codeOf = (work: () => unknown): string => {
  try {
    work()
    return 'none'
  } catch (error) {
    return isLedgerFault(error) ? error.code : String(error)
  }
}

const reading = <T>(
  ledger: Ledger,
  read: (simulation: Simulation) => T,
  creatorMspId = 'Org1MSP',
): T => {
  const simulation = ledger.newSimulation({ txId: 'query', creatorMspId })
  try {
    return read(simulation)
  } finally {
    simulation.close()
  }
}

const privateValue = (ledger: Ledger, key: string, collection: string): string | undefined =>
  reading(ledger, simulation => simulation.getState(at(key, collection))?.toString())

/** The only hashed set of the chaincode in some results. */
const hashedSetIn = (
  results: Uint8Array,
): { hashed: protos.rwset.kvrwset.HashedRWSet; privateHash: Uint8Array } => {
  const set = protos.rwset.TxReadWriteSet.deserializeBinary(results)
  const parts = set.getNsRwsetList().flatMap(part => part.getCollectionHashedRwsetList())
  expect(parts).to.have.length(1)
  const [part] = parts as [protos.rwset.CollectionHashedReadWriteSet]
  return {
    hashed: protos.rwset.kvrwset.HashedRWSet.deserializeBinary(part.getHashedRwset_asU8()),
    privateHash: part.getPvtRwsetHash_asU8(),
  }
}

/** What a ledger misses of one transaction. */
const lackOf = (ledger: Ledger, { txId }: Endorsed): MissingPrivate[] =>
  ledger.missingPrivate(1_000).filter(one => one.txId === txId)

/** The missing set as its holder gives it. */
const heldBy = (ledger: Ledger, missing: MissingPrivate | undefined): FetchedPrivate => {
  if (missing === undefined) throw new Error('nothing is missing')
  return { ...missing, rwset: ledger.privateWriteSet(missing) ?? new Uint8Array(0) }
}

describe('private data', () => {
  let channel: TestChannel
  let one: Ledger
  let two: Ledger
  let three: Ledger

  const put = (key: string, collection: string, value: string): Promise<Endorsed> =>
    channel.transact(one, simulation =>
      simulation.putState(at(key, collection), Buffer.from(value)),
    )

  /** Commits on the first ledger and hands the block to the others. */
  const commitAll = async (envelopes: readonly Endorsed[]): Promise<number[]> => {
    const block = await commitNext(
      one,
      envelopes.map(({ bytes }) => bytes),
    )
    await two.commit(block.bytes)
    await three.commit(block.bytes)
    return [...block.flags]
  }

  before(async () => {
    channel = await TestChannel.create()
    one = await channel.ledger('Org1MSP')
    two = await channel.ledger('Org2MSP')
    three = await channel.ledger('Org3MSP')
    const bytes = await channel.deployment(one, { collections: collections() })
    await commitAll([{ bytes } as Endorsed])
  })
  after(() => channel.close())

  it('is stored by members only; everybody has the hash', async () => {
    const transaction = await put('a', 'shared', 'secret')
    await two.putTransient(transaction.txId, transaction.results.privateResults as Uint8Array)
    await three.putTransient(transaction.txId, transaction.results.privateResults as Uint8Array)
    expect(await commitAll([transaction])).to.deep.equal([TxCode.VALID])
    expect(privateValue(one, 'a', 'shared')).to.equal('secret')
    expect(privateValue(two, 'a', 'shared')).to.equal('secret')
    expect(three.privateData(three.height() - 1)).to.deep.equal([])
    expect(lackOf(three, transaction)).to.deep.equal([])
    const hash = reading(three, simulation => simulation.getPrivateHash(at('a', 'shared')))
    expect(Buffer.from(hash as Uint8Array)).to.deep.equal(sha(Buffer.from('secret')))
    expect(codeOf(() => privateValue(three, 'a', 'shared'))).to.equal('PRIVATE_VALUE_MISSING')
  })

  it('stands hashed in the public results, with the hash of the private set', async () => {
    const { results } = await put('k', 'shared', 'v')
    const { hashed, privateHash } = hashedSetIn(results.results)
    const write = hashed.getHashedWritesList()[0] as protos.rwset.kvrwset.KVWriteHash
    expect(Buffer.from(write.getKeyHash_asU8())).to.deep.equal(sha(Buffer.from('k')))
    expect(Buffer.from(write.getValueHash_asU8())).to.deep.equal(sha(Buffer.from('v')))
    const [privateSet] = readPrivateSets(results.privateResults as Uint8Array)
    expect(Buffer.from(privateHash)).to.deep.equal(sha(privateSet?.rwset as Uint8Array))
    expect(Buffer.from(results.results).includes('secret')).to.equal(false)
  })

  it('of an organisation needs that organisation to endorse it', async () => {
    const work = (simulation: Simulation): void =>
      simulation.putState(at('mine', theirs), Buffer.from('v'))
    const without = await channel.transact(one, work, { endorsers: channel.peers(1, 3) })
    const withIt = await channel.transact(one, work, { endorsers: channel.peers(2) })
    expect(await commitAll([without, withIt])).to.deep.equal([
      TxCode.ENDORSEMENT_POLICY_FAILURE,
      TxCode.VALID,
    ])
  })

  it('under a collection policy needs that policy, not the chaincode one', async () => {
    const work = (simulation: Simulation): void =>
      simulation.putState(at('g', 'guarded'), Buffer.from('v'))
    expect(
      await commitAll([
        await channel.transact(one, work, { endorsers: channel.peers(1, 2) }),
        await channel.transact(one, work, { endorsers: channel.peers(3) }),
      ]),
    ).to.deep.equal([TxCode.ENDORSEMENT_POLICY_FAILURE, TxCode.VALID])
  })

  it('in a collection nobody defined is refused at both ends', async () => {
    const missing = codeOf(() =>
      reading(one, simulation => simulation.putState(at('k', 'nowhere'), Buffer.from('v'))),
    )
    expect(missing).to.equal('COLLECTION_UNKNOWN')
    const stranger = codeOf(() =>
      reading(one, simulation => simulation.getState(at('k', implicitCollection('NoMSP')))),
    )
    expect(stranger).to.equal('COLLECTION_UNKNOWN')
    const honest = await put('k', 'shared', 'v')
    const set = protos.rwset.TxReadWriteSet.deserializeBinary(honest.results.results)
    for (const part of set.getNsRwsetList()) {
      for (const collection of part.getCollectionHashedRwsetList()) {
        collection.setCollectionName('nowhere')
      }
    }
    const crafted = buildEnvelope({
      channelId: one.channelId,
      creator: channel.user(),
      endorsers: channel.peers(1, 2, 3),
      chaincode: CHAINCODE,
      results: set.serializeBinary(),
    })
    expect(await commitAll([{ ...honest, bytes: crafted.bytes }])).to.deep.equal([
      TxCode.ENDORSEMENT_POLICY_FAILURE,
    ])
  })

  it('of a closed collection is neither read nor written by a stranger', () => {
    const as = (mspId: string, work: (simulation: Simulation) => unknown): string =>
      codeOf(() => reading(one, work, mspId))
    const read = (simulation: Simulation): unknown => simulation.getState(at('k', 'closed'))
    const write = (simulation: Simulation): void =>
      simulation.putState(at('k', 'closed'), Buffer.from('v'))
    expect(as('Org3MSP', read)).to.equal('COLLECTION_READ_DENIED')
    expect(as('Org3MSP', write)).to.equal('COLLECTION_WRITE_DENIED')
    expect(as('Org2MSP', read)).to.equal('none')
    expect(as('Org2MSP', write)).to.equal('none')
    const range = { namespace: CHAINCODE, collection: 'closed', startKey: '', endKey: '' }
    expect(as('Org3MSP', simulation => simulation.getRange(range))).to.equal(
      'COLLECTION_READ_DENIED',
    )
    const hash = (simulation: Simulation): unknown => simulation.getPrivateHash(at('k', 'closed'))
    expect(as('Org3MSP', hash)).to.equal('none')
  })

  it('that is missing is recorded, and filled only by bytes that hash right', async () => {
    const transaction = await put('late', 'shared', 'came later')
    expect(await commitAll([transaction])).to.deep.equal([TxCode.VALID])
    const [missing] = lackOf(two, transaction)
    expect(missing).to.include({ collection: 'shared' })
    expect(codeOf(() => privateValue(two, 'late', 'shared'))).to.equal('PRIVATE_VALUE_MISSING')
    const fetched = heldBy(one, missing)
    const forged = { ...fetched, rwset: Buffer.concat([fetched.rwset, Buffer.from([0])]) }
    expect(await two.storeFetchedPrivate([forged])).to.deep.equal(['hash_differs'])
    expect(await two.storeFetchedPrivate([fetched])).to.deep.equal(['stored'])
    expect(await two.storeFetchedPrivate([fetched])).to.deep.equal(['not_missing'])
    expect(privateValue(two, 'late', 'shared')).to.equal('came later')
    expect(lackOf(two, transaction)).to.deep.equal([])
  })

  it('that comes late never replaces a newer value', async () => {
    const older = await put('order', 'shared', 'old')
    await commitAll([older])
    const newer = await put('order', 'shared', 'new')
    await two.putTransient(newer.txId, newer.results.privateResults as Uint8Array)
    await commitAll([newer])
    await two.putTransient(older.txId, older.results.privateResults as Uint8Array)
    expect(lackOf(two, older)).to.deep.equal([])
    expect(privateValue(two, 'order', 'shared')).to.equal('new')
  })

  it('of which the endorser gave other bytes than it signed is missing, not stored', async () => {
    const transaction = await put('lie', 'shared', 'truth')
    const lie = await put('lie', 'shared', 'lie')
    await two.putTransient(transaction.txId, lie.results.privateResults as Uint8Array)
    await commitAll([transaction])
    const fetched = heldBy(one, lackOf(two, transaction)[0])
    await two.storeFetchedPrivate([fetched])
    expect(privateValue(two, 'lie', 'shared')).to.equal('truth')
  })

  it('with a time to live is forgotten everywhere when its blocks are over', async () => {
    const transaction = await put('gone', 'brief', 'soon')
    await commitAll([transaction])
    const block = one.height() - 1
    const pass = async (): Promise<number[]> => commitAll([await channel.put(one, 'tick', 'x')])
    await pass()
    await pass()
    expect(privateValue(one, 'gone', 'brief')).to.equal('soon')
    await pass()
    expect(privateValue(one, 'gone', 'brief')).to.equal(undefined)
    for (const ledger of [one, two, three]) {
      expect(reading(ledger, s => s.getPrivateHash(at('gone', 'brief')))).to.equal(undefined)
      expect(lackOf(ledger, transaction)).to.deep.equal([])
    }
    expect(one.privateData(block)).to.deep.equal([])
  })

  it('written again lives from its last writing', async () => {
    await commitAll([await put('kept', 'brief', '1')])
    await commitAll([await channel.put(one, 'tick', 'y')])
    await commitAll([await put('kept', 'brief', '2')])
    await commitAll([await channel.put(one, 'tick', 'z')])
    expect(privateValue(one, 'kept', 'brief')).to.equal('2')
  })

  it('that is purged leaves no trace of the value, in write sets either', async () => {
    const write = await channel.transact(one, simulation => {
      simulation.putState(at('purge me', own), Buffer.from('regret'))
      simulation.putState(at('stay', own), Buffer.from('fine'))
    })
    await commitAll([write])
    const block = one.height() - 1
    const purge = await channel.transact(one, simulation =>
      simulation.purgePrivate(at('purge me', own)),
    )
    expect(await commitAll([purge])).to.deep.equal([TxCode.VALID])
    const [kept] = one.privateData(block)
    expect(Buffer.from(kept?.rwset ?? []).includes('regret')).to.equal(false)
    expect(Buffer.from(kept?.rwset ?? []).includes('fine')).to.equal(true)
    expect(privateValue(one, 'purge me', own)).to.equal(undefined)
    expect(privateValue(one, 'stay', own)).to.equal('fine')
  })

  it('that another member purged since is still taken, less the purged keys', async () => {
    const write = await channel.transact(one, simulation => {
      simulation.putState(at('erased', 'shared'), Buffer.from('regret'))
      simulation.putState(at('lasting', 'shared'), Buffer.from('fine'))
    })
    await commitAll([write])
    const purge = await channel.transact(one, simulation =>
      simulation.purgePrivate(at('erased', 'shared')),
    )
    await two.putTransient(purge.txId, purge.results.privateResults as Uint8Array)
    await commitAll([purge])
    const outcome = await two.storeFetchedPrivate([heldBy(one, lackOf(two, write)[0])])
    expect(outcome).to.deep.equal(['stored'])
    expect(privateValue(two, 'lasting', 'shared')).to.equal('fine')
    expect(privateValue(two, 'erased', 'shared')).to.equal(undefined)
  })

  it('is handed out for events only of collections the asker is a member of', async () => {
    const both = await channel.transact(one, simulation => {
      simulation.putState(at('e', own), Buffer.from('for one'))
      simulation.putState(at('e', 'shared'), Buffer.from('for both'))
    })
    await commitAll([both])
    const seenBy = (mspId: string): string[] =>
      one
        .privateData(one.height() - 1, mspId)
        .flatMap(({ rwset }) => readPrivateSets(rwset).map(({ collection }) => collection))
    expect(seenBy('Org1MSP')).to.deep.equal([own, 'shared'])
    expect(seenBy('Org2MSP')).to.deep.equal(['shared'])
    expect(seenBy('Org3MSP')).to.deep.equal([])
  })

  it('is ranged in key order, in read-only transactions', async () => {
    await commitAll([
      await channel.transact(one, simulation => {
        for (const key of ['r3', 'r1', 'r2']) simulation.putState(at(key, own), Buffer.from(key))
      }),
    ])
    const range = { namespace: CHAINCODE, collection: own, startKey: 'r', endKey: 's' }
    const keys = reading(one, simulation => {
      const rows = simulation.getRange(range)
      return [rows.next()?.key, rows.next()?.key, rows.next()?.key, rows.next()?.key]
    })
    expect(keys).to.deep.equal(['r1', 'r2', 'r3', undefined])
    const code = codeOf(() =>
      reading(one, simulation => {
        simulation.getRange(range)
        simulation.putState(at('r4', own), Buffer.from('x'))
      }),
    )
    expect(code).to.equal('WRITE_AFTER_QUERY')
  })
})
