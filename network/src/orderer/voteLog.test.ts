import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { VoteLog, VoteLogError } from './voteLog.ts'

const body = (text: string): Buffer => Buffer.from(text.padEnd(50, '.'))
const texts = (bodies: readonly Buffer[]): string[] =>
  bodies.map(bytes => bytes.toString().replace(/\.+$/, ''))

describe('the vote log', () => {
  let directory: string
  let file: string

  beforeEach(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), 'triflow-votes-'))
    file = path.join(directory, 'votes.log')
  })
  afterEach(() => rm(directory, { recursive: true, force: true }))

  async function written(...names: string[]): Promise<void> {
    const { log } = await VoteLog.open(directory)
    for (const name of names) {
      log.append(body(name))
      await log.sync()
    }
    await log.close()
  }

  async function read(): Promise<string[]> {
    const { log, bodies } = await VoteLog.open(directory)
    await log.close()
    return texts(bodies)
  }

  it('gives back what was synced, in order, over several lives', async () => {
    await written('a', 'b')
    await written('c')
    expect(await read()).to.deep.equal(['a', 'b', 'c'])
  })

  it('ends at a torn record and goes on from there', async () => {
    await written('a', 'b', 'c')
    const bytes = await readFile(file)
    const end = 3 * 64
    for (const length of [end - 1, end - 30, end - 60]) {
      await writeFile(file, bytes.subarray(0, length))
      expect(await read()).to.deep.equal(['a', 'b'])
    }
    await writeFile(file, bytes.subarray(0, end - 10))
    await written('d')
    expect(await read()).to.deep.equal(['a', 'b', 'd'])
  })

  it('refuses to open when votes that were on disk are damaged', async () => {
    await written('a', 'b', 'c')
    const bytes = await readFile(file)
    bytes[20] = 0
    await writeFile(file, bytes)
    const outcome = await VoteLog.open(directory).catch((error: unknown) => error)
    expect(outcome).to.be.instanceOf(VoteLogError)
    expect((outcome as VoteLogError).code).to.equal('VOTE_LOG_CORRUPT')
  })

  it('is replaced by a shorter one in a single step', async () => {
    const { log } = await VoteLog.open(directory)
    log.append(body('a'))
    await log.sync()
    await log.replace([body('x')])
    log.append(body('b'))
    await log.sync()
    await log.close()
    expect(await read()).to.deep.equal(['x', 'b'])
    expect((await stat(file)).size).to.equal(2 * 64)
  })

  it('loses nothing it called synced to kill -9', async function () {
    this.timeout(60_000)
    for (const afterLines of [1, 40, 200]) {
      const acknowledged = await killedWriter(directory, afterLines)
      const kept = (await read()).map(Number)
      expect(kept.length).to.be.at.least(acknowledged)
      expect(kept).to.deep.equal(kept.map((_, index) => index))
      await rm(file)
    }
  })
})

/** Runs a writer in a process of its own, kills it, and tells how many records it had called synced. */
async function killedWriter(directory: string, afterLines: number): Promise<number> {
  const program = fileURLToPath(new URL('./testing/voteWriter.ts', import.meta.url))
  const child = spawn(process.execPath, [...process.execArgv, '--import=tsx', program, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  for await (const chunk of child.stdout) {
    output += String(chunk)
    if (output.split('\n').length > afterLines) child.kill('SIGKILL')
  }
  return output.split('\n').length - 1
}
