import {
  appendFileSync,
  cpSync,
  existsSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { isLedgerFault, openLedger, type Ledger } from './index.ts'
import { CHAINCODE, TestChannel, codesOf } from './testing/channel.ts'
import { dump, randomOf, runUntilKilled, writeScript } from './testing/crash.ts'
import { createTestNetwork } from './testing/network.ts'
import { commitNext } from './testing/transactions.ts'

describe('after kill -9 at any moment', () => {
  let channel: TestChannel
  before(async () => {
    channel = await TestChannel.create()
  })
  after(() => channel.close())

  it('no committed block is lost and the state is that of a replay, row by row', async function () {
    this.timeout(180_000)
    const seed = Number(process.env['LEDGER_CRASH_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
    console.log(`      LEDGER_CRASH_SEED=${seed}`)
    const random = randomOf(seed)
    const replayFolder = channel.newFolder()
    const replay = await channel.ledger('Org1MSP', { directory: replayFolder })
    await commitNext(replay, [await channel.deployment(replay)])
    const script = await writeScript(channel, replay)
    await replay.close()
    const scriptFile = `${channel.newFolder()}.json`
    writeFileSync(scriptFile, JSON.stringify(script))

    const directory = channel.newFolder()
    let committed = 0
    let kills = 0
    for (;;) {
      const afterLines = 4 + Math.floor(random() * 14)
      const momentMs = Math.floor(random() * 6)
      const life = await runUntilKilled([directory, scriptFile], { afterLines, momentMs })
      expect(life.opened, 'height after restart').to.be.at.least(committed + 1)
      committed = Math.max(committed, life.committed)
      if (life.isDone) break
      kills += 1
    }
    expect(kills).to.be.above(0)
    const [expected, found] = [await dump(replayFolder), await dump(directory)]
    for (const name of Object.keys(expected)) {
      expect(found[name], `table ${name}`).to.deep.equal(expected[name])
    }
    const files = join('blocks', '000000.blocks')
    expect(
      readFileSync(join(directory, files)).equals(readFileSync(join(replayFolder, files))),
    ).to.equal(true)
  })
})

describe('damage on disk', () => {
  let channel: TestChannel
  before(async () => {
    channel = await TestChannel.create()
  })
  after(() => channel.close())

  const reopen = (
    directory: string,
    fetchBlock?: (number: number) => Promise<Uint8Array>,
  ): Promise<Ledger> =>
    channel.ledger('Org1MSP', { directory, ...(fetchBlock === undefined ? {} : { fetchBlock }) })

  const built = async (): Promise<{ directory: string; blocks: Uint8Array[]; file: string }> => {
    const directory = channel.newFolder()
    const ledger = await reopen(directory)
    await commitNext(ledger, [await channel.deployment(ledger)])
    for (const key of ['a', 'b', 'c']) await codesOf(ledger, [await channel.put(ledger, key, key)])
    const blocks = [0, 1, 2, 3, 4].map(number => ledger.block(number) as Uint8Array)
    await ledger.close()
    return { directory, blocks, file: join(directory, 'blocks', '000000.blocks') }
  }

  it('that tore the last append is cut off, and the chain goes on', async () => {
    const { directory, file, blocks } = await built()
    const whole = readFileSync(file)
    for (const torn of [1, 19, 20, 100]) {
      appendFileSync(file, whole.subarray(0, torn))
      const ledger = await reopen(directory)
      expect(ledger.height()).to.equal(blocks.length)
      await ledger.close()
      expect(readFileSync(file).equals(whole)).to.equal(true)
    }
  })

  it('is none when only the tables lag: synced blocks are applied again, private data too', async () => {
    const { directory } = await built()
    const ledger = await reopen(directory)
    const place = { namespace: CHAINCODE, key: 'p', collection: '_implicit_org_Org1MSP' }
    const transaction = await channel.transact(ledger, simulation =>
      simulation.putState(place, Buffer.from('private')),
    )
    await ledger.close()
    const [tables, lagging] = [join(directory, 'state'), channel.newFolder()]
    cpSync(tables, lagging, { recursive: true })
    const ahead = await reopen(directory)
    const block = await commitNext(ahead, [transaction.bytes])
    await codesOf(ahead, [await channel.put(ahead, 'after', '1')])
    await ahead.close()
    rmSync(tables, { recursive: true })
    cpSync(lagging, tables, { recursive: true })

    const again = await reopen(directory)
    expect(again.height()).to.equal(block.number + 2)
    expect(again.state(CHAINCODE, 'after')?.toString()).to.equal('1')
    expect(again.privateData(block.number)).to.have.length(1)
    expect(Buffer.from(again.block(block.number) as Uint8Array)).to.deep.equal(
      Buffer.from(block.bytes),
    )
  })

  it('of a block is found out when it is read, and the block is brought again', async () => {
    const { directory, file, blocks } = await built()
    const damaged = readFileSync(file)
    const at = damaged.indexOf(Buffer.from(blocks[2] as Uint8Array)) + 40
    damaged[at] = (damaged[at] as number) ^ 0xff
    writeFileSync(file, damaged)
    let isAsked = 0
    const ledger = await reopen(directory, number => {
      isAsked += 1
      // Another peer's copy: without our flags, and once a wrong one.
      return Promise.resolve((isAsked === 1 ? blocks[3] : blocks[number]) as Uint8Array)
    })
    const fault = (() => {
      try {
        ledger.block(2)
        return 'none'
      } catch (error) {
        return isLedgerFault(error) ? error.code : 'other'
      }
    })()
    expect(fault).to.equal('BLOCK_CORRUPT')
    const wrong = await ledger.readBlock(2).catch((error: unknown) => error)
    expect(isLedgerFault(wrong, 'BLOCK_CORRUPT')).to.equal(true)
    expect(Buffer.from((await ledger.readBlock(2)) as Uint8Array)).to.deep.equal(
      Buffer.from(blocks[2] as Uint8Array),
    )
    expect(Buffer.from(ledger.block(2) as Uint8Array)).to.deep.equal(
      Buffer.from(blocks[2] as Uint8Array),
    )
    await codesOf(ledger, [await channel.put(ledger, 'e', 'e')])
    await ledger.close()
    const again = await reopen(directory)
    expect(again.height()).to.equal(6)
    expect(again.block(2)).to.not.equal(undefined)
    expect(existsSync(join(directory, 'blocks', 'repaired.blocks'))).to.equal(true)
  })

  it('that cut whole blocks away leaves the state, and the blocks are brought again', async () => {
    const { directory, file, blocks } = await built()
    truncateSync(file, 100)
    const ledger = await reopen(directory, number => Promise.resolve(blocks[number] as Uint8Array))
    expect(ledger.height()).to.equal(5)
    expect(ledger.state(CHAINCODE, 'c')?.toString()).to.equal('c')
    expect(Buffer.from((await ledger.readBlock(3)) as Uint8Array)).to.deep.equal(
      Buffer.from(blocks[3] as Uint8Array),
    )
    await codesOf(ledger, [await channel.put(ledger, 'd', 'd')])
    expect(ledger.height()).to.equal(6)
  })

  it('is not done by another channel: a folder belongs to its genesis block', async () => {
    const { directory } = await built()
    const other = await createTestNetwork()
    const open = (folder: string, channelId: string): Promise<unknown> =>
      openLedger({
        directory: folder,
        channelId,
        genesisBlock: other.genesisBlock,
        selfMspId: 'Org1MSP',
        trust: other.trust(),
      }).catch((error: unknown) => error)
    const wrongFolder = await open(directory, other.channelId)
    expect(isLedgerFault(wrongFolder, 'LEDGER_OTHER_GENESIS')).to.equal(true)
    const wrongName = await open(channel.newFolder(), 'another')
    expect(isLedgerFault(wrongName, 'LEDGER_OTHER_GENESIS')).to.equal(true)
  })

  it('does not come from files that are full: a new segment follows', async () => {
    const directory = channel.newFolder()
    const ledger = await channel.ledger('Org1MSP', { directory, segmentBytesMax: 4_096 })
    await commitNext(ledger, [await channel.deployment(ledger)])
    for (let index = 0; index < 4; index += 1) {
      await codesOf(ledger, [await channel.put(ledger, `k${index}`, 'v')])
    }
    await ledger.close()
    expect(existsSync(join(directory, 'blocks', '000003.blocks'))).to.equal(true)
    const again = await channel.ledger('Org1MSP', { directory, segmentBytesMax: 4_096 })
    expect(again.height()).to.equal(6)
    for (let number = 0; number < 6; number += 1)
      expect(again.block(number)).to.be.instanceOf(Buffer)
  })
})
