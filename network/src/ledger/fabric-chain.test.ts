import { readFileSync } from 'node:fs'
import { brotliDecompressSync } from 'node:zlib'
import { expect } from 'chai'
import { createMsp, readChannelConfig } from '../msp/index.ts'
import { openLedger, trustOf, type Ledger } from './index.ts'
import { METADATA_FLAGS, commitHashOf, isBlockFault, readBlock, type Block } from './rules/block.ts'
import { isRefused, readEndorserAction, readEnvelope } from './rules/envelope.ts'
import { writeReadWriteSet } from './rules/rwset.ts'
import { Message } from './rules/wire.ts'
import { TestChannel } from './testing/channel.ts'

// The chain of a real Hyperledger Fabric v3.1.5 network (4 SmartBFT orderers, 3 peers), as peer 1
// stored it, each block behind its length. Its transactions: lifecycle approvals and commit,
// ranges of 23 and 130 rows, MVCC and phantom conflicts in one block, key-level policies set,
// broken, obeyed and changed inside a block, collections with their own policy, with a time to
// live and purges, implicit collections, composite keys beyond the basic plane.
const FIXTURE = new URL('./testing/fixtures/fabric-v3.1.5-chain.br', import.meta.url)

const readChain = (): Buffer[] => {
  const bytes = brotliDecompressSync(readFileSync(FIXTURE))
  const blocks: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt32BE(at)
    blocks.push(bytes.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return blocks
}

const parsed = (bytes: Uint8Array): Block => {
  const block = readBlock(bytes)
  if (isBlockFault(block)) throw new Error(block.detail)
  return block
}

/** Read-write set bytes of every endorser transaction of a block. */
const resultsIn = (block: Block): { bytes: Uint8Array; again: Uint8Array }[] =>
  block.envelopes.flatMap(entry => {
    const header = readEnvelope(entry)
    const action = isRefused(header) ? header : readEndorserAction(header)
    if (isRefused(action)) return []
    const chaincodeAction = new Message(new Message(action.responsePayload).bytes(2))
    return [{ bytes: chaincodeAction.bytes(1), again: writeReadWriteSet(action.sets) }]
  })

describe('a chain of real Fabric', () => {
  const chain = readChain()
  let channel: TestChannel
  let ledger: Ledger

  before(async () => {
    channel = await TestChannel.create()
    const genesisBlock = chain[0] as Buffer
    const config = readChannelConfig(genesisBlock)
    ledger = await openLedger({
      directory: channel.newFolder(),
      channelId: config.channelId,
      genesisBlock,
      selfMspId: 'Org1MSP',
      trust: trustOf(createMsp(config), config),
    })
  })
  after(async () => {
    await ledger.close()
    await channel.close()
  })

  it('gets the same flags and the same commit hash here, block by block', async () => {
    const codes = new Set<number>()
    for (const bytes of chain.slice(1)) {
      const theirs = parsed(bytes)
      const ours = await ledger.commit(bytes)
      const flags = Buffer.from(theirs.metadata[METADATA_FLAGS] as Uint8Array)
      expect([...ours.flags], `flags of block ${ours.number}`).to.deep.equal([...flags])
      expect(Buffer.from(ours.commitHash), `commit hash of block ${ours.number}`).to.deep.equal(
        Buffer.from(commitHashOf(theirs)),
      )
      for (const code of flags) codes.add(code)
    }
    expect([...codes].sort((a, b) => a - b)).to.deep.equal([0, 10, 11, 12])
    expect(ledger.definition('probe')?.collections).to.have.length(3)
  })

  it('holds read-write sets that this codec writes back byte for byte', () => {
    const results = chain.slice(1).flatMap(bytes => resultsIn(parsed(bytes)))
    expect(results.length).to.be.above(50)
    for (const { bytes, again } of results) {
      expect(Buffer.from(again).equals(Buffer.from(bytes))).to.equal(true)
    }
  })
})
