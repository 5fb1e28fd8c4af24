import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import fc from 'fast-check'
import { concatBytes, equalBytes, toHex } from './bytes.ts'
import {
  readTrust,
  stripClaims,
  verifyBlock,
  verifyBlocks,
  verifyInclusion,
  verifyLink,
  type ChannelTrust,
  type ProvenBlock,
  type Verdict,
} from './index.ts'

const read = (name: string) =>
  new Uint8Array(readFileSync(new URL(`./fixtures/${name}.block`, import.meta.url)))
const genesis = read('fabric-genesis')
const first = read('fabric-1')
const second = read('fabric-2')
const firstOfPeer = read('fabric-1-of-peer')
const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)

function valueOf<T>(verdict: Verdict<T>): T {
  if (!verdict.ok) throw new Error(`${verdict.code}: ${verdict.detail}`)
  return verdict.value
}

const codeOf = (verdict: Verdict<unknown>) => (verdict.ok ? 'OK' : verdict.code)
const trust = valueOf(readTrust(genesis))

function flipped(bytes: Uint8Array, index: number, mask: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[index] = (copy[index] ?? 0) ^ mask
  return copy
}

describe('proof of blocks ordered by Hyperledger Fabric', () => {
  it('reads four consenters and a quorum of three from the genesis block', () => {
    expect([...trust.consenters.keys()]).to.deep.equal([1, 2, 3, 4])
    expect(trust.quorum).to.equal(3)
    expect(trust.channelId).to.equal('scf')
  })

  it('proves a block by the votes of three consenters in one view', () => {
    const block = valueOf(verifyBlock(first, trust))
    expect(block.number).to.equal(1n)
    expect(block.sequence).to.equal(1n)
    expect(new Set(block.signers).size).to.equal(3)
    expect(toHex(block.previousHash)).to.equal(trust.configBlockHash)
  })

  it('proves a chain of blocks from the genesis block on', () => {
    const chain = valueOf(verifyBlocks([genesis, first, second], trust))
    expect(chain.blocks.map(block => block.number)).to.deep.equal([0n, 1n, 2n])
    expect(codeOf(verifyBlocks([genesis, second], trust))).to.equal('CHAIN_NUMBER')
  })

  it('proves that an envelope stands in a block, and no other', () => {
    const block = valueOf(verifyBlock(first, trust))
    const [envelope = new Uint8Array(0)] = block.envelopes
    const transaction = valueOf(verifyInclusion({ block: first, envelope, trust }))
    expect(transaction.index).to.equal(0)
    expect(transaction.txId).to.match(/^[0-9a-f]{64}$/)
    const other = flipped(envelope, 20, 1)
    expect(codeOf(verifyInclusion({ block: first, envelope: other, trust }))).to.equal(
      'ENVELOPE_ABSENT',
    )
  })

  it('refuses what a peer added unless it is taken as a claim', () => {
    expect(codeOf(verifyBlock(firstOfPeer, trust))).to.equal('BLOCK_UNSIGNED_BYTES')
    const block = valueOf(verifyBlock(firstOfPeer, trust, { claims: 'allow' }))
    expect([...block.claims.flags]).to.deep.equal([0])
    const stripped = valueOf(stripClaims(firstOfPeer))
    expect(valueOf(verifyBlock(stripped, trust)).hash).to.deep.equal(block.hash)
    expect(valueOf(stripClaims(stripped))).to.deep.equal(stripped)
  })
})

describe('no byte of a proof is free', () => {
  it('refuses a block with any one byte changed', function () {
    this.timeout(120_000)
    for (let index = 0; index < first.length; index++) {
      const verdict = verifyBlock(flipped(first, index, 1 << (index % 8)), trust)
      expect(verdict.ok, `byte ${index}`).to.equal(false)
    }
  })

  it('refuses a genesis block with any one byte changed, when its hash is known', function () {
    this.timeout(120_000)
    const expectedHash = trust.configBlockHash
    for (let index = 0; index < genesis.length; index += 31) {
      const changed = flipped(genesis, index, 1 << (index % 8))
      const reading = readTrust(changed, { expectedHash })
      const verdict = reading.ok ? verifyBlock(changed, reading.value) : reading
      expect(verdict.ok, `byte ${index}`).to.equal(false)
    }
  })

  it('refuses bytes before, inside and after the block', () => {
    fc.assert(
      fc.property(
        fc.nat(first.length),
        fc.uint8Array({ minLength: 1, maxLength: 8 }),
        (at, more) => {
          const grown = concatBytes(first.subarray(0, at), more, first.subarray(at))
          return equalBytes(grown, first) || !verifyBlock(grown, trust).ok
        },
      ),
      { seed: SEED, numRuns: 300 },
    )
  })

  it('refuses a block cut short anywhere', () => {
    for (let length = 0; length < first.length; length += 11) {
      expect(verifyBlock(first.subarray(0, length), trust).ok).to.equal(false)
    }
  })

  it('never throws on arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), bytes => {
        return !verifyBlock(bytes, trust).ok && !readTrust(bytes).ok && !stripClaims(bytes).ok
      }),
      { seed: SEED, numRuns: 500 },
    )
  })
})

describe('a proof names the link that is broken', () => {
  const block = valueOf(verifyBlock(first, trust))

  it('DATA_HASH for another transaction under the same header', () => {
    const [envelope = new Uint8Array(0)] = block.envelopes
    const place = indexOf(first, envelope) + envelope.length - 1
    expect(codeOf(verifyBlock(flipped(first, place, 1), trust))).to.equal('DATA_HASH')
  })

  it('QUORUM_SIGNATURE for another header under the same votes', () => {
    const place = indexOf(first, block.previousHash)
    expect(codeOf(verifyBlock(flipped(first, place, 1), trust))).to.equal('QUORUM_SIGNATURE')
  })

  it('QUORUM_COUNT for a quorum of a larger or smaller set', () => {
    const other: ChannelTrust = { ...trust, quorum: 4 }
    expect(codeOf(verifyBlock(first, other))).to.equal('QUORUM_COUNT')
  })

  it('QUORUM_SIGNER_UNKNOWN for a voter that is not in the configuration', () => {
    const [signer = 0] = block.signers
    const consenters = new Map([...trust.consenters].filter(([id]) => id !== signer))
    expect(codeOf(verifyBlock(first, { ...trust, consenters }))).to.equal('QUORUM_SIGNER_UNKNOWN')
  })

  it('METADATA_CONFIG for a block ordered under another configuration', () => {
    expect(codeOf(verifyBlock(first, { ...trust, configBlockNumber: 5 }))).to.equal(
      'METADATA_CONFIG',
    )
  })

  it('ENVELOPE_CHANNEL for a block of another channel of the same consenters', () => {
    expect(codeOf(verifyBlock(first, { ...trust, channelId: 'other' }))).to.equal(
      'ENVELOPE_CHANNEL',
    )
  })

  it('CHAIN_HASH for a block that stands on another', () => {
    const next: ProvenBlock = valueOf(verifyBlock(second, trust))
    expect(verifyLink(block, next).ok).to.equal(true)
    const fork = { ...block, hash: flipped(block.hash, 0, 1) }
    expect(codeOf(verifyLink(fork, next))).to.equal('CHAIN_HASH')
  })

  it('CONFIG_HASH for a genesis block other than the expected one', () => {
    expect(codeOf(readTrust(genesis, { expectedHash: '00' }))).to.equal('CONFIG_HASH')
  })
})

function indexOf(bytes: Uint8Array, part: Uint8Array): number {
  return Buffer.from(bytes).indexOf(Buffer.from(part))
}

before(() => {
  console.log(`    proof: TEST_SEED=${SEED}`)
})
