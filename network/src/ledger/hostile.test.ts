import { expect } from 'chai'
import fc from 'fast-check'
import { common } from '@hyperledger/fabric-protos'
import { checkTransaction } from './check.ts'
import { LedgerFault, TxCode, type Ledger } from './index.ts'
import { planBlock } from './rules/plan.ts'
import { TestChannel, codesOf } from './testing/channel.ts'
import { writePrivateSets, writePrivateWrites, writeReadWriteSet } from './rules/rwset.ts'
import { buildEnvelope, commitNext, sha, wrap } from './testing/transactions.ts'

/** Places where hostile bytes differ from an honest envelope's. */
interface Change {
  readonly at: number
  readonly remove: number
  readonly insert: Uint8Array
}

const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat({ max: 10_000 }),
  remove: fc.nat({ max: 8 }),
  insert: fc.uint8Array({ maxLength: 8 }),
})

const changed = (bytes: Uint8Array, { at, remove, insert }: Change): Uint8Array => {
  const place = at % (bytes.length + 1)
  return Buffer.concat([bytes.subarray(0, place), insert, bytes.subarray(place + remove)])
}

const CODES = new Set<number>(Object.values(TxCode))

describe('whatever bytes stand in a block', () => {
  let channel: TestChannel
  let ledger: Ledger
  let honest: Uint8Array
  let trust: ReturnType<TestChannel['network']['trust']>

  before(async () => {
    channel = await TestChannel.create()
    trust = channel.network.trust()
    ledger = await channel.deployed()
    honest = (await channel.put(ledger, 'k', 'v')).bytes
  })
  after(() => channel.close())

  const codeOfEntry = async (entry: Uint8Array): Promise<number> => {
    return (await checkTransaction(entry, { channelId: ledger.channelId, trust })).code
  }

  it('each transaction gets a code, random bytes never throw', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async entry => {
        expect(CODES.has(await codeOfEntry(entry))).to.equal(true)
      }),
      { numRuns: 300 },
    )
  })

  it('a changed envelope never counts as valid, and never throws', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async changes => {
        const entry = changes.reduce(changed, honest)
        const code = await codeOfEntry(entry)
        expect(CODES.has(code)).to.equal(true)
        const payload = common.Envelope.deserializeBinary(honest).getPayload_asU8()
        if (!Buffer.from(entry).includes(Buffer.from(payload))) expect(code).to.not.equal(0)
      }),
      { numRuns: 150 },
    )
  })

  it('a payload its own creator made hostile is judged in the block, and the block commits', async () => {
    const payload = common.Envelope.deserializeBinary(honest).getPayload_asU8()
    const sign = (bytes: Uint8Array): Uint8Array => wrap(bytes, channel.user().sign(bytes))
    let codes: number[] = []
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async changes => {
        const hostile = changes.reduce(changed, payload)
        if (hostile.length === 0) return
        codes = await codesOf(ledger, [sign(hostile)])
        expect(CODES.has(codes[0] as number)).to.equal(true)
      }),
      { numRuns: 100 },
    )
  })

  it('hostile results under good endorsements get a code', async () => {
    const { results } = (await channel.put(ledger, 'k', 'v')).results
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async changes => {
        const { bytes } = buildEnvelope({
          channelId: ledger.channelId,
          creator: channel.user(),
          endorsers: channel.peers(1, 2, 3),
          chaincode: 'cc',
          results: changes.reduce(changed, results),
        })
        const [code] = await codesOf(ledger, [bytes])
        expect(CODES.has(code as number)).to.equal(true)
      }),
      { numRuns: 100 },
    )
  })

  it('a namespace or collection named twice is an illegal write set', async () => {
    const { results } = (await channel.put(ledger, 'k', 'v')).results
    const twice = Buffer.concat([results, results])
    const { bytes } = buildEnvelope({
      channelId: ledger.channelId,
      creator: channel.user(),
      endorsers: channel.peers(1, 2),
      chaincode: 'cc',
      results: twice,
    })
    expect(await codesOf(ledger, [bytes])).to.deep.equal([TxCode.ILLEGAL_WRITESET])
  })

  it('a payload of a million fields costs its sender a code, not the peer its memory', async () => {
    const junk = Buffer.alloc(2_000_000)
    for (let at = 0; at < junk.length; at += 2) junk[at] = 0x78
    const bytes = wrap(junk, channel.user().sign(junk))
    expect(await codesOf(ledger, [bytes])).to.deep.equal([TxCode.BAD_PAYLOAD])
  })

  it('a private key too long for the tables is no value, and stops nobody', async () => {
    const key = 'k'.repeat(3_000)
    const rwset = writePrivateWrites({
      writes: [{ key, isDelete: false, value: Buffer.from('v') }],
      metadataKeys: [],
    })
    const collection = '_implicit_org_Org1MSP'
    const hashed = { keyHash: sha(Buffer.from(key)), valueHash: sha(Buffer.from('v')) }
    const { bytes, txId } = buildEnvelope({
      channelId: ledger.channelId,
      creator: channel.user(),
      endorsers: channel.peers(1, 2),
      chaincode: 'cc',
      results: writeReadWriteSet([
        {
          namespace: 'cc',
          reads: [],
          ranges: [],
          writes: [],
          metadataWrites: [],
          collections: [
            {
              collection,
              reads: [],
              writes: [{ ...hashed, isDelete: false, isPurge: false }],
              metadataWrites: [],
              privateHash: sha(rwset),
            },
          ],
        },
      ]),
    })
    await ledger.putTransient(txId, writePrivateSets([{ namespace: 'cc', collection, rwset }]))
    expect(await codesOf(ledger, [bytes])).to.deep.equal([TxCode.VALID])
  })

  it('a name too long for a place finds nothing', () => {
    const long = 'x'.repeat(257)
    expect(ledger.state(long, 'k')).to.equal(undefined)
    expect(ledger.definition('x'.repeat(3_000))).to.equal(undefined)
    expect(ledger.state('cc', 'x'.repeat(3_000))).to.equal(undefined)
    expect(
      ledger.privateWriteSet({
        blockNumber: 1,
        index: 0,
        txId: '',
        namespace: long,
        collection: long,
      }),
    ).to.equal(undefined)
  })

  it('a block of garbage is refused with a code', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 2 }), async changes => {
        const stored = ledger.block(1) as Uint8Array
        const outcome = await ledger
          .commit(changes.reduce(changed, stored))
          .catch((e: unknown) => e)
        const isCommitted = outcome instanceof Object && 'number' in outcome
        expect(outcome instanceof LedgerFault || isCommitted).to.equal(true)
      }),
      { numRuns: 100 },
    )
    expect((await commitNext(ledger, [honest])).flags[0]).to.be.a('number')
  })

  it('judging is a function: the same checked block twice gives the same plan', async () => {
    const entries = [honest, (await channel.put(ledger, 'k2', 'v')).bytes]
    const checked = await Promise.all(
      entries.map(entry => checkTransaction(entry, { channelId: ledger.channelId, trust })),
    )
    const nothing = new Uint8Array(0)
    const context = {
      blockNumber: 9,
      knows: () => false,
      state: {
        value: () => undefined,
        version: () => undefined,
        hashed: () => undefined,
        range: () => [],
      },
      source: {
        definition: (name: string) => ledger.definition(name),
        metadata: () => nothing,
        applicationPolicy: (bytes: Uint8Array) => trust.applicationPolicy(bytes),
        signaturePolicy: () => undefined,
        organizationPolicy: () => undefined,
      },
    }
    const [one, two] = [planBlock(checked, context), planBlock(checked, context)]
    expect(one.flags).to.deep.equal(two.flags)
    expect(one.batch).to.deep.equal(two.batch)
  })
})
