// Kill -9 of any subset of the nodes, all of them included, while clients write.
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { deploy, down, startNode, status, stopNode, up } from './control.ts'
import { waitUntil } from './processes.ts'
import { TestClient } from './testing/client.ts'
import {
  CHANNEL,
  letters,
  probeCall,
  probeDefinition,
  probeDeployment,
  startProbes,
  VALID,
} from './testing/probe.ts'

const BASE_PORT = 31_300
const ROUNDS = Number(process.env.CHAOS_ROUNDS ?? 3)
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)

/** A small seeded generator: the campaign is replayed with SEED. */
function seeded(start: number): () => number {
  let state = start >>> 0
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

describe(`nodes that die at any moment (seed ${seed})`, function () {
  this.timeout(240_000)
  const random = seeded(seed)
  const definition = probeDefinition('chaos', BASE_PORT)
  let dir = ''
  let chaincodes: ChildProcess[] = []
  const clients: TestClient[] = []
  /** Every write that a client was told is committed. */
  const promised = new Map<string, string>()

  before(async () => {
    dir = mkdtempSync(path.join(tmpdir(), 'chaos-'))
    chaincodes = startProbes(BASE_PORT)
    await up({ dir, definition })
    await deploy(dir, probeDeployment(BASE_PORT))
    for (const letter of letters)
      clients.push(new TestClient(dir, { mspId: `${letter}MSP`, channel: CHANNEL }))
  })
  after(async () => {
    await Promise.all(clients.map(each => each.close()))
    for (const each of chaincodes) each.kill('SIGKILL')
    await down(dir)
    rmSync(dir, { recursive: true })
  })

  /** Writes until told to stop; a write whose fate is unknown is not repeated and not counted. */
  async function writer(client: TestClient, name: string, stopped: () => boolean): Promise<void> {
    for (let index = 0; !stopped(); index += 1) {
      const key = `${name}-${index}`
      const value = `value of ${key}`
      try {
        const call = { ...probeCall('put', key, value), timeoutMs: 4_000 }
        if ((await client.submit(call)).code === VALID) promised.set(key, value)
      } catch {
        await new Promise(resolve => setTimeout(resolve, 100))
      }
    }
  }

  async function agree(): Promise<boolean> {
    const nodes = await status(dir)
    const [first, ...rest] = nodes.map(node => node.channels[CHANNEL])
    return rest.every(
      each =>
        each !== undefined &&
        each.height === first?.height &&
        each.headerHash === first.headerHash &&
        each.commitHash === first.commitHash,
    )
  }

  it('lose nothing that was promised, and end in one state', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      let over = false
      const writers = clients.map((client, index) =>
        writer(client, `r${round}w${index}`, () => over),
      )
      await new Promise(resolve => setTimeout(resolve, 400 + random() * 800))
      const names = (await status(dir)).map(node => node.name)
      const doomed = names.filter(() => random() < 0.5)
      await Promise.all(doomed.map(name => stopNode(dir, name, 'SIGKILL')))
      await new Promise(resolve => setTimeout(resolve, random() * 500))
      await Promise.all(doomed.map(name => startNode(dir, name)))
      over = true
      await Promise.all(writers)
    }
    expect(promised.size, 'the campaign wrote something').to.be.above(ROUNDS)
    // A client whose node was away dials again only after its pause: each is asked until it answers.
    for (const [index, client] of clients.entries()) {
      const call = { ...probeCall('put', `after-${index}`, 'the storm'), timeoutMs: 4_000 }
      const writes = (): Promise<boolean> =>
        client.submit(call).then(
          ({ code }) => code === VALID,
          () => false,
        )
      expect(await waitUntil(writes, 30_000), `client ${index} writes again`).to.equal(true)
    }
    expect(await waitUntil(agree, 15_000), JSON.stringify(await status(dir))).to.equal(true)
    for (const [key, value] of promised)
      for (const client of clients)
        expect(await client.evaluate(probeCall('get', key))).to.equal(value)
  })
})
