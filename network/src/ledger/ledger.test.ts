import { expect } from 'chai'
import { common, peer } from '@hyperledger/fabric-protos'
import { parsePolicyText } from '../msp/index.ts'
import { TxCode, isLedgerFault, type Ledger } from './index.ts'
import { CHAINCODE, TestChannel, codesOf } from './testing/channel.ts'
import {
  buildBlock,
  buildEnvelope,
  commitNext,
  endorse,
  headerOf,
  wrap,
} from './testing/transactions.ts'

const at = (
  key: string,
  collection = '',
): { namespace: string; key: string; collection: string } => ({
  namespace: CHAINCODE,
  key,
  collection,
})

const faultOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
    return 'none'
  } catch (error) {
    return isLedgerFault(error) ? error.code : String(error)
  }
}

describe('the ledger judges a transaction', () => {
  let channel: TestChannel
  let ledger: Ledger

  before(async () => {
    channel = await TestChannel.create()
    ledger = await channel.deployed()
  })
  after(() => channel.close())

  it('valid when the chaincode policy is met, and by policy failure when not', async () => {
    const codes = await codesOf(ledger, [
      await channel.put(ledger, 'k1', 'v', channel.peers(1, 2)),
      await channel.put(ledger, 'k2', 'v', channel.peers(1)),
      await channel.put(ledger, 'k3', 'v', channel.peers(1, 1)),
      await channel.put(ledger, 'k4', 'v', [channel.user(1), channel.user(2)]),
    ])
    expect(codes).to.deep.equal([
      TxCode.VALID,
      TxCode.ENDORSEMENT_POLICY_FAILURE,
      TxCode.ENDORSEMENT_POLICY_FAILURE,
      TxCode.ENDORSEMENT_POLICY_FAILURE,
    ])
    expect(ledger.state(CHAINCODE, 'k1')?.toString()).to.equal('v')
    expect(ledger.state(CHAINCODE, 'k2')).to.equal(undefined)
  })

  it('as a duplicate when its id stands in the block or on the ledger already', async () => {
    const first = await channel.put(ledger, 'dup', '1')
    expect(await codesOf(ledger, [first, first])).to.deep.equal([
      TxCode.VALID,
      TxCode.DUPLICATE_TXID,
    ])
    expect(await codesOf(ledger, [first])).to.deep.equal([TxCode.DUPLICATE_TXID])
    expect(ledger.transaction(first.txId)?.code).to.equal(TxCode.VALID)
  })

  it('by its creator: a wrong signature or id is refused and does not take the id', async () => {
    const good = await channel.put(ledger, 'victim', '1')
    const envelope = common.Envelope.deserializeBinary(good.bytes)
    const forged = wrap(
      envelope.getPayload_asU8(),
      channel.user(2).sign(envelope.getPayload_asU8()),
    )
    const results = good.results.results
    const wrongId = buildEnvelope({
      channelId: ledger.channelId,
      creator: channel.user(),
      endorsers: channel.peers(1, 2),
      chaincode: CHAINCODE,
      results,
      alter: { channelHeader: header => void header.setTxId(good.txId) },
    })
    const block = await commitNext(ledger, [forged, wrongId.bytes])
    expect([...block.flags]).to.deep.equal([TxCode.BAD_CREATOR_SIGNATURE, TxCode.BAD_PROPOSAL_TXID])
    expect(ledger.transaction(good.txId)).to.equal(undefined)
    expect(await codesOf(ledger, [good])).to.deep.equal([TxCode.VALID])
  })

  it('by what it read: MVCC across blocks and inside one', async () => {
    const read = (): ReturnType<TestChannel['transact']> =>
      channel.transact(ledger, simulation => {
        simulation.getState(at('counter'))
        simulation.putState(at('counter'), Buffer.from('1'))
      })
    const [a, b, late] = [await read(), await read(), await read()]
    expect(await codesOf(ledger, [a, b])).to.deep.equal([TxCode.VALID, TxCode.MVCC_READ_CONFLICT])
    expect(await codesOf(ledger, [late])).to.deep.equal([TxCode.MVCC_READ_CONFLICT])
  })

  it('by what it did not see: a phantom in a range it read', async () => {
    const scan = await channel.transact(ledger, simulation => {
      const rows = simulation.getRange({ namespace: CHAINCODE, startKey: 'p/', endKey: 'p0' })
      while (rows.next() !== undefined) continue
      simulation.putState(at('scanned'), Buffer.from('1'))
    })
    const phantom = await channel.put(ledger, 'p/1', 'new')
    expect(await codesOf(ledger, [phantom, scan])).to.deep.equal([
      TxCode.VALID,
      TxCode.PHANTOM_READ_CONFLICT,
    ])
  })

  it('by the channel, the chaincode and the event it names', async () => {
    const { results } = (await channel.put(ledger, 'x', '1')).results
    const parts = {
      channelId: ledger.channelId,
      creator: channel.user(),
      endorsers: channel.peers(1, 2),
      chaincode: CHAINCODE,
      results,
    }
    const otherChaincode = new peer.ChaincodeID()
    otherChaincode.setName('other')
    otherChaincode.setVersion('1.0')
    const event = new peer.ChaincodeEvent()
    event.setChaincodeId('other')
    const built = [
      buildEnvelope({ ...parts, channelId: 'elsewhere' }),
      buildEnvelope({ ...parts, chaincode: 'nochaincode' }),
      buildEnvelope({
        ...parts,
        alter: { action: one => void one.setChaincodeId(otherChaincode) },
      }),
      buildEnvelope({
        ...parts,
        alter: { action: one => void one.setEvents(event.serializeBinary()) },
      }),
      buildEnvelope({
        ...parts,
        alter: { response: one => void one.setProposalHash(Buffer.alloc(32)) },
      }),
      buildEnvelope({ ...parts, results: Buffer.from([0xff]) }),
      buildEnvelope({ ...parts, alter: { channelHeader: one => void one.setType(2) } }),
      buildEnvelope({ ...parts, alter: { channelHeader: one => void one.setType(1) } }),
      buildEnvelope({ ...parts, alter: { channelHeader: one => void one.setEpoch(1) } }),
    ]
    const bytes = built.map(one => one.bytes)
    expect(await codesOf(ledger, bytes)).to.deep.equal([
      TxCode.TARGET_CHAIN_NOT_FOUND,
      TxCode.INVALID_CHAINCODE,
      TxCode.INVALID_CHAINCODE,
      TxCode.INVALID_OTHER_REASON,
      TxCode.INVALID_ENDORSER_TRANSACTION,
      TxCode.BAD_RWSET,
      TxCode.UNSUPPORTED_TX_PAYLOAD,
      TxCode.INVALID_CONFIG_TRANSACTION,
      TxCode.BAD_COMMON_HEADER,
    ])
  })

  it('by every namespace it writes: one chaincode cannot write as another', async () => {
    await commitNext(ledger, [
      await channel.deployment(ledger, { name: 'vault', policy: "AND('Org3MSP.peer')" }),
    ])
    const sneaky = await channel.transact(ledger, simulation =>
      simulation.putState({ namespace: 'vault', key: 'gold' }, Buffer.from('mine')),
    )
    expect(await codesOf(ledger, [sneaky])).to.deep.equal([TxCode.ENDORSEMENT_POLICY_FAILURE])
    const lifecycle = await channel.transact(
      ledger,
      simulation =>
        simulation.putState(
          { namespace: '_lifecycle', key: 'namespaces/fields/cc/Sequence' },
          Buffer.from('x'),
        ),
      { endorsers: channel.peers(1) },
    )
    expect(await codesOf(ledger, [lifecycle])).to.deep.equal([TxCode.ENDORSEMENT_POLICY_FAILURE])
  })

  it('by the definition of its time: one changed earlier in the block ends it', async () => {
    const ordinary = await channel.put(ledger, 'before', '1')
    const upgrade = await channel.deployment(ledger, { sequence: 2 })
    expect(await codesOf(ledger, [upgrade, ordinary])).to.deep.equal([
      TxCode.VALID,
      TxCode.MVCC_READ_CONFLICT,
    ])
    const withoutRead = buildEnvelope({
      channelId: ledger.channelId,
      creator: channel.user(),
      endorsers: channel.peers(1, 2),
      chaincode: CHAINCODE,
      results: Buffer.alloc(0),
    })
    const next = await channel.deployment(ledger, { sequence: 3 })
    expect(await codesOf(ledger, [next, withoutRead.bytes])).to.deep.equal([
      TxCode.VALID,
      TxCode.EXPIRED_CHAINCODE,
    ])
    expect(ledger.definition(CHAINCODE)?.sequence).to.equal(3)
  })

  it('and says since when no lifecycle has changed: a public write or a hash of one moves it, nothing else', async () => {
    const before = ledger.lifecycleHeight()
    await commitNext(ledger, [(await channel.put(ledger, 'business', 'v')).bytes])
    const upgrade = await channel.deployment(ledger, { sequence: 9 })
    expect(ledger.lifecycleHeight()).to.equal(before)
    await commitNext(ledger, [upgrade])
    expect(ledger.lifecycleHeight()).to.equal(ledger.height())
    const by = { creator: channel.user(), endorsers: channel.peers(1), version: 'syscc' }
    const approval = await endorse(ledger, { ...by, chaincode: '_lifecycle' }, simulation =>
      simulation.putState(
        { namespace: '_lifecycle', collection: '_implicit_org_Org1MSP', key: 'approval' },
        Buffer.from('package'),
      ),
    )
    const [code] = await codesOf(ledger, [approval])
    expect([code, ledger.lifecycleHeight()]).to.deep.equal([TxCode.VALID, ledger.height()])
  })
})

describe('a key with a policy of its own', () => {
  let channel: TestChannel
  let ledger: Ledger
  const onlyOrg3 = parsePolicyText("AND('Org3MSP.peer')")
  const policy = 'VALIDATION_PARAMETER'

  before(async () => {
    channel = await TestChannel.create()
    ledger = await channel.deployed()
    const protect = await channel.transact(ledger, simulation => {
      simulation.putState(at('cert'), Buffer.from('1'))
      simulation.putMetadata(at('cert'), policy, onlyOrg3)
    })
    expect(await codesOf(ledger, [protect])).to.deep.equal([TxCode.VALID])
  })
  after(() => channel.close())

  it('is written under that policy, not the chaincode one', async () => {
    expect(
      await codesOf(ledger, [
        await channel.put(ledger, 'cert', 'stolen', channel.peers(1, 2)),
        await channel.put(ledger, 'cert', '2', channel.peers(3)),
      ]),
    ).to.deep.equal([TxCode.ENDORSEMENT_POLICY_FAILURE, TxCode.VALID])
  })

  it('gives up its policy only under the policy', async () => {
    const lift = (
      endorsers: ReturnType<TestChannel['peers']>,
    ): ReturnType<TestChannel['transact']> =>
      channel.transact(
        ledger,
        simulation => simulation.putMetadata(at('cert'), policy, Buffer.alloc(0)),
        { endorsers },
      )
    expect(await codesOf(ledger, [await lift(channel.peers(1, 2))])).to.deep.equal([
      TxCode.ENDORSEMENT_POLICY_FAILURE,
    ])
  })

  it('is closed for the rest of a block that changes its policy', async () => {
    const change = await channel.transact(
      ledger,
      simulation =>
        simulation.putMetadata(at('cert'), policy, parsePolicyText("AND('Org1MSP.peer')")),
      { endorsers: channel.peers(3) },
    )
    const old = await channel.put(ledger, 'cert', 'under the old policy', channel.peers(3))
    const early = await channel.put(ledger, 'cert', 'under the new policy', channel.peers(1))
    expect(await codesOf(ledger, [change, old, early])).to.deep.equal([
      TxCode.VALID,
      TxCode.ENDORSEMENT_POLICY_FAILURE,
      TxCode.ENDORSEMENT_POLICY_FAILURE,
    ])
    const now = await channel.put(ledger, 'cert', 'now', channel.peers(1))
    expect(await codesOf(ledger, [now])).to.deep.equal([TxCode.VALID])
  })

  it('tells the endorser whose word a write will need', async () => {
    const { results } = await channel.put(ledger, 'cert', 'x')
    expect(results.interest).to.have.length(1)
    expect(results.interest[0]).to.include({ name: CHAINCODE, disregardNamespacePolicy: true })
    expect(results.interest[0]?.keyPolicies).to.have.length(1)
    const mixed = await channel.transact(ledger, simulation => {
      simulation.putState(at('cert'), Buffer.from('x'))
      simulation.putState(at('fresh'), Buffer.from('x'))
    })
    expect(mixed.results.interest[0]?.disregardNamespacePolicy).to.equal(false)
  })
})

describe('the chain of blocks', () => {
  let channel: TestChannel

  before(async () => {
    channel = await TestChannel.create()
  })
  after(() => channel.close())

  it('refuses a gap, a fork, a false data hash, a re-cut and an uncertified block', async () => {
    const ledger = await channel.deployed()
    const [a, b] = [await channel.put(ledger, 'a', '1'), await channel.put(ledger, 'b', '1')]
    const last = { number: ledger.height() - 1, hash: ledger.lastHeaderHash() }
    const gap = buildBlock({ ...last, number: last.number + 1 }, [a.bytes])
    const fork = buildBlock({ ...last, hash: Buffer.alloc(32) }, [a.bytes])
    const right = buildBlock(last, [a.bytes, b.bytes])
    const block = common.Block.deserializeBinary(right)
    block.getData()?.setDataList([Buffer.concat([a.bytes, b.bytes])])
    const recut = block.serializeBinary()
    block.getData()?.setDataList([a.bytes])
    const missing = block.serializeBinary()
    expect(await faultOf(ledger.commit(gap))).to.equal('BLOCK_OUT_OF_ORDER')
    expect(await faultOf(ledger.commit(fork))).to.equal('BLOCK_FORKED')
    expect(await faultOf(ledger.commit(recut))).to.equal('BLOCK_RECUT')
    expect(await faultOf(ledger.commit(missing))).to.equal('BLOCK_DATA_HASH')
    expect(await faultOf(ledger.commit(Buffer.from('nonsense')))).to.equal('BLOCK_MALFORMED')
    expect((await ledger.commit(right)).flags).to.have.length(2)

    const strict = await channel.ledger('Org1MSP', { certificate: () => false })
    const first = buildBlock({ number: 0, hash: strict.lastHeaderHash() }, [a.bytes])
    expect(await faultOf(strict.commit(first))).to.equal('BLOCK_CERTIFICATE')
  })

  it('answers a block that is committed already as before, and announces it once', async () => {
    const ledger = await channel.deployed()
    const announced: number[] = []
    ledger.onCommit(block => announced.push(block.number))
    const transaction = await channel.put(ledger, 'a', '1')
    const last = { number: ledger.height() - 1, hash: ledger.lastHeaderHash() }
    const block = buildBlock(last, [transaction.bytes])
    const [first, second] = await Promise.all([ledger.commit(block), ledger.commit(block)])
    expect(second?.bytes).to.deep.equal(first?.bytes)
    expect(second?.transactions).to.deep.equal(first?.transactions)
    expect(announced).to.deep.equal([2])
    const other = await channel.put(ledger, 'a', '2')
    expect(await faultOf(ledger.commit(buildBlock(last, [other.bytes])))).to.equal('BLOCK_FORKED')
  })

  it('takes blocks ahead of time and keeps their order', async () => {
    const ledger = await channel.deployed()
    const transactions = await Promise.all(
      Array.from({ length: 12 }, (_, index) => channel.put(ledger, `k${index}`, '1')),
    )
    let previous = { number: ledger.height() - 1, hash: ledger.lastHeaderHash() }
    const commits = transactions.map(({ bytes }) => {
      const block = buildBlock(previous, [bytes])
      previous = headerOf(block)
      return ledger.commit(block)
    })
    const numbers = (await Promise.all(commits)).map(block => block.number)
    expect(numbers).to.deep.equal([...numbers].sort((a, b) => a - b))
    expect(ledger.state(CHAINCODE, 'k11')?.toString()).to.equal('1')
  })

  it('gives two peers the same flags and the same commit hash', async () => {
    const [one, two] = [await channel.deployed(), await channel.ledger('Org2MSP')]
    const stored = one.block(1) as Uint8Array
    await two.commit(stored)
    const work = await channel.put(one, 'a', '1')
    const bad = await channel.put(one, 'b', '1', channel.peers(3))
    const mine = await commitNext(one, [work.bytes, bad.bytes])
    const theirs = await two.commit(mine.bytes)
    expect(Buffer.from(theirs.commitHash)).to.deep.equal(Buffer.from(mine.commitHash))
    expect(theirs.bytes).to.deep.equal(mine.bytes)
  })

  it('wakes whoever waits for a transaction, and lets go on abort', async () => {
    const ledger = await channel.deployed()
    const transaction = await channel.put(ledger, 'a', '1')
    const waiting = ledger.waitForTransaction(transaction.txId)
    const abort = new AbortController()
    const given = ledger.waitForTransaction('ff'.repeat(32), abort.signal)
    await codesOf(ledger, [transaction])
    expect(await waiting).to.deep.equal({ blockNumber: 2, index: 0, code: TxCode.VALID })
    expect(await ledger.waitForTransaction(transaction.txId)).to.include({ blockNumber: 2 })
    abort.abort(new Error('given up'))
    let reason = ''
    await given.catch((error: Error) => (reason = error.message))
    expect(reason).to.equal('given up')
  })
})
