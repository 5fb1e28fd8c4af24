import { appendFileSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { isBlockFault, isLedgerFault, openChain, readBlock, type Chain } from './index.ts'
import { TestChannel, codesOf } from './testing/channel.ts'
import { dump, randomOf, runUntilKilled, writeScript } from './testing/crash.ts'
import { createTestNetwork } from './testing/network.ts'
import { buildBlock, commitNext } from './testing/transactions.ts'

const codeOf = async (work: () => unknown): Promise<string> => {
  try {
    await work()
    return 'none'
  } catch (error) {
    return isLedgerFault(error) ? error.code : String(error)
  }
}

const slotsOf = (bytes: Uint8Array): number[] => {
  const block = readBlock(bytes)
  return isBlockFault(block) ? [] : block.metadata.map(slot => slot.length)
}

describe('the chain of a node that only orders', () => {
  let channel: TestChannel
  /** The blocks of a peer, with its verdicts: genesis, a deployment and three writes. */
  let blocks: Uint8Array[]
  let peerFolder: string
  before(async () => {
    channel = await TestChannel.create()
    peerFolder = channel.newFolder()
    const ledger = await channel.ledger('Org1MSP', { directory: peerFolder })
    await commitNext(ledger, [await channel.deployment(ledger)])
    for (const key of ['a', 'b', 'c']) await codesOf(ledger, [await channel.put(ledger, key, key)])
    blocks = [0, 1, 2, 3, 4].map(number => ledger.block(number) as Uint8Array)
    await ledger.close()
  })
  after(() => channel.close())

  const open = (
    directory: string,
    options: Partial<Parameters<typeof openChain>[0]> = {},
  ): Promise<Chain> => {
    const { channelId, genesisBlock } = channel.network
    return openChain({ directory, channelId, genesisBlock, ...options })
  }

  const built = async (): Promise<{ directory: string; file: string; index: string }> => {
    const directory = channel.newFolder()
    const chain = await open(directory)
    for (const block of blocks.slice(1)) await chain.commit(block)
    await chain.close()
    const file = join(directory, 'blocks', '000000.blocks')
    return { directory, file, index: join(directory, 'blocks', 'index') }
  }

  const readAll = (chain: Chain): Buffer[] =>
    Array.from({ length: chain.height() }, (_, number) =>
      Buffer.from(chain.block(number) as Uint8Array),
    )

  it('takes each block once, in order, and tells who listens', async () => {
    const chain = await open(channel.newFolder())
    const told: number[] = []
    const unsubscribe = chain.onCommit(({ number }) => told.push(number))
    await Promise.all(blocks.slice(1, 4).map(block => chain.commit(block)))
    await chain.commit(blocks[2] as Uint8Array)
    unsubscribe()
    await chain.commit(blocks[4] as Uint8Array)
    expect(told).to.deep.equal([1, 2, 3])
    expect(chain.height()).to.equal(5)
    await chain.close()
  })

  it('keeps nobody’s verdicts', async () => {
    const { directory } = await built()
    const chain = await open(directory)
    const slots = slotsOf(blocks[3] as Uint8Array)
    expect(slots[2]).to.be.above(0)
    expect(slots[4]).to.be.above(0)
    expect(slotsOf(chain.block(3) as Uint8Array)).to.deep.equal([slots[0], 0, 0, 0, 0])
    await chain.close()
  })

  it('refuses a block out of order, of another chain, or whose data is not its own', async () => {
    const { directory } = await built()
    const chain = await open(directory)
    const short = await open(channel.newFolder())
    const [data] = [Buffer.from('not an envelope')]
    const forged = (number: number, previous: Uint8Array): Uint8Array =>
      buildBlock({ number, hash: previous }, [data])
    const refusals = [
      await codeOf(() => short.commit(blocks[2] as Uint8Array)),
      await codeOf(() => chain.commit(forged(4, chain.lastHeaderHash()))),
      await codeOf(() => chain.commit(Buffer.from('nonsense'))),
    ]
    expect(refusals).to.deep.equal(['BLOCK_OUT_OF_ORDER', 'BLOCK_RECUT', 'BLOCK_MALFORMED'])
    const other = await channel.ledger('Org1MSP')
    const fork = await commitNext(other, [await channel.deployment(other)])
    expect(await codeOf(() => chain.commit(fork.bytes))).to.equal('BLOCK_FORKED')
    expect(chain.height()).to.equal(5)
    await chain.close()
    await short.close()
  })

  it('loses nothing to kill -9 at any moment, nor does the state built on it', async function () {
    this.timeout(180_000)
    const seed = Number(process.env['LEDGER_CRASH_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
    console.log(`      LEDGER_CRASH_SEED=${seed}`)
    const random = randomOf(seed)
    const replayFolder = channel.newFolder()
    const replay = await channel.ledger('Org2MSP', { directory: replayFolder })
    await commitNext(replay, [await channel.deployment(replay)])
    const script = { ...(await writeScript(channel, replay)), selfMspId: 'Org2MSP' }
    const expected = Array.from({ length: replay.height() }, (_, number) =>
      Buffer.from(replay.block(number) as Uint8Array),
    )
    await replay.close()
    const scriptFile = `${channel.newFolder()}.json`
    writeFileSync(scriptFile, JSON.stringify(script))
    const directory = channel.newFolder()

    /** Lives of the child until it is done; each ends so many lines and a moment after its start. */
    const lives = async (
      role: readonly string[],
      next: () => { afterLines: number; momentMs: number },
    ): Promise<number> => {
      let committed = 0
      for (let kills = 0; ; kills += 1) {
        const life = await runUntilKilled([directory, scriptFile, ...role], next())
        if (life.opened > 0) expect(life.opened).to.be.at.least(committed + 1)
        committed = Math.max(committed, life.committed)
        if (life.isDone) return kills
      }
    }
    const amid = (): { afterLines: number; momentMs: number } => ({
      afterLines: 6 + Math.floor(random() * 25),
      momentMs: Math.floor(random() * 4),
    })
    expect(await lives(['orders'], amid)).to.be.above(0)
    const chain = await open(directory)
    expect(chain.height()).to.equal(expected.length)
    await chain.close()

    // It becomes a peer, and is killed ever later while it builds its state.
    let momentMs = 5 + Math.floor(random() * 20)
    const later = (): { afterLines: number; momentMs: number } => {
      momentMs *= 2
      return { afterLines: 1, momentMs }
    }
    expect(await lives([], later)).to.be.above(0)
    const ledger = await channel.ledger('Org2MSP', { directory })
    for (const [number, block] of expected.entries())
      expect(
        Buffer.from(ledger.block(number) as Uint8Array).equals(block),
        `block ${number}`,
      ).to.equal(true)
    await ledger.close()
    const [own, undisturbed] = [await dump(directory), await dump(replayFolder)]
    for (const name of ['state', 'hashed', 'history', 'transactions', 'missing', 'hashes'])
      expect(own[name], `table ${name}`).to.deep.equal(undisturbed[name])
  })

  it('becomes a ledger, a chain again, and a ledger again, on one folder', async () => {
    const { directory } = await built()
    const asPeer = await channel.ledger('Org1MSP', { directory })
    expect(asPeer.state('cc', 'c')?.toString()).to.equal('c')
    expect(asPeer.block(3)).to.deep.equal(Buffer.from(blocks[3] as Uint8Array))
    const next = await commitNext(asPeer, [(await channel.put(asPeer, 'd', 'd')).bytes])
    await asPeer.close()
    rmSync(join(directory, 'blocks', 'index'))

    const chain = await open(directory)
    expect(chain.height()).to.equal(6)
    const source = await channel.ledger('Org1MSP', { directory: peerFolder })
    await source.commit(next.bytes)
    const last = await commitNext(source, [(await channel.put(source, 'e', 'e')).bytes])
    await chain.commit(last.bytes)
    await chain.close()

    const again = await channel.ledger('Org1MSP', { directory })
    expect(again.height()).to.equal(7)
    expect(again.state('cc', 'e')?.toString()).to.equal('e')
    expect(Buffer.from(again.block(6) as Uint8Array)).to.deep.equal(Buffer.from(last.bytes))
    await again.close()
    await source.close()
  })

  it('cuts a torn append off, and finds its blocks without the index', async () => {
    const { directory, file, index } = await built()
    const [whole, rows] = [readFileSync(file), readFileSync(index)]
    const wrong = Buffer.from(rows)
    wrong[20] = (wrong[20] as number) ^ 1
    const indices = [Buffer.alloc(0), rows.subarray(0, 40), wrong, Buffer.alloc(rows.length)]
    for (const [round, found] of indices.entries()) {
      writeFileSync(index, found)
      appendFileSync(file, whole.subarray(0, 25 * (round + 1)))
      const chain = await open(directory)
      expect(chain.height()).to.equal(5)
      expect(readAll(chain)).to.have.length(5)
      await chain.close()
      expect(readFileSync(file).equals(whole)).to.equal(true)
      expect(readFileSync(index).equals(rows)).to.equal(true)
    }
  })

  it('does not cut whole blocks off: damage before them stops the start', async () => {
    for (const withIndex of [true, false]) {
      const { directory, file, index } = await built()
      const bytes = readFileSync(file)
      const at = bytes.indexOf((blocks[2] as Uint8Array).subarray(0, 60)) + 50
      bytes[at] = (bytes[at] as number) ^ 1
      writeFileSync(file, bytes)
      if (!withIndex) rmSync(index)
      // With the index the damage is found when the block is read, and the chain goes on.
      expect(await codeOf(async () => (await open(directory)).close())).to.equal(
        withIndex ? 'none' : 'BLOCK_CORRUPT',
      )
      expect(readFileSync(file).equals(bytes)).to.equal(true)
    }
  })

  it('brings a damaged block again and believes the hash in the block above only', async () => {
    const { directory, file } = await built()
    const bytes = readFileSync(file)
    const at = bytes.indexOf((blocks[2] as Uint8Array).subarray(0, 60)) + 50
    bytes[at] = (bytes[at] as number) ^ 1
    writeFileSync(file, bytes)
    const answers = [blocks[3], blocks[2]] as Uint8Array[]
    const fetchBlock = (): Promise<Uint8Array | undefined> => Promise.resolve(answers.shift())
    const chain = await open(directory, { fetchBlock })
    expect(await codeOf(() => chain.block(2))).to.equal('BLOCK_CORRUPT')
    expect(await codeOf(() => chain.readBlock(2))).to.equal('BLOCK_CORRUPT')
    expect(slotsOf((await chain.readBlock(2)) as Uint8Array)[2]).to.equal(0)
    await chain.close()
    const again = await open(directory)
    expect(readAll(again)).to.have.length(5)
    await again.close()
  })

  it('belongs to its genesis block, also when the tables are built later', async () => {
    const { directory } = await built()
    const other = await createTestNetwork()
    const { channelId, genesisBlock } = other
    const asChain = await codeOf(() => open(directory, { genesisBlock }))
    const copy = channel.newFolder()
    cpSync(directory, copy, { recursive: true })
    const asLedger = await codeOf(() =>
      channel.ledger('Org1MSP', { directory: copy, genesisBlock, channelId, trust: other.trust() }),
    )
    expect([asChain, asLedger]).to.deep.equal(['LEDGER_OTHER_GENESIS', 'LEDGER_OTHER_GENESIS'])
  })
})
