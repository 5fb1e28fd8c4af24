import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { common, orderer } from '@hyperledger/fabric-protos'
import { concatBytes, equalBytes } from '../proof/bytes.ts'
import {
  readTrust,
  verifyBlock,
  verifyBlocks,
  type ChannelTrust,
  type Verdict,
} from '../proof/index.ts'
import { hashEntries, hashHeader } from '../proof/header.ts'
import { writeBytes, writeNumber } from '../proof/wire.ts'
import {
  blockHeaderBytes,
  buildGenesisBlock,
  createMsp,
  isMspFault,
  readChannelConfig,
  type ChannelConfig,
  type Signer,
} from './index.ts'
import { createTestNetwork, type TestNetwork } from './testing/network.ts'

const FABRIC = new Uint8Array(
  readFileSync(new URL('../proof/fixtures/fabric-genesis.block', import.meta.url)),
)

function rebuilt(config: ChannelConfig): Uint8Array {
  return buildGenesisBlock({
    channelId: config.channelId,
    createdAtMs: Date.parse('2026-11-24T00:00:00Z'),
    organizations: [...config.organizations.values()],
    ordererOrganizations: [...config.ordererOrganizations.values()],
    consenters: config.consenters,
  })
}

describe('the channel configuration', () => {
  const fabric = readChannelConfig(FABRIC)

  it('is read from a genesis block that Fabric’s configtxgen made', () => {
    expect(fabric.channelId).to.equal('scf')
    expect([...fabric.organizations.keys()]).to.deep.equal(['Org1MSP'])
    expect(fabric.ordererOrganizations.size).to.equal(4)
    expect(fabric.consenters.map(consenter => consenter.id)).to.deep.equal([1, 2, 3, 4])
    expect(fabric.batch).to.deep.equal({
      maxMessageCount: 500,
      absoluteMaxBytes: 10_485_760,
      preferredMaxBytes: 2_097_152,
      timeoutMs: 2000,
    })
    expect(fabric.capabilities.channel).to.deep.equal(['V3_0'])
    expect(isMspFault(createMsp(fabric).identify(new Uint8Array(0)))).to.equal(true)
  })

  it('is written in the same structure: what Fabric made is made again policy by policy', () => {
    const own = readChannelConfig(rebuilt(fabric))
    expect([...own.policies]).to.deep.equal([...fabric.policies])
    expect([...own.organizations]).to.deep.equal([...fabric.organizations])
    expect([...own.ordererOrganizations]).to.deep.equal([...fabric.ordererOrganizations])
    expect(own.consenters).to.deep.equal(fabric.consenters)
    expect(own.capabilities).to.deep.equal(fabric.capabilities)
  })

  it('has one spelling per definition', () => {
    expect(rebuilt(fabric)).to.deep.equal(rebuilt(fabric))
  })

  it('crosses to a worker thread whole', () => {
    expect(structuredClone(fabric)).to.deep.equal(fabric)
  })

  it('refuses bytes that are no configuration block', () => {
    for (const bytes of [new Uint8Array(0), Uint8Array.of(1, 2, 3), FABRIC.subarray(0, 1000)]) {
      expect(() => readChannelConfig(bytes)).to.throw('CONFIG_MALFORMED')
    }
  })

  it('refuses two versions of one MSP, and one MSP of two organisations', () => {
    const [ord1, ord2] = [...fabric.ordererOrganizations.values()]
    const [org1] = [...fabric.organizations.values()]
    if (!ord1 || !ord2 || !org1) throw new Error('fixture')
    const versions = { ...ord1, mspId: org1.mspId }
    const twice = { ...ord2, mspId: ord1.mspId }
    for (const ordererOrganizations of [[versions], [ord1, twice]]) {
      const block = buildGenesisBlock({
        channelId: 'x',
        createdAtMs: 0,
        organizations: [org1],
        ordererOrganizations,
        consenters: fabric.consenters,
      })
      expect(() => readChannelConfig(block)).to.throw('CONFIG_MSP_CONFLICT')
    }
  })
})

const codeOf = (verdict: Verdict<unknown>) => (verdict.ok ? 'OK' : verdict.code)

describe('proof of blocks of the embedded ledger', () => {
  const orgs = ['a', 'b', 'c', 'd']
  let network: TestNetwork
  let signers: Signer[]
  let genesis: Uint8Array
  let trust: ChannelTrust

  before(async () => {
    network = await createTestNetwork({
      organizations: orgs.map(org => ({
        mspId: `${org}MSP`,
        domain: `${org}.example.test`,
        peers: [{ name: 'peer0' }],
        orderer: true,
        users: 1,
      })),
    })
    const place = (org: string) =>
      `peerOrganizations/${org}.example.test/orderers/orderer.${org}.example.test`
    signers = await Promise.all(orgs.map(org => network.signer(place(org), `${org}MSP`)))
    const organizations = await Promise.all(
      orgs.map(org =>
        network.organization('peerOrganizations', `${org}.example.test`, `${org}MSP`),
      ),
    )
    const consenters = await Promise.all(
      orgs.map((org, index) =>
        network.consenter(place(org), { id: index + 1, mspId: `${org}MSP` }),
      ),
    )
    genesis = buildGenesisBlock({
      channelId: 'scf',
      createdAtMs: 0,
      organizations,
      ordererOrganizations: organizations,
      consenters,
    })
    const reading = readTrust(genesis)
    if (!reading.ok) throw new Error(reading.detail)
    trust = reading.value
  })
  after(() => network.remove())

  function envelope(channelId = 'scf'): Uint8Array {
    const header = new common.ChannelHeader()
    header.setType(3)
    header.setChannelId(channelId)
    header.setTxId('ab'.repeat(32))
    const wrapper = new common.Header()
    wrapper.setChannelHeader(header.serializeBinary())
    const payload = new common.Payload()
    payload.setHeader(wrapper)
    const built = new common.Envelope()
    built.setPayload(payload.serializeBinary())
    built.setSignature(Buffer.alloc(70, 1))
    return built.serializeBinary()
  }

  interface Draft {
    readonly number?: bigint
    readonly previous?: Uint8Array
    readonly envelopes?: Uint8Array[]
    readonly votes?: readonly {
      readonly id: number
      readonly signer?: number
      readonly view?: bigint
    }[]
    readonly view?: bigint
    readonly sequence?: bigint
    readonly lastConfig?: bigint
  }

  function valueFor(view: bigint, sequence: bigint, lastConfig: bigint): Uint8Array {
    const place = concatBytes(
      view === 0n ? new Uint8Array(0) : writeNumber(1, view),
      writeNumber(2, sequence),
    )
    const config = lastConfig === 0n ? new Uint8Array(0) : writeNumber(1, lastConfig)
    return concatBytes(writeBytes(1, config), writeBytes(2, place))
  }

  function block(draft: Draft = {}): Uint8Array {
    const { number = 1n, envelopes = [envelope()], view = 3n, lastConfig = 0n } = draft
    const { sequence = number, votes = [{ id: 1 }, { id: 2 }, { id: 4 }] } = draft
    const previousHash = draft.previous ?? Buffer.from(trust.configBlockHash, 'hex')
    const header = { number, previousHash, dataHash: hashEntries(envelopes) }
    const value = valueFor(view, sequence, lastConfig)
    const signatures = votes.map(vote => {
      const identifier = concatBytes(
        writeNumber(1, BigInt(vote.id)),
        writeBytes(2, Buffer.alloc(24, 7)),
      )
      const signed = valueFor(vote.view ?? view, sequence, lastConfig)
      const message = concatBytes(signed, identifier, blockHeaderBytes(header))
      const signature = signers[(vote.signer ?? vote.id) - 1]?.sign(message) ?? new Uint8Array(0)
      return concatBytes(writeBytes(2, signature), writeBytes(3, identifier))
    })
    const slot = concatBytes(writeBytes(1, value), ...signatures.map(one => writeBytes(2, one)))
    const empty = new Uint8Array(0)
    return concatBytes(
      writeBytes(
        1,
        concatBytes(
          writeNumber(1, number),
          writeBytes(2, previousHash),
          writeBytes(3, header.dataHash),
        ),
      ),
      writeBytes(2, concatBytes(...envelopes.map(one => writeBytes(1, one)))),
      writeBytes(
        3,
        concatBytes(...[slot, empty, empty, empty, empty].map(one => writeBytes(1, one))),
      ),
    )
  }

  const verdict = (draft?: Draft) => codeOf(verifyBlock(block(draft), trust))

  it('holds for a quorum of votes of one view', () => {
    expect(verdict()).to.equal('OK')
    expect(verdict({ view: 0n })).to.equal('OK')
    expect(codeOf(verifyBlocks([genesis, block()], trust))).to.equal('OK')
  })

  it('is written the same way by protobuf’s own library', () => {
    const bytes = block()
    expect(equalBytes(common.Block.deserializeBinary(bytes).serializeBinary(), bytes)).to.equal(
      true,
    )
    const value = valueFor(3n, 1n, 0n)
    const metadata = common.OrdererBlockMetadata.deserializeBinary(value)
    expect(equalBytes(metadata.serializeBinary(), value)).to.equal(true)
    expect(orderer).to.have.property('smartbft')
  })

  it('does not add up votes of two views', () => {
    const votes = [{ id: 1 }, { id: 2 }, { id: 4, view: 4n }]
    expect(verdict({ votes })).to.equal('QUORUM_SIGNATURE')
  })

  it('needs exactly a quorum of different consenters', () => {
    expect(verdict({ votes: [{ id: 1 }, { id: 2 }] })).to.equal('QUORUM_COUNT')
    expect(verdict({ votes: [1, 2, 3, 4].map(id => ({ id })) })).to.equal('QUORUM_COUNT')
    expect(verdict({ votes: [{ id: 1 }, { id: 2 }, { id: 2 }] })).to.equal('QUORUM_SIGNER_TWICE')
    const alias = [{ id: 1 }, { id: 2 }, { id: 5, signer: 3 }]
    expect(verdict({ votes: alias })).to.equal('QUORUM_SIGNER_UNKNOWN')
    const borrowed = [{ id: 1 }, { id: 2 }, { id: 3, signer: 2 }]
    expect(verdict({ votes: borrowed })).to.equal('QUORUM_SIGNATURE')
  })

  it('needs votes for this place and this configuration', () => {
    expect(verdict({ sequence: 2n })).to.equal('METADATA_SEQUENCE')
    expect(verdict({ lastConfig: 7n })).to.equal('METADATA_CONFIG')
    expect(verdict({ envelopes: [envelope('other')] })).to.equal('ENVELOPE_CHANNEL')
    expect(verdict({ previous: Buffer.alloc(31) })).to.equal('BLOCK_MALFORMED')
  })

  it('refuses every other cut of the same data bytes', () => {
    const one = envelope()
    const two = envelope()
    const bytes = concatBytes(one, two)
    expect(verdict({ envelopes: [one, two] })).to.equal('OK')
    for (let cut = 0; cut <= bytes.length; cut++) {
      const envelopes = cut === 0 ? [bytes] : [bytes.subarray(0, cut), bytes.subarray(cut)]
      const recut = cut !== one.length
      expect(verdict({ envelopes }), `cut at ${cut}`).to.equal(recut ? 'ENVELOPE_MALFORMED' : 'OK')
    }
  })

  it('follows the chain', () => {
    const first = block()
    const proven = verifyBlock(first, trust)
    if (!proven.ok) throw new Error(proven.detail)
    const second = block({ number: 2n, previous: hashHeader(proven.value) })
    const elsewhere = block({ number: 2n, previous: Buffer.alloc(32) })
    expect(codeOf(verifyBlocks([genesis, first, second], trust))).to.equal('OK')
    expect(codeOf(verifyBlocks([genesis, first, elsewhere], trust))).to.equal('CHAIN_HASH')
  })

  it('does not trust consenters without a certificate of their organisation, or listed twice', async () => {
    const config = readChannelConfig(genesis)
    const organizations = [...config.organizations.values()]
    const [one, two, three, four] = config.consenters
    if (!one || !two || !three || !four) throw new Error('four consenters')
    const foreign = { ...four, mspId: one.mspId }
    const twice = { ...four, identityPem: one.identityPem, mspId: one.mspId }
    for (const last of [foreign, twice, { ...four, id: 1 }]) {
      const changed = buildGenesisBlock({
        channelId: 'scf',
        createdAtMs: 0,
        organizations,
        ordererOrganizations: organizations,
        consenters: [one, two, three, last],
      })
      expect(codeOf(readTrust(changed))).to.equal('CONFIG_CONSENTER_INVALID')
    }
  })
})
