// One transaction and what may befall it: a network of node processes, a chaincode on the unmodified fabric-shim, clients
// on the unmodified fabric-gateway.
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { signedByRole } from '../msp/index.ts'
import {
  deploy,
  down,
  startNode,
  status,
  stopNode,
  up,
  type LedgerKind,
  type NodeStatus,
} from './control.ts'
import { isListening, waitUntil } from './processes.ts'
import { connectionOf, TestClient, type SubmitResult } from './testing/client.ts'
import { callWithGarbage, pourGarbage } from './testing/garbage.ts'
import {
  CHANNEL,
  ENDORSEMENT_POLICY_FAILURE,
  letters,
  peerOf,
  probeCall as call,
  probeDefinition,
  probeDeployment,
  startProbes,
  VALID,
  type Letter,
} from './testing/probe.ts'

const BASE_PORT = 31_450
/** The same claims hold on real Fabric: TRIFLOW_LEDGER=fabric with FABRIC_BIN set. */
const ledger: LedgerKind = process.env.TRIFLOW_LEDGER === 'fabric' ? 'fabric' : 'embedded'
const RESOURCE_EXHAUSTED = 8
const INTERNAL = 13
const definition = probeDefinition('one-transaction', BASE_PORT)

describe('a network of node processes', function () {
  this.timeout(120_000)
  let dir = ''
  const chaincodes: ChildProcess[] = []
  const clients = new Map<string, TestClient>()

  const client = (letter: string): TestClient => {
    const known = clients.get(letter)
    if (known) return known
    const created = new TestClient(dir, { mspId: `${letter}MSP`, channel: CHANNEL })
    clients.set(letter, created)
    return created
  }
  const put = (letter: Letter, key: string, value: string): Promise<SubmitResult> =>
    client(letter).submit(call('put', key, value))
  const heights = async (): Promise<number[]> =>
    (await status(dir)).map(node => node.channels[CHANNEL]?.height ?? 0)
  /** What a peer answers once it has every block that the others have. */
  const evaluateAt = async (letter: Letter, what: ReturnType<typeof call>): Promise<string> => {
    expect(await waitUntil(sameHeight, 10_000)).to.equal(true)
    return client(letter).evaluate(what)
  }
  const sameHeight = async (): Promise<boolean> => {
    const all = await heights()
    return all.every(height => height > 0 && height === all[0])
  }

  before(async () => {
    dir = mkdtempSync(path.join(tmpdir(), 'network-'))
    chaincodes.push(...startProbes(BASE_PORT))
    await up({ dir, definition, ledger })
    await deploy(dir, probeDeployment(BASE_PORT))
  })

  after(async () => {
    await Promise.all([...clients.values()].map(each => each.close()))
    for (const each of chaincodes) each.kill('SIGKILL')
    await down(dir)
    rmSync(dir, { recursive: true })
  })

  it('commits a transaction that every peer then has', async () => {
    const outcome = await put('A', 'k1', 'v1')
    expect(outcome).to.include({ code: VALID, result: 'k1' })
    expect(await waitUntil(sameHeight, 5_000)).to.equal(true)
    for (const letter of letters)
      expect(await client(letter).evaluate(call('get', 'k1'))).to.equal('v1')
  })

  it('tells its events in order', async () => {
    const first = await client('A').submit(call('create', 'e1', 'x'))
    await client('B').submit(call('create', 'e2', 'x'))
    const events = await client('C').events({
      chaincode: 'probe',
      startBlock: first.blockNumber,
      count: 2,
    })
    expect(events.map(event => event.payload)).to.deep.equal(['e1', 'e2'])
  })

  it('refuses a definition again, and takes the next sequence', async () => {
    await deploy(dir, probeDeployment(BASE_PORT))
    await deploy(dir, probeDeployment(BASE_PORT, 2))
    expect((await put('A', 'k2', 'v2')).code).to.equal(VALID)
  })

  it('invalidates what too few organisations endorsed', async () => {
    const outcome = await client('A').submit({ ...call('put', 'k3', 'v'), organizations: ['AMSP'] })
    expect(outcome.code).to.equal(ENDORSEMENT_POLICY_FAILURE)
    expect(await evaluateAt('B', call('get', 'k3'))).to.equal('')
  })

  it('holds a key to its own policy', async () => {
    await put('A', 'k4', 'first')
    const policy = Buffer.from(signedByRole('peer', ['CMSP'])).toString('hex')
    expect((await client('A').submit(call('setPolicy', 'k4', policy))).code).to.equal(VALID)
    const without = { ...call('put', 'k4', 'second'), organizations: ['AMSP', 'BMSP'] }
    expect((await client('A').submit(without)).code).to.equal(ENDORSEMENT_POLICY_FAILURE)
    // Planned from the key's policy: the gateway finds C by itself.
    expect((await put('A', 'k4', 'third')).code).to.equal(VALID)
    expect(await evaluateAt('D', call('get', 'k4'))).to.equal('third')
  })

  it('gives private data to members and its hash to everybody', async () => {
    const written = await client('A').submit({
      ...call('putPrivate', 'ab', 'p1'),
      transient: { value: 'secret' },
    })
    expect(written.code).to.equal(VALID)
    const read = call('getPrivate', 'ab', 'p1')
    expect(
      await waitUntil(async () => (await client('B').evaluate(read)) === 'secret', 5_000),
    ).to.equal(true)
    const hash = await evaluateAt('C', call('hashPrivate', 'ab', 'p1'))
    expect(hash).to.have.length(64)
    const range = { first: written.blockNumber, last: written.blockNumber }
    expect(await client('B').privateCollections(range)).to.deep.equal(['probe/ab'])
    expect(await client('C').privateCollections(range)).to.deep.equal([])
    const refusal = await client('C')
      .evaluate(read)
      .catch((error: Error) => error.message)
    expect(refusal).to.not.include('secret')
  })

  it('lives through garbage and oversized messages at every port', async () => {
    const before = await status(dir)
    const garbage = [
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      randomBytes(70_000),
      Buffer.alloc(9, 0xff),
    ]
    const ports = [BASE_PORT, BASE_PORT + 1, BASE_PORT + 2]
    for (const bytes of garbage) await pourGarbage(ports, bytes)
    const peer = connectionOf(dir, 'AMSP').peers[0]
    if (!peer) throw new Error('A has no peer')
    const codes = await callWithGarbage(peer, [...garbage, Buffer.alloc(0)])
    expect(codes).to.not.include(0)
    const submit = { unary: ['/gateway.Gateway/Submit'], streams: [] }
    const large = Buffer.alloc(101 * 1024 * 1024)
    const [oversized] = await callWithGarbage(peer, [large], submit)
    expect(oversized).to.be.oneOf([RESOURCE_EXHAUSTED, INTERNAL])
    expect((await put('A', 'after-garbage', 'x')).code).to.equal(VALID)
    const pids = (nodes: NodeStatus[]): number[] => nodes.flatMap(node => node.pids)
    expect(pids(await status(dir))).to.deep.equal(pids(before))
  })

  const leaderOf = (nodes: NodeStatus[]): NodeStatus => {
    const leader = nodes.find(node => node.running)?.channels[CHANNEL]?.leader
    const found = nodes[(leader ?? 1) - 1]
    if (!found) throw new Error('there is no leader')
    return found
  }

  it('commits within 3 s of the leader\u2019s death, and the dead one catches up', async () => {
    const leader = leaderOf(await status(dir))
    const survivor = letters.find(each => peerOf(each) !== leader.name) ?? 'A'
    await put(survivor, 'k5', 'before')
    await stopNode(dir, leader.name, 'SIGKILL')
    const killedAt = Date.now()
    const next = await put(survivor, 'k5', 'after')
    expect(next.code).to.equal(VALID)
    // SmartBFT's complaint time-outs cannot go lower without false alarms under load.
    expect(Date.now() - killedAt).to.be.below(ledger === 'fabric' ? 8_000 : 3_000)
    for (let index = 0; index < 3; index += 1) await put(survivor, `k5-${index}`, 'x')
    await startNode(dir, leader.name)
    expect(await waitUntil(sameHeight, 10_000), `heights ${await heights()}`).to.equal(true)
  })

  it('comes back whole after every process was killed at once', async () => {
    const before = await put('A', 'k6', 'kept')
    await Promise.all((await status(dir)).map(node => stopNode(dir, node.name, 'SIGKILL')))
    await up({ dir, definition, ledger })
    expect(await evaluateAt('B', call('get', 'k6'))).to.equal('kept')
    const after = await put('A', 'k7', 'new')
    expect(after.code).to.equal(VALID)
    expect(after.blockNumber).to.be.above(before.blockNumber)
    expect(await waitUntil(sameHeight, 10_000)).to.equal(true)
  })

  if (ledger === 'embedded')
    it('answers health and metrics', async () => {
      const port = BASE_PORT + 2
      const health = await fetch(`http://127.0.0.1:${port}/healthz`)
      expect(health.status).to.equal(200)
      const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
      expect(metrics).to.match(/ledger_height\{channel="ch"\} \d+/)
      expect(await isListening(BASE_PORT + 3)).to.equal(false)
    })
})
