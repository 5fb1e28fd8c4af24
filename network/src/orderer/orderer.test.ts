import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { digestOf } from './digests.ts'
import { Cluster, envelopeOf, until } from './testing/cluster.ts'

describe('four orderers', function () {
  this.timeout(60_000)
  let directory: string
  let cluster: Cluster

  beforeEach(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), 'triflow-orderer-'))
    cluster = await Cluster.open({ directory })
  })
  afterEach(async () => {
    await cluster.close()
    await rm(directory, { recursive: true, force: true })
  })

  const heights = (): number[] => cluster.members.map(({ ledger }) => ledger.length)
  const hold = (count: number) => () =>
    cluster.members.every(({ orderer, ordered }) => !orderer || ordered === count)

  it('order an envelope in a block that proves itself', async () => {
    await cluster.submitToAll(envelopeOf('one'))
    await until(() => heights().every(height => height === 2), 'block 1 everywhere')
    for (const member of cluster.members) {
      expect(cluster.verify(member)).to.deep.equal([digestOf(envelopeOf('one'))])
    }
  })

  it('order 1,000 envelopes alike while the leader is killed and comes back', async () => {
    const envelopes = Array.from({ length: 1_000 }, (_, index) => envelopeOf(`tx${index}`, 500))
    const [leader] = cluster.members
    for (const [index, envelope] of envelopes.entries()) {
      void cluster.submitToAll(envelope)
      if (index % 20 === 0) await new Promise(resolve => setTimeout(resolve, 2))
      if (index === 400) await cluster.kill(leader!)
    }
    const view = (): number => cluster.members[1]!.orderer!.status().view
    await until(() => view() > 0, 'a new leader', 30_000)
    await cluster.start(leader!)
    await until(() => heights().every(height => height === Math.max(...heights())), 'equal heights')
    await until(hold(1_000), 'every envelope everywhere', 30_000)
    const orders = cluster.members.map(member => cluster.verify(member))
    for (const order of orders) expect(order).to.deep.equal(orders[0])
    expect(new Set(orders[0])).to.deep.equal(new Set(envelopes.map(digestOf)))
    expect(cluster.members.flatMap(({ faults }) => faults)).to.deep.equal([])
  })

  it('tell a duplicate from a new envelope, and refuse what does not pass inspection', async () => {
    const [first] = cluster.members
    const orderer = first!.orderer!
    expect(await orderer.submit(envelopeOf('once'))).to.deep.equal({ outcome: 'accepted' })
    expect(await orderer.submit(envelopeOf('once'))).to.deep.equal({ outcome: 'duplicate' })
    expect(await orderer.submit(envelopeOf('forged'))).to.include({ code: 'FORGED' })
    expect(await orderer.submit(Buffer.from('nonsense'))).to.include({ code: 'ENVELOPE_MALFORMED' })
    await until(() => heights().every(height => height === 2), 'block 1 everywhere')
    expect(await orderer.submit(envelopeOf('once'))).to.deep.equal({ outcome: 'duplicate' })
  })

  it('order an envelope that only one follower was given', async () => {
    await cluster.members[2]!.orderer!.submit(envelopeOf('lonely'))
    await until(() => heights().every(height => height === 2), 'block 1 everywhere')
  })

  it('survive the loss of power on all machines at once', async () => {
    const envelopes = Array.from({ length: 200 }, (_, index) => envelopeOf(`tx${index}`))
    for (const envelope of envelopes) void cluster.submitToAll(envelope)
    await until(() => heights().some(height => height > 1), 'a first block')
    await Promise.all(cluster.members.map(member => cluster.kill(member)))
    for (const member of cluster.members) await cluster.start(member)
    for (const envelope of envelopes) void cluster.submitToAll(envelope)
    await until(hold(200), 'every envelope everywhere')
    const orders = cluster.members.map(member => cluster.verify(member))
    for (const order of orders) expect(order).to.deep.equal(orders[0])
  })

  it('carry a prepared block into the next view, also to one that never saw it', async () => {
    const PRE_PREPARE = 2
    const COMMIT = 4
    cluster.tamper = (_from, to, frame) => {
      const isHeldBack = frame[0] === COMMIT || (frame[0] === PRE_PREPARE && to === 4)
      return isHeldBack ? undefined : frame
    }
    const [leader, second, third, fourth] = cluster.members
    const isPrepared = () =>
      [second, third].every(member => (member!.orderer!.metrics()['sent_commit'] ?? 0) > 0)
    await leader!.orderer!.submit(envelopeOf('carried'))
    await until(isPrepared, 'two replicas prepared')
    await cluster.kill(leader!)
    cluster.tamper = (_from, _to, frame) => frame
    await until(
      () =>
        heights()
          .slice(1)
          .every(height => height === 2),
      'block 1 at the three',
    )
    for (const member of [second, third, fourth]) {
      expect(cluster.verify(member!)).to.deep.equal([digestOf(envelopeOf('carried'))])
    }
    expect(fourth!.orderer!.metrics()['received_answer']).to.be.greaterThan(0)
    await cluster.start(leader!)
    await until(() => heights().every(height => height === 2), 'block 1 at the old leader')
  })

  it('fetch each missed block about once after a long absence, while the others go on', async () => {
    const fourth = cluster.members[3]!
    await cluster.kill(fourth)
    const orderMore = async (count: number): Promise<void> => {
      const height = heights()[0]!
      for (let index = 0; index < count; index += 1) {
        await cluster.submitToAll(envelopeOf(`height${height} tx${index}`))
        await until(() => heights()[0]! > height + index, 'the next block')
      }
    }
    await orderMore(100)
    const missed = heights()[0]! - heights()[3]!
    await cluster.start(fourth)
    await orderMore(20)
    await until(() => heights()[3] === heights()[0], 'equal heights')
    expect(fourth.orderer!.metrics()['fetched_blocks']).to.be.within(missed, missed + 64)
  })

  it('keep their promises when the vote log is rewritten all the time', async () => {
    await cluster.close()
    cluster = await Cluster.open({ directory: path.join(directory, 'small'), logBytesMax: 10_000 })
    const envelopes = Array.from({ length: 300 }, (_, index) => envelopeOf(`tx${index}`, 300))
    for (const [index, envelope] of envelopes.entries()) {
      void cluster.submitToAll(envelope)
      if (index % 10 === 0) await new Promise(resolve => setTimeout(resolve, 5))
      if (index % 100 !== 50) continue
      const member = cluster.members[(index / 50) % 4]!
      await cluster.kill(member)
      await cluster.start(member)
    }
    for (const envelope of envelopes) void cluster.submitToAll(envelope)
    await until(hold(300), 'every envelope everywhere', 30_000)
    const orders = cluster.members.map(member => cluster.verify(member))
    for (const order of orders) expect(order).to.deep.equal(orders[0])
    const [first] = cluster.members
    expect(first!.orderer!.metrics()['log_bytes']).to.be.lessThan(200_000)
    expect(first!.orderer!.metrics()['log_compactions']).to.be.greaterThan(0)
  })

  it('replace a silent leader within a request time-out and a view change', async () => {
    await cluster.submitToAll(envelopeOf('before'))
    await until(() => heights().every(height => height === 2), 'block 1 everywhere')
    await cluster.kill(cluster.members[0]!)
    const startedAt = performance.now()
    await cluster.submitToAll(envelopeOf('after'))
    await until(
      () =>
        heights()
          .slice(1)
          .every(height => height === 3),
      'block 2',
      5_000,
    )
    expect(performance.now() - startedAt).to.be.lessThan(3_000)
  })
})
