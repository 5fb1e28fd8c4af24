// Nodes that order and are no peers: they keep blocks and no state, and lose nothing to kill -9.
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { deploy, down, startNode, status, stopNode, up } from './control.ts'
import { parseDefinition } from './definition.ts'
import { inFolder } from './folder.ts'
import { waitUntil } from './processes.ts'
import { TestClient } from './testing/client.ts'
import { CHANNEL, VALID, peerOf, probeCall, probeDeployment, startProbes } from './testing/probe.ts'

const BASE_PORT = 31_500
const ORDERERS = [1, 2, 3, 4].map(number => `orderer.ord${number}.example.com`)

describe('nodes that only order', function () {
  this.timeout(120_000)
  let dir = ''
  let chaincodes: ChildProcess[] = []
  let client: TestClient | undefined

  before(async () => {
    dir = mkdtempSync(path.join(tmpdir(), 'orderers-'))
    chaincodes = startProbes(BASE_PORT)
    const definition = parseDefinition({
      name: 'orderers',
      basePort: BASE_PORT,
      orderers: 4,
      organizations: ['A', 'B'].map(each => ({
        name: each,
        mspId: `${each}MSP`,
        domain: `${each.toLowerCase()}.example.com`,
        peers: ['peer0'],
      })),
      channels: [{ name: CHANNEL }],
    })
    await up({ dir, definition })
    const deployment = probeDeployment(BASE_PORT)
    const addresses = Object.fromEntries(
      Object.entries(deployment.addresses).filter(([name]) =>
        ['A', 'B'].map(peerOf).includes(name),
      ),
    )
    const policy = "AND('AMSP.peer','BMSP.peer')"
    await deploy(dir, { ...deployment, policy, addresses })
    client = new TestClient(dir, { mspId: 'AMSP', channel: CHANNEL })
  })
  after(async () => {
    await client?.close()
    for (const each of chaincodes) each.kill('SIGKILL')
    await down(dir)
    rmSync(dir, { recursive: true })
  })

  const put = async (key: string): Promise<void> => {
    const answer = await client?.submit(probeCall('put', key, key))
    expect(answer?.code).to.equal(VALID)
  }

  /** As a client that asks again: until the peers have dialled a node again, too few can be reached. */
  async function putSoon(key: string): Promise<void> {
    const deadline = Date.now() + 15_000
    for (;;) {
      try {
        return await put(key)
      } catch (fault) {
        if (!/UNAVAILABLE/.test(String(fault)) || Date.now() > deadline) throw fault
        await new Promise(resolve => setTimeout(resolve, 100))
      }
    }
  }

  /** Every node has the same chain, and every peer the same state. */
  async function agree(): Promise<boolean> {
    const places = (await status(dir)).map(node => node.channels[CHANNEL])
    const [first] = places
    const states = new Set(places.flatMap(place => place?.commitHash ?? []))
    return (
      states.size === 1 &&
      places.every(
        place =>
          place !== undefined &&
          place.height === first?.height &&
          place.headerHash === first.headerHash,
      )
    )
  }

  it('keep blocks and no state', async () => {
    await put('first')
    expect(await waitUntil(agree, 15_000)).to.equal(true)
    for (const name of ORDERERS) {
      const folder = path.join(inFolder.node(dir, name), 'ledger', CHANNEL)
      expect(existsSync(path.join(folder, 'blocks'))).to.equal(true)
      expect(existsSync(path.join(folder, 'state'))).to.equal(false)
    }
    const orderers = (await status(dir)).filter(({ name }) => ORDERERS.includes(name))
    for (const { channels } of orderers) expect(channels[CHANNEL]?.commitHash).to.equal(undefined)
  })

  it('killed one after the other while clients write, and then all at once, end with the chain of all', async () => {
    for (const [round, name] of ORDERERS.slice(0, 2).entries()) {
      const writes = [0, 1, 2].map(index => putSoon(`round${round}-${index}`))
      await stopNode(dir, name, 'SIGKILL')
      await Promise.all(writes)
      await putSoon(`round${round}-without`)
      await startNode(dir, name)
      expect(await waitUntil(agree, 20_000), JSON.stringify(await status(dir))).to.equal(true)
    }
    await Promise.all(ORDERERS.map(name => stopNode(dir, name, 'SIGKILL')))
    await Promise.all(ORDERERS.map(name => startNode(dir, name)))
    await putSoon('last')
    expect(await waitUntil(agree, 20_000), JSON.stringify(await status(dir))).to.equal(true)
  })
})
