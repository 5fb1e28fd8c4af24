import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { credentials, type ServiceError, status as grpcStatus } from '@grpc/grpc-js'
import { common, gateway, peer } from '@hyperledger/fabric-protos'
import { expect } from 'chai'
import fc from 'fast-check'
import { writePrivateSets } from '../ledger/index.ts'
import type { Signer } from '../msp/index.ts'
import { approvalArgs, createProposal, type ProposalOptions, signEnvelope } from './client/index.ts'
import { createInspector } from './endorser/inspect.ts'
import { RefusedError } from './endorser/checks.ts'
import { pushMessage } from './endorser/private-data.ts'
import { TestNetwork, type TestPeer } from './testing/network.ts'
import { seekEnvelope, type SeekOptions } from './testing/seek.ts'
import { MalformedError } from './wire/decode.ts'

const chaincode = 'probe'
const MINUTE = 60_000

describe('a peer among strangers', function () {
  this.timeout(60_000)
  let directory: string
  let network: TestNetwork
  let target: TestPeer
  let signer: Signer
  let stranger: Signer

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'hostile-test-'))
    network = await TestNetwork.open({
      directory,
      channelId: 'ch',
      peers: { Org1: 1, Org2: 1 },
      basePort: 31230,
      limits: { gatewayCalls: 4 },
    })
    await network.deploy({ name: chaincode, version: '1.0', sequence: 1 })
    target = network.peerOf('Org1')
    signer = await network.signer('Org1')
    const other = await TestNetwork.open({
      directory: path.join(directory, 'other'),
      channelId: 'ch',
      peers: { Org1: 1 },
      basePort: 31240,
    })
    stranger = await other.signer('Org1')
    await other.close()
  })

  after(async () => {
    await network?.close()
    await rm(directory, { recursive: true, force: true })
  })

  const proposalOf = (options: Partial<ProposalOptions> = {}) =>
    createProposal({ signer, channelId: 'ch', chaincode, args: ['get', 'a'], ...options })
  const refusal = async (bytes: Uint8Array): Promise<string> => {
    try {
      const answer = peer.ProposalResponse.deserializeBinary(await target.peer.endorse(bytes))
      return `response ${answer.getResponse()?.getStatus()}: ${answer.getResponse()?.getMessage()}`
    } catch (error) {
      expect(error).to.satisfy(
        (e: unknown) => e instanceof RefusedError || e instanceof MalformedError,
      )
      return (error as Error).message
    }
  }
  const refused = (options: Partial<ProposalOptions>) =>
    refusal(proposalOf(options).signed.serializeBinary())

  /** Signs a proposal whose parts were changed. */
  function altered(change: {
    channel?: (header: common.ChannelHeader) => void
    signature?: (header: common.SignatureHeader) => void
  }): Uint8Array {
    const original = proposalOf().signed
    const proposal = peer.Proposal.deserializeBinary(original.getProposalBytes_asU8())
    const header = common.Header.deserializeBinary(proposal.getHeader_asU8())
    const channel = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8())
    const signature = common.SignatureHeader.deserializeBinary(header.getSignatureHeader_asU8())
    change.channel?.(channel)
    change.signature?.(signature)
    header.setChannelHeader(channel.serializeBinary())
    header.setSignatureHeader(signature.serializeBinary())
    proposal.setHeader(header.serializeBinary())
    const bytes = proposal.serializeBinary()
    const signed = new peer.SignedProposal()
    signed.setProposalBytes(bytes)
    signed.setSignature(signer.sign(bytes))
    return signed.serializeBinary()
  }

  describe('refuses a proposal', () => {
    it('older or younger than a quarter of an hour', async () => {
      for (const minutes of [-16, 16]) {
        const nowMs = Date.now() + minutes * MINUTE
        expect(await refused({ nowMs })).to.include('incorrect timestamp')
      }
      expect(await refused({ nowMs: Date.now() - 14 * MINUTE })).to.include('response 500')
    })

    it('whose transaction id, epoch, type, nonce or creator is wrong', async () => {
      const cases: [Parameters<typeof altered>[0], string][] = [
        [{ channel: h => h.setTxId('00'.repeat(32)) }, 'incorrectly computed txid'],
        [{ channel: h => h.setEpoch(1) }, 'epoch is non-zero'],
        [{ channel: h => h.setType(common.HeaderType.MESSAGE) }, 'invalid header type'],
        [{ signature: h => h.setNonce('') }, 'nonce is empty'],
        [{ signature: h => h.setCreator('') }, 'creator is empty'],
        [{ channel: h => h.setExtension$('') }, 'ChaincodeHeaderExtension'],
        [{ channel: h => h.setTimestamp(undefined) }, 'incorrect timestamp'],
      ]
      for (const [change, expected] of cases) {
        expect(await refusal(altered(change))).to.include(expected)
      }
    })

    it('that runs another chaincode than its header names', async () => {
      const id = new peer.ChaincodeID()
      id.setName('innocent')
      const extension = new peer.ChaincodeHeaderExtension()
      extension.setChaincodeId(id)
      const bytes = altered({ channel: h => h.setExtension$(extension.serializeBinary()) })
      expect(await refusal(bytes)).to.include('name different chaincodes')
    })

    it('of a certificate nobody in the channel issued', async () => {
      expect(await refused({ signer: stranger })).to.equal(
        'error validating proposal: access denied: channel [ch] creator org unknown, creator is malformed',
      )
    })

    it('signed by another key than its creator', async () => {
      const other = await network.signer('Org2')
      const forged: Signer = { ...signer, sign: message => other.sign(message) }
      expect(await refused({ signer: forged })).to.include('access denied')
    })

    it('that is on the ledger already', async () => {
      const admin = await network.signer('Org1', 'Admin')
      const approval = approvalArgs({ name: 'another', version: '1', sequence: 1 }, 'another:1')
      const proposal = proposalOf({
        signer: admin,
        chaincode: '_lifecycle',
        args: ['ApproveChaincodeDefinitionForMyOrg', approval],
      })
      const once = { signer: admin, channelId: 'ch', endorsingMspIds: ['Org1'] }
      const { txId } = await target.connection.commit(proposal, once)
      expect(await refusal(proposal.signed.serializeBinary())).to.include(
        `duplicate transaction found [${txId}]`,
      )
    })

    it('of an unknown channel with a response, not with an exception', async () => {
      expect(await refused({ channelId: 'nochan' })).to.equal(
        "response 500: channel 'nochan' not found",
      )
    })

    it('without a channel, unless an administrator of its own organisation calls', async () => {
      const bind = (by: Signer) =>
        refused({ signer: by, channelId: '', chaincode: '_lifecycle', args: ['BindPackage', '{}'] })
      expect(await bind(signer)).to.include('not an admin of Org1')
      expect(await bind(await network.signer('Org2', 'Admin'))).to.include('access denied')
      expect(await bind(await network.signer('Org1', 'Admin'))).to.include('invalid binding')
      const admin = await network.signer('Org1', 'Admin')
      expect(await refused({ signer: admin, channelId: '', chaincode })).to.include(
        'cannot be called without a channel',
      )
    })
  })

  describe('keeps no private data', () => {
    it('that another organisation pushes into its own collection', async () => {
      const write = {
        namespace: chaincode,
        collection: '_implicit_org_Org1',
        rwset: Buffer.from([]),
      }
      const push = pushMessage('ch', 'ab'.repeat(32), writePrivateSets([write]))
      const by = (mspId: string): Promise<string> =>
        target.peer.pushPrivate({ name: 'peer1', mspId }, push).then(
          () => 'kept',
          (error: unknown) => (error as Error).message,
        )
      expect(await by('Org2')).to.include('no member')
      expect(await by('Org1')).to.equal('kept')
    })
  })

  describe('survives', () => {
    const seedOf = (): number => Number(process.env['SEED'] ?? Date.now() % 1_000_000)

    it('any bytes in place of a proposal, an envelope or private data', async () => {
      const seed = seedOf()
      const inspect = createInspector({ config: network.config, msp: network.msp })
      const caller = { name: 'peer0.org2.example.com', mspId: 'Org2' }
      const isFault = (error: unknown): boolean => error instanceof Error
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async bytes => {
          await refusal(bytes)
          expect((await inspect(bytes)).ok).to.equal(false)
          for (const call of [target.peer.pushPrivate, target.peer.pullPrivate]) {
            const outcome = await call(caller, bytes).then(
              () => undefined,
              (error: unknown) => error,
            )
            expect(outcome).to.satisfy(isFault)
          }
        }),
        { seed, numRuns: 200, verbose: true },
      )
    })

    it('a real proposal with any byte changed', async () => {
      const seed = seedOf()
      const bytes = proposalOf().signed.serializeBinary()
      await fc.assert(
        fc.asyncProperty(
          fc.nat({ max: bytes.length - 1 }),
          fc.integer({ min: 1, max: 255 }),
          async (at, flip) => {
            const changed = Uint8Array.from(bytes)
            changed[at] = (changed[at] ?? 0) ^ flip
            const answer = await refusal(changed)
            expect(answer).to.not.match(/^response 200/)
          },
        ),
        { seed, numRuns: 200, verbose: true },
      )
    })
  })

  describe('the check before ordering', () => {
    it('takes an envelope of a writer, and no other', async () => {
      const inspect = createInspector({ config: network.config, msp: network.msp })
      const envelopeOf = (by: Signer) => {
        const { signed } = proposalOf({ signer: by })
        const proposal = peer.Proposal.deserializeBinary(signed.getProposalBytes_asU8())
        const payload = new common.Payload()
        payload.setHeader(common.Header.deserializeBinary(proposal.getHeader_asU8()))
        const envelope = new common.Envelope()
        envelope.setPayload(payload.serializeBinary())
        return signEnvelope(envelope, by)
      }
      const good = envelopeOf(signer)
      expect(await inspect(good.serializeBinary())).to.include({ ok: true, channelId: 'ch' })
      good.setSignature(signer.sign(Buffer.from('another')))
      expect(await inspect(good.serializeBinary())).to.include({ code: 'BAD_SIGNATURE' })
      expect(await inspect(envelopeOf(stranger).serializeBinary())).to.include({
        code: 'FORBIDDEN',
      })
      const tail = Buffer.concat([envelopeOf(signer).serializeBinary(), Buffer.from([0x1a, 0])])
      expect(await inspect(tail)).to.include({ code: 'MALFORMED' })
      const huge = new Uint8Array(network.config.batch.absoluteMaxBytes + 1)
      expect(await inspect(huge)).to.include({ code: 'TOO_LARGE' })
    })
  })

  describe('block streams', () => {
    async function answers(options: Partial<SeekOptions>, count: number): Promise<string[]> {
      const client = new peer.DeliverClient(target.endpoint, credentials.createInsecure())
      const call = client.deliverFiltered()
      const seek = { signer, channelId: 'ch', start: 0, stop: 0, ...options }
      call.write(seekEnvelope(seek))
      const seen: string[] = []
      await new Promise<void>((resolve, reject) => {
        call.on('data', (answer: peer.DeliverResponse) => {
          const block = answer.getFilteredBlock()
          seen.push(block ? `block ${block.getNumber()}` : `status ${answer.getStatus()}`)
          if (seen.length >= count) resolve()
        })
        call.on('end', resolve)
        call.on('error', reject)
      })
      call.on('error', () => undefined)
      call.cancel()
      client.close()
      return seen
    }

    it('answer what was asked, then SUCCESS', async () => {
      expect(await answers({ start: 0, stop: 1 }, 3)).to.deep.equal([
        'block 0',
        'block 1',
        'status 200',
      ])
      const newest = target.ledger.height() - 1
      expect(await answers({ start: 'newest', stop: 'newest' }, 2)).to.deep.equal([
        `block ${newest}`,
        'status 200',
      ])
      expect(await answers({ start: 'oldest', stop: 'oldest' }, 2)).to.deep.equal([
        'block 0',
        'status 200',
      ])
    })

    it('answer a bad request with its status', async () => {
      const cases: [Partial<SeekOptions>, string][] = [
        [{ nowMs: Date.now() - 16 * MINUTE }, 'status 400'],
        [{ nowMs: Date.now() + 16 * MINUTE }, 'status 400'],
        [{ start: 5, stop: 2 }, 'status 400'],
        [{ channelId: 'nochan' }, 'status 404'],
        [{ signer: stranger }, 'status 403'],
        [{ forge: true }, 'status 403'],
        [{ start: 9999, stop: 9999, failIfNotReady: true }, 'status 404'],
      ]
      for (const [options, expected] of cases) {
        expect(await answers(options, 1)).to.deep.equal([expected])
      }
    })
  })

  describe('gateway calls', () => {
    const call = <T>(act: (client: gateway.GatewayClient, done: Done<T>) => unknown) =>
      new Promise<{ error?: ServiceError; answer?: T; client: gateway.GatewayClient }>(resolve => {
        const client = new gateway.GatewayClient(target.endpoint, credentials.createInsecure())
        act(client, (error, answer) =>
          resolve({ ...(error ? { error } : {}), ...(answer ? { answer } : {}), client }),
        )
      })
    type Done<T> = (error: ServiceError | null, answer?: T) => void

    function statusRequest(txId: string, by: Signer): gateway.SignedCommitStatusRequest {
      const request = new gateway.CommitStatusRequest()
      request.setTransactionId(txId)
      request.setChannelId('ch')
      request.setIdentity(signer.identity)
      const signed = new gateway.SignedCommitStatusRequest()
      signed.setRequest(request.serializeBinary())
      signed.setSignature(by.sign(request.serializeBinary()))
      return signed
    }

    it('without their parts are INVALID_ARGUMENT', async () => {
      const outcomes = await Promise.all([
        call((client, done) => client.evaluate(new gateway.EvaluateRequest(), done)),
        call((client, done) => client.endorse(new gateway.EndorseRequest(), done)),
        call((client, done) => client.submit(new gateway.SubmitRequest(), done)),
        call((client, done) => client.commitStatus(new gateway.SignedCommitStatusRequest(), done)),
      ])
      for (const { error, client } of outcomes) {
        expect(error?.code).to.equal(grpcStatus.INVALID_ARGUMENT)
        client.close()
      }
    })

    it("for a status need a reader's signature", async () => {
      const other = await network.signer('Org2')
      const { error, client } = await call((client, done) =>
        client.commitStatus(statusRequest('00'.repeat(32), other), done),
      )
      expect(error?.code).to.equal(grpcStatus.PERMISSION_DENIED)
      client.close()
    })

    it('beyond the limit are refused, and a cancelled one gives its place back', async () => {
      const clients = Array.from(
        { length: 4 },
        () => new gateway.GatewayClient(target.endpoint, credentials.createInsecure()),
      )
      const waiting = clients.map(client =>
        client.commitStatus(statusRequest('00'.repeat(32), signer), () => undefined),
      )
      const evaluate = () =>
        call((client, done) => client.evaluate(new gateway.EvaluateRequest(), done))
      await eventually(async () => {
        const { error, client } = await evaluate()
        client.close()
        return (
          error?.code === grpcStatus.UNKNOWN &&
          error.details ===
            'too many requests for /gateway.Gateway, exceeding concurrency limit (4)'
        )
      })
      for (const one of waiting) one.cancel()
      await eventually(async () => {
        const { error, client } = await evaluate()
        client.close()
        return error?.code === grpcStatus.INVALID_ARGUMENT
      })
      for (const client of clients) client.close()
    })
  })
})

async function eventually(check: () => Promise<boolean>): Promise<void> {
  const until = Date.now() + 10_000
  while (!(await check())) {
    if (Date.now() > until) throw new Error('did not come')
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}
