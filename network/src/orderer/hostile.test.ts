import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { encode } from './codec.ts'
import { digests, requestOf } from './digests.ts'
import { Notary } from './notary.ts'
import { Cluster, envelopeOf, until } from './testing/cluster.ts'

describe('orderers under attack by one of them', function () {
  this.timeout(60_000)
  let directory: string
  let cluster: Cluster

  beforeEach(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), 'triflow-hostile-'))
    cluster = await Cluster.open({ directory })
  })
  afterEach(async () => {
    await cluster.close()
    await rm(directory, { recursive: true, force: true })
  })

  const metric = (index: number, name: string): number =>
    cluster.members[index]!.orderer!.metrics()[name] ?? 0

  /** All but the traitor hold `count` envelopes in the same, proven blocks. */
  async function agreeOn(count: number, traitor: number): Promise<void> {
    const honest = cluster.members.filter(({ id }) => id !== traitor)
    await until(() => honest.every(({ ordered }) => ordered === count), 'every envelope')
    const orders = honest.map(member => cluster.verify(member))
    for (const order of orders) expect(order).to.deep.equal(orders[0])
    expect(cluster.members.flatMap(({ faults }) => faults)).to.deep.equal([])
  }

  it('count garbage and go on', async () => {
    const [target] = cluster.members
    for (let round = 0; round < 500; round += 1) {
      target!.orderer!.receive(4, randomBytes(round))
      target!.orderer!.receive(9, randomBytes(3))
    }
    expect(metric(0, 'malformed_frame')).to.be.greaterThan(400)
    expect(metric(0, 'unknown_sender')).to.equal(500)
    await cluster.submitToAll(envelopeOf('one'))
    await agreeOn(1, 0)
  })

  it('take no vote that its sender did not sign', async () => {
    const envelope = envelopeOf('one')
    const header = {
      height: 1,
      previous: 'ab'.repeat(32),
      batch: digests.batch([requestOf(envelope)]),
    }
    const hash = digests.header(header)
    const traitor = new Notary(cluster.config, 4, cluster.members[3]!.signer)
    const stolen = traitor.sign({ kind: 'prepare', view: 0, height: 1, hash })
    const commit = traitor.sign({ kind: 'commit', view: 0, header, hash })
    for (const frame of [encode(stolen), encode(commit)]) {
      cluster.members[1]!.orderer!.receive(3, frame)
    }
    expect(metric(1, 'bad_signature')).to.equal(2)
    for (const frame of [encode(stolen), encode(commit)]) {
      cluster.members[1]!.orderer!.receive(4, frame)
    }
    expect(metric(1, 'bad_signature')).to.equal(2)
  })

  it('order without a replica whose every frame is damaged', async () => {
    cluster.tamper = (from, _to, frame) => {
      const changed = Buffer.from(frame)
      if (from === 3) changed[changed.length - 1]! ^= 1
      return changed
    }
    for (let index = 0; index < 50; index += 1) await cluster.submitToAll(envelopeOf(`tx${index}`))
    await agreeOn(50, 3)
  })

  it('replace a leader that proposes an envelope no client signed', async () => {
    await cluster.submitToAll(envelopeOf('one'))
    await agreeOn(1, 0)
    const { hash } = readTip()
    const forged = requestOf(envelopeOf('forged'))
    const header = { height: 2, previous: hash, batch: digests.batch([forged]) }
    const proposal = { header, hash: digests.header(header), requests: [forged] }
    const frame = encode({ kind: 'prePrepare', view: 0, proposal })
    for (const member of cluster.members.slice(1)) member.orderer!.receive(1, frame)
    await until(
      () => cluster.members.every(({ orderer }) => orderer!.status().view > 0),
      'a new view',
    )
    await cluster.submitToAll(envelopeOf('two'))
    await agreeOn(2, 0)
  })

  it('survive a leader that tells two halves two stories', async () => {
    const stories = new Map<number, Uint8Array>()
    cluster.tamper = (from, to, frame) => {
      if (from !== 1 || frame[0] !== 2 || to !== 2) return frame
      const envelope = requestOf(envelopeOf('other story'))
      const { hash } = readTip()
      const height = cluster.members[0]!.ledger.length
      const header = { height, previous: hash, batch: digests.batch([envelope]) }
      const proposal = { header, hash: digests.header(header), requests: [envelope] }
      stories.set(height, encode({ kind: 'prePrepare', view: 0, proposal }))
      return stories.get(height)
    }
    for (let index = 0; index < 20; index += 1) await cluster.submitToAll(envelopeOf(`tx${index}`))
    const honest = cluster.members.slice(1)
    await until(() => honest.every(({ ordered }) => ordered >= 20), 'every envelope')
    const orders = honest.map(member => cluster.verify(member))
    for (const order of orders) expect(order).to.deep.equal(orders[0])
    expect(stories.size).to.be.greaterThan(0)
  })

  function readTip(): { hash: string } {
    const { ledger } = cluster.members[0]!
    return { hash: cluster.hashOf(ledger[ledger.length - 1]!) }
  }
})
