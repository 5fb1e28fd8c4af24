import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { common } from '@hyperledger/fabric-protos'
import { expect } from 'chai'
import { parsePolicyText } from '../msp/index.ts'
import { type ClientError, TestClient } from './testing/client.ts'
import { TestNetwork, type TestPeer } from './testing/network.ts'

const chaincode = 'probe'
const value = Buffer.from('secret')

async function failureOf(promise: Promise<unknown>): Promise<ClientError> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error as ClientError,
  )
  if (!outcome) throw new Error('the call was expected to fail')
  return outcome
}

async function eventually(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  const until = Date.now() + 15_000
  while (!(await check())) {
    if (Date.now() > until) throw new Error(`did not come: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

describe('peers of three organisations', function () {
  this.timeout(60_000)
  let directory: string
  let network: TestNetwork
  let packageId: string
  let clients: Record<'Org1' | 'Org2' | 'Org3', TestClient>
  const processes = new Map<TestPeer, ChildProcess>()

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'peers-test-'))
    network = await TestNetwork.open({
      directory,
      channelId: 'ch',
      peers: { Org1: 1, Org2: 2, Org3: 1 },
      basePort: 31210,
    })
    packageId = await network.deploy({
      name: chaincode,
      version: '1.0',
      sequence: 1,
      policy: "OutOf(2,'Org1.peer','Org2.peer','Org3.peer')",
      collections: [
        {
          name: 'between12',
          policy: "OR('Org1.member','Org2.member')",
          requiredPeerCount: 1,
          maxPeerCount: 2,
          memberOnlyRead: true,
          memberOnlyWrite: true,
          endorsementPolicy: { signaturePolicy: "OR('Org1.peer','Org2.peer')" },
        },
      ],
    })
    for (const peer of network.peers) {
      processes.set(peer, await network.startChaincode(packageId, peer))
    }
    const connect = (mspId: string) => TestClient.connect(network, network.peerOf(mspId))
    clients = {
      Org1: await connect('Org1'),
      Org2: await connect('Org2'),
      Org3: await connect('Org3'),
    }
  })

  after(async () => {
    await Promise.all(Object.values(clients ?? {}).map(client => client.close()))
    await network?.close()
    await rm(directory, { recursive: true, force: true })
  })

  const put = (...args: string[]) => clients.Org1.submit({ chaincode, name: 'put', args })

  describe('endorsement', () => {
    it('is collected from as many organisations as the policy wants', async () => {
      expect(await put('k', 'v')).to.include({ code: 0 })
      for (const peer of network.peers) {
        await eventually(
          'the block',
          () => peer.ledger.height() === network.peers[0]?.ledger.height(),
        )
      }
      const call = { chaincode, name: 'get', args: ['k'] }
      expect(await clients.Org3.evaluate(call)).to.equal('v')
    })

    it('of too few organisations, named by the client, is invalid at commit', async () => {
      const outcome = await clients.Org1.submit({
        chaincode,
        name: 'put',
        args: ['few', 'v'],
        endorsingOrganizations: ['Org1'],
      })
      expect(outcome).to.include({ code: 10, successful: false })
    })

    it('fails when no two peers agree, with one detail per deviating peer', async () => {
      const failure = await failureOf(
        clients.Org1.submit({ chaincode, name: 'random', args: ['r'] }),
      )
      expect(failure.message).to.equal(
        '10 ABORTED: failed to collect enough transaction endorsements, see attached details for more info',
      )
      expect(failure.details).to.have.length(3)
      for (const detail of failure.details) {
        expect(detail.message).to.equal('ProposalResponsePayloads do not match')
      }
    })

    it('goes to another organisation when one deviates', async () => {
      for (let i = 0; i < 5; i += 1) {
        const call = { chaincode, name: 'differOn', args: ['Org2', `d${i}`] }
        expect(await clients.Org1.submit(call)).to.include({ code: 0 })
      }
    })

    it('goes to another peer when one is down', async () => {
      const [first, second] = [network.peerOf('Org2', 0), network.peerOf('Org2', 1)]
      const call = {
        chaincode,
        name: 'put',
        args: ['down', 'v'],
        endorsingOrganizations: ['Org1', 'Org2'],
      }
      for (const peer of [first, second]) {
        peer.down = true
        expect(await clients.Org1.submit(call)).to.include({ code: 0 })
        peer.down = false
      }
      first.down = second.down = true
      const failure = await failureOf(clients.Org1.submit(call))
      expect(failure.code).to.equal(10)
      expect(failure.details.map(d => d.message)).to.deep.equal([
        `${first.name} is unreachable`,
        `${second.name} is unreachable`,
      ])
      first.down = second.down = false
    })

    it('follows the policy of a key once it has one', async () => {
      const policy = Buffer.from(parsePolicyText("AND('Org1.peer','Org3.peer')")).toString('hex')
      await put('guarded', 'v')
      await clients.Org1.submit({ chaincode, name: 'setPolicy', args: ['guarded', policy] })
      const outcome = await put('guarded', 'w')
      expect(outcome.code).to.equal(0)
      const refused = await clients.Org1.submit({
        chaincode,
        name: 'put',
        args: ['guarded', 'x'],
        endorsingOrganizations: ['Org1', 'Org2'],
      })
      expect(refused.code).to.equal(10)
    })
  })

  describe('private data of a collection', () => {
    const write = (key: string) =>
      clients.Org1.submit({
        chaincode,
        name: 'putPrivate',
        args: ['between12', key],
        transient: { value },
      })
    const read = (client: TestClient, key: string) =>
      client.evaluate({ chaincode, name: 'getPrivate', args: ['between12', key] })

    it('reaches the members, and nobody else', async () => {
      await write('p')
      expect(await read(clients.Org1, 'p')).to.equal('secret')
      await eventually('the copy', async () => (await read(clients.Org2, 'p')) === 'secret')
      const failure = await failureOf(read(clients.Org3, 'p'))
      expect(failure.message).to.include(
        'tx creator does not have read access permission on privatedata in chaincodeName:probe collectionName: between12',
      )
    })

    it('is endorsed by members alone when the proposal carries it', async () => {
      const outcome = await write('members')
      const envelopes = endorsersOf(network, outcome.blockNumber)
      expect(envelopes.every(mspId => mspId === 'Org1' || mspId === 'Org2')).to.equal(true)
    })

    it('is brought later by a member that was down, and only to members', async () => {
      const late = network.peerOf('Org2', 1)
      late.down = network.peerOf('Org2', 0).down = true
      const failure = await failureOf(write('late'))
      expect(failure.details[0]?.message).to.include(
        'required to disseminate between12 to at least 1 peers',
      )
      network.peerOf('Org2', 0).down = false
      await write('late')
      late.down = false
      await eventually('reconciliation', () => late.ledger.missingPrivate().length === 0)
    })

    it('is not handed to a peer of another organisation, whatever it asks', async () => {
      const { blockNumber, txId } = await write('asked')
      const { answerPull, pullRequest, pulledFrom } = await import('./endorser/private-data.ts')
      const holder = network.peerOf('Org1')
      const channels = new Map([['ch', { ...network, ledger: holder.ledger }]])
      const place = {
        blockNumber,
        index: 0,
        txId,
        namespace: chaincode,
        collection: 'between12',
      }
      const request = pullRequest('ch', [place])
      const ask = (mspId: string) =>
        pulledFrom(answerPull(channels as never, { name: 'x', mspId }, request))
      expect(ask('Org2')).to.have.length(1)
      expect(ask('Org3')).to.be.empty
      expect(() => ask('Nobody')).to.throw('no member')
    })
  })

  describe('private data of one organisation', () => {
    const collection = '_implicit_org_Org1'

    it('stays with its peers, its hash is known to all', async () => {
      const outcome = await clients.Org1.submit({
        chaincode,
        name: 'putPrivate',
        args: [collection, 'own'],
        transient: { value },
        endorsingOrganizations: ['Org1'],
      })
      expect(outcome.code).to.equal(0)
      const hash = await clients.Org2.evaluate({
        chaincode,
        name: 'hashPrivate',
        args: [collection, 'own'],
      })
      expect(hash).to.have.length(64)
      const [mine, theirs] = [network.peerOf('Org1'), network.peerOf('Org2')]
      await eventually('the block', () => theirs.ledger.height() > outcome.blockNumber)
      expect(mine.ledger.privateData(outcome.blockNumber)).to.have.length(1)
      expect(theirs.ledger.privateData(outcome.blockNumber)).to.be.empty
    })

    it('is in no block stream of another organisation', async () => {
      const { blockNumber } = await clients.Org1.submit({
        chaincode,
        name: 'putPrivate',
        args: [collection, 'streamed'],
        transient: { value },
        endorsingOrganizations: ['Org1'],
      })
      const stranger = await TestClient.connect(network, network.peerOf('Org1'), { mspId: 'Org2' })
      const stream = await stranger.follow<{ collections: unknown[] }>('private', {
        startBlock: blockNumber,
      })
      expect((await stream.take(1))[0]?.collections).to.deep.equal([])
      await stranger.close()
    })

    it('copies to every peer of the organisation', async () => {
      const { blockNumber } = await clients.Org2.submit({
        chaincode,
        name: 'putPrivate',
        args: ['_implicit_org_Org2', 'both'],
        transient: { value },
        endorsingOrganizations: ['Org2'],
      })
      for (const index of [0, 1]) {
        const { ledger } = network.peerOf('Org2', index)
        await eventually('the copy', () => ledger.privateData(blockNumber).length === 1)
      }
    })
  })

  describe('a chaincode process', () => {
    it('that dies fails its transactions; another peer answers, and the next call dials', async () => {
      const peer = network.peerOf('Org2')
      const failure = await failureOf(clients.Org3.evaluate({ chaincode, name: 'exit' }))
      expect(failure.code).to.equal(10)
      expect(failure.details.length).to.be.greaterThan(1)
      expect(failure.details[0]?.message).to.match(/chaincode stream terminated$/)
      for (const [stopped, child] of processes) {
        if (child.exitCode === null) continue
        processes.set(stopped, await network.startChaincode(packageId, stopped))
      }
      expect(peer.peer.chaincodes('ch')).to.deep.equal([chaincode])
      const call = { chaincode, name: 'get', args: ['k'] }
      for (const client of Object.values(clients)) {
        expect(await client.evaluate(call)).to.equal('v')
      }
    })
  })

  describe('a definition', () => {
    it('is committed only with the approval of a majority', async () => {
      const org = network.peerOf('Org1')
      const { commitArgs } = await import('./client/index.ts')
      const failure = await org.connection
        .invoke({
          signer: await network.signer('Org1', 'Admin'),
          channelId: 'ch',
          chaincode: '_lifecycle',
          args: [
            'CommitChaincodeDefinition',
            commitArgs({
              name: chaincode,
              version: '2.0',
              sequence: 2,
              collections: [{ name: 'between12', policy: "OR('Org1.member','Org2.member')" }],
            }),
          ],
        })
        .catch((error: Error) => error.message)
      expect(failure).to.include('chaincode definition not agreed to by this org (Org1)')
    })

    it('may change without a new package', async () => {
      await network.deploy({
        name: chaincode,
        version: '1.1',
        sequence: 2,
        policy: "OR('Org1.peer','Org2.peer','Org3.peer')",
        collections: [
          {
            name: 'between12',
            policy: "OR('Org1.member','Org2.member')",
            requiredPeerCount: 1,
            maxPeerCount: 2,
          },
        ],
      })
      const outcome = await clients.Org1.submit({
        chaincode,
        name: 'put',
        args: ['after', 'v'],
        endorsingOrganizations: ['Org1'],
      })
      expect(outcome.code).to.equal(0)
    })

    it('is approved by administrators alone', async () => {
      const { approvalArgs } = await import('./client/index.ts')
      const approve = (mspId: string, user: string) =>
        network.signer(mspId, user).then(signer =>
          network.peerOf('Org1').connection.invoke({
            signer,
            channelId: 'ch',
            chaincode: '_lifecycle',
            args: [
              'ApproveChaincodeDefinitionForMyOrg',
              approvalArgs({ name: chaincode, version: '3', sequence: 3 }, packageId),
            ],
            endorsingMspIds: ['Org1'],
          }),
        )
      for (const [mspId, user] of [
        ['Org1', 'User1'],
        ['Org2', 'Admin'],
      ] as const) {
        const failure = await approve(mspId, user).catch((error: Error) => error.message)
        expect(failure).to.include('the caller is not an admin of Org1')
      }
    })
  })
})

/** MSP ids of the endorsers of the first transaction of a block. */
function endorsersOf(network: TestNetwork, blockNumber: number): string[] {
  const bytes = network.peers[0]?.ledger.block(blockNumber) ?? new Uint8Array()
  const [envelope] = common.Block.deserializeBinary(bytes).getData()?.getDataList_asU8() ?? []
  const text = Buffer.from(envelope ?? new Uint8Array()).toString('latin1')
  return [...text.matchAll(/(Org\d)\x12[^-]{2,3}-----BEGIN/g)].flatMap(m => m[1] ?? []).slice(1)
}
