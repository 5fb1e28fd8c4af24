import { expect } from 'chai'
import { common } from '@hyperledger/fabric-protos'
import { identifierHeader, metadataValue, readBlock, splitProof } from './block.ts'
import { Cluster, envelopeOf, until } from './testing/cluster.ts'
import { Malformed } from './wire.ts'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

describe('a block as Fabric has it', () => {
  it('spells the value all votes share as OrdererBlockMetadata', () => {
    for (const [configNumber, view, height] of [
      [0, 0, 1],
      [0, 3, 300],
      [7, 2 ** 33, 2 ** 40],
    ] as const) {
      const bytes = metadataValue({ configNumber, view, height })
      const message = common.OrdererBlockMetadata.deserializeBinary(bytes)
      expect(message.getLastConfig()?.getIndex()).to.equal(configNumber)
      expect(Buffer.from(message.serializeBinary())).to.deep.equal(Buffer.from(bytes))
    }
    const bytes = metadataValue({ configNumber: 0, view: 3, height: 300 })
    const view = common.OrdererBlockMetadata.deserializeBinary(bytes).getConsenterMetadata_asU8()
    expect([...view]).to.deep.equal([0x08, 3, 0x10, 0xac, 0x02])
  })

  it('spells the header of a vote as IdentifierHeader', () => {
    const nonce = Buffer.alloc(24, 9)
    const message = common.IdentifierHeader.deserializeBinary(identifierHeader(300, nonce))
    expect(message.getIdentifier()).to.equal(300)
    expect(Buffer.from(message.getNonce_asU8())).to.deep.equal(nonce)
    expect(Buffer.from(message.serializeBinary())).to.deep.equal(identifierHeader(300, nonce))
  })

  it('is read back with exactly q votes, and refused when changed', async function () {
    this.timeout(30_000)
    const directory = await mkdtemp(path.join(os.tmpdir(), 'triflow-block-'))
    const cluster = await Cluster.open({ directory })
    await cluster.submitToAll(envelopeOf('one'))
    await until(() => cluster.members[0]!.ledger.length === 2, 'block 1')
    await cluster.close()
    await rm(directory, { recursive: true })
    const bytes = cluster.members[0]!.ledger[1]!
    const { block } = readBlock(bytes, 0)
    expect(block.certificate?.votes).to.have.length(3)
    for (const { proof } of block.certificate!.votes)
      expect(splitProof(proof).nonce).to.have.length(24)
    expect(() => readBlock(bytes, 5)).to.throw(Malformed)
    expect(() => readBlock(bytes.subarray(1), 0)).to.throw(Malformed)
    const other = common.Block.deserializeBinary(bytes)
    other.getData()!.setDataList([envelopeOf('two')])
    expect(() => readBlock(other.serializeBinary(), 0)).to.throw(Malformed)
  })
})
