import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { type ClientError, TestClient } from './testing/client.ts'
import { TestNetwork } from './testing/network.ts'

const chaincode = 'probe'

async function failureOf(promise: Promise<unknown>): Promise<ClientError> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error as ClientError,
  )
  if (!outcome) throw new Error('the call was expected to fail')
  return outcome
}

describe('a single peer, seen by an unmodified client', function () {
  this.timeout(60_000)
  let directory: string
  let network: TestNetwork
  let client: TestClient

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'peer-test-'))
    network = await TestNetwork.open({
      directory,
      channelId: 'ch',
      peers: { Org1: 1 },
      basePort: 31200,
    })
    const packageId = await network.deploy({
      name: chaincode,
      version: '1.0',
      sequence: 1,
      collections: [{ name: 'secrets', policy: "OR('Org1.member')", memberOnlyRead: true }],
    })
    await network.startChaincode(packageId, network.peerOf('Org1'))
    client = await TestClient.connect(network, network.peerOf('Org1'))
  })

  after(async () => {
    await client?.close()
    await network?.close()
    await rm(directory, { recursive: true, force: true })
  })

  it('submits a transaction and evaluates what it wrote', async () => {
    const outcome = await client.submit({ chaincode, name: 'put', args: ['a', 'one'] })
    expect(outcome).to.include({ result: 'a', code: 0, successful: true })
    expect(await client.evaluate({ chaincode, name: 'get', args: ['a'] })).to.equal('one')
  })

  it('hands the chaincode the caller and the transaction as the client signed them', async () => {
    const seen = JSON.parse(await client.evaluate({ chaincode, name: 'whoami' }))
    expect(seen).to.include({ mspId: 'Org1', channelId: 'ch', peerMspId: 'Org1' })
    expect(seen.txId).to.match(/^[0-9a-f]{64}$/)
    expect(seen.binding).to.match(/^[0-9a-f]{64}$/)
  })

  const evaluate = (name: string, ...args: string[]) => client.evaluate({ chaincode, name, args })
  const submit = (name: string, ...args: string[]) => client.submit({ chaincode, name, args })
  const json = async (name: string, ...args: string[]) => JSON.parse(await evaluate(name, ...args))

  describe('error answers', () => {
    it('tells the client what the chaincode threw', async () => {
      const failure = await failureOf(evaluate('fail', 'nope'))
      expect(failure).to.include({ kind: 'GatewayError', code: 2 })
      expect(failure.message).to.equal(
        '2 UNKNOWN: evaluate call to endorser returned error: chaincode response 500, nope',
      )
      expect(failure.details).to.deep.equal([
        { address: '127.0.0.1:31200', mspId: 'Org1', message: 'chaincode response 500, nope' },
      ])
    })

    it('answers an endorsement the chaincode refused with ABORTED and its words', async () => {
      const failure = await failureOf(submit('fail', 'nope'))
      expect(failure).to.include({ kind: 'EndorseError', code: 10 })
      expect(failure.message).to.equal(
        '10 ABORTED: failed to endorse transaction, see attached details for more info',
      )
      expect(failure.details[0]?.message).to.equal('chaincode response 500, nope')
    })

    it('hands on a status between 400 and 499 without endorsing', async () => {
      const failure = await failureOf(submit('status', '404', 'gone'))
      expect(failure.details[0]?.message).to.equal('chaincode response 404, gone')
      expect((await failureOf(evaluate('status', '404', 'gone'))).code).to.equal(2)
    })

    it('names an unknown chaincode as Fabric does', async () => {
      const evaluated = await failureOf(client.evaluate({ chaincode: 'nocc', name: 'x' }))
      expect(evaluated.message).to.equal(
        '9 FAILED_PRECONDITION: no peers available to evaluate chaincode nocc in channel ch',
      )
      const endorsed = await failureOf(client.submit({ chaincode: 'nocc', name: 'x' }))
      expect(endorsed.message).to.equal(
        '9 FAILED_PRECONDITION: no combination of peers can be derived which satisfy the endorsement policy: No metadata was found for chaincode nocc in channel ch',
      )
    })

    it('names an unknown channel as Fabric does', async () => {
      const call = { chaincode, name: 'x', channelId: 'nochan' }
      expect((await failureOf(client.evaluate(call))).message).to.equal(
        '14 UNAVAILABLE: failed to get config for channel [nochan]: could not get last config for channel nochan',
      )
      expect((await failureOf(client.submit(call))).message).to.equal(
        `9 FAILED_PRECONDITION: no combination of peers can be derived which satisfy the endorsement policy: No metadata was found for chaincode ${chaincode} in channel nochan`,
      )
    })

    it('finds no endorser of an unknown organisation', async () => {
      const call = { chaincode, name: 'put', args: ['a', 'b'], endorsingOrganizations: ['Nope'] }
      expect((await failureOf(client.submit(call))).message).to.equal(
        '14 UNAVAILABLE: failed to find any endorsing peers for org(s): Nope',
      )
    })

    it('refuses a forged signature with the organisation it claims', async () => {
      const call = { chaincode, name: 'get', args: ['a'] }
      const evaluated = await failureOf(client.badSignature(call))
      expect(evaluated.message).to.equal(
        '9 FAILED_PRECONDITION: evaluate call to endorser returned error: error validating proposal: access denied: channel [ch] creator org [Org1]',
      )
      const endorsed = await failureOf(client.badSignature({ ...call, endorse: true }))
      expect(endorsed.code).to.equal(10)
      expect(endorsed.details[0]?.message).to.equal(
        'error validating proposal: access denied: channel [ch] creator org [Org1]',
      )
    })

    it('does not order a transaction twice', async () => {
      const txId = await client.endorse({ chaincode, name: 'put', args: ['twice', 'x'] })
      await client.submitEndorsed(txId)
      expect((await client.status(txId)).code).to.equal(0)
      const failure = await failureOf(client.submitEndorsed(txId))
      expect(failure).to.include({ kind: 'SubmitError', code: 14 })
      expect(failure.details).to.not.be.empty
    })

    it('reports a conflict of two writers as a code, not as an error', async () => {
      const call = { chaincode, name: 'readThenWrite', args: ['mvcc', 'x'] }
      const [first, second] = [await client.endorse(call), await client.endorse(call)]
      await client.submitEndorsed(first)
      await client.submitEndorsed(second)
      expect(await client.status(first)).to.include({ code: 0, successful: true })
      expect(await client.status(second)).to.include({ code: 11, successful: false })
    })

    it('reports a phantom as a code', async () => {
      await submit('putMany', 'ph', '3')
      const txId = await client.endorse({
        chaincode,
        name: 'rangeThenWrite',
        args: ['ph', 'ph~', 'sum'],
      })
      await submit('put', 'ph00001x', 'new')
      await client.submitEndorsed(txId)
      expect(await client.status(txId)).to.include({ code: 12, successful: false })
    })
  })

  describe('state', () => {
    it('pages through a range of more rows than one message holds', async () => {
      await submit('putMany', 'many', '250')
      const keys = await json('range', 'many', 'many~')
      expect(keys).to.have.length(250)
      expect(keys[0]).to.equal('many00000')
      expect(keys[249]).to.equal('many00249')
    })

    it('hands out pages with the bookmark of the next', async () => {
      const first = await json('page', 'many', 'many~', '120', '')
      expect(first).to.include({ count: 120, next: 'many00120' })
      const last = await json('page', 'many', 'many~', '200', 'many00120')
      expect(last).to.include({ count: 130, next: '' })
      expect(last.keys[0]).to.equal('many00120')
    })

    it('finds composite keys by their first part', async () => {
      await submit('composite', 'ann', '1')
      await submit('composite', 'ann', '2')
      await submit('composite', 'bob', '1')
      expect(await json('byOwner', 'ann')).to.deep.equal([
        ['ann', '1'],
        ['ann', '2'],
      ])
    })

    it("tells a key's history, newest first", async () => {
      await submit('put', 'h', '1')
      const second = await submit('put', 'h', '2')
      await submit('delete', 'h')
      const history = await json('history', 'h')
      expect(history.map((h: { value: string }) => h.value)).to.deep.equal(['', '2', '1'])
      expect(history[0].isDelete).to.equal(true)
      expect(history[1].txId).to.equal(second.txId)
      expect(Math.abs(history[1].seconds - Date.now() / 1000)).to.be.lessThan(120)
      expect(await evaluate('get', 'h')).to.equal('')
    })

    it('keeps a key-level policy', async () => {
      await submit('put', 'guarded', 'x')
      await submit('setPolicy', 'guarded', '120c120a0a0608011a020800')
      expect(await evaluate('getPolicy', 'guarded')).to.equal('120c120a0a0608011a020800')
      expect(await evaluate('getPolicy', 'h')).to.equal('')
    })

    it('has no rich queries, and says so', async () => {
      const failure = await failureOf(evaluate('query', '{"selector":{}}'))
      expect(failure.message).to.include('ExecuteQuery not supported for leveldb')
    })

    it('calls another chaincode in the same transaction', async () => {
      const answer = await json('call', 'nocc', '', '["x"]').catch((e: Error) => e.message)
      expect(answer).to.include('chaincode nocc not found')
      const system = await json('call', 'qscc', 'ch', '["GetChainInfo","ch"]')
      expect(system.status).to.equal(500)
      expect(system.message).to.include('Rejecting invoke of QSCC from another chaincode')
    })

    it('answers questions about the ledger', async () => {
      const call = { chaincode: 'qscc', name: 'GetChainInfo', args: ['ch'] }
      expect(await client.evaluate(call)).to.not.be.empty
    })

    it('carries a result of a megabyte', async () => {
      expect(await evaluate('large', '1000000')).to.have.length(1_000_000)
    })
  })

  describe('private data', () => {
    const value = Buffer.from('secret')
    const put = (collection: string, key: string) =>
      client.submit({
        chaincode,
        name: 'putPrivate',
        args: [collection, key],
        transient: { value },
      })

    for (const collection of ['secrets', '_implicit_org_Org1']) {
      it(`keeps values of ${collection} and their hashes`, async () => {
        expect(await put(collection, 'k')).to.include({ code: 0 })
        expect(await evaluate('getPrivate', collection, 'k')).to.equal('secret')
        expect(await evaluate('hashPrivate', collection, 'k')).to.equal(
          createHash('sha256').update(value).digest('hex'),
        )
        expect(await json('rangePrivate', collection, 'a', 'z')).to.deep.equal(['k'])
      })

      it(`deletes and purges values of ${collection}`, async () => {
        await put(collection, 'gone')
        await submit('purgePrivate', collection, 'gone')
        expect(await evaluate('getPrivate', collection, 'gone')).to.equal('')
        await put(collection, 'gone')
        await submit('deletePrivate', collection, 'gone')
        expect(await evaluate('getPrivate', collection, 'gone')).to.equal('')
      })
    }

    it("hands private values to the organisation's own block stream", async () => {
      const { blockNumber } = await put('_implicit_org_Org1', 'streamed')
      const stream = await client.follow<{ number: number; collections: unknown[] }>('private', {
        startBlock: blockNumber,
      })
      const [block] = await stream.take(1)
      expect(block).to.deep.equal({
        number: blockNumber,
        collections: [[0, chaincode, '_implicit_org_Org1']],
      })
      await stream.stop()
    })
  })

  describe('streams', () => {
    interface Event {
      readonly blockNumber: number
      readonly transactionId: string
      readonly eventName: string
    }

    it('sends chaincode events as they are committed', async () => {
      const stream = await client.follow<Event>('events', { chaincode })
      // The subscription is known to be open once an event has come: events are made until then.
      const made = await submit('create', 'e1', 'x')
      await submit('create', 'e2', 'x')
      const [event] = await stream.take(1)
      expect(event?.eventName).to.equal('Created')
      expect(event?.blockNumber).to.be.at.least(made.blockNumber)
      await stream.stop()
    })

    it('replays events from a block, and after a transaction', async () => {
      const first = await submit('create', 'r1', 'x')
      const second = await submit('create', 'r2', 'x')
      const all = await client.follow<Event>('events', { chaincode, startBlock: first.blockNumber })
      const replayed = await all.take(2)
      expect(replayed.map(e => e.transactionId)).to.deep.equal([first.txId, second.txId])
      const rest = await client.follow<Event>('events', {
        chaincode,
        startBlock: first.blockNumber,
        afterTransactionId: first.txId,
      })
      expect((await rest.take(1))[0]?.transactionId).to.equal(second.txId)
    })

    it('sends whole blocks with their flags, from the first on', async () => {
      const stream = await client.follow<{ number: number; metadata: number[] }>('blocks', {
        startBlock: 0,
      })
      const blocks = await stream.take(5)
      expect(blocks.map(b => b.number)).to.deep.equal([0, 1, 2, 3, 4])
      expect(blocks[4]?.metadata[2]).to.equal(1)
      await stream.stop()
    })

    it('sends filtered blocks without payloads', async () => {
      const made = await submit('create', 'f1', 'x')
      const stream = await client.follow<FilteredBlock>('filtered', {
        startBlock: made.blockNumber,
      })
      const [block] = await stream.take(1)
      expect(block?.channelId).to.equal('ch')
      const [transaction] = block?.filteredTransactionsList ?? []
      expect(transaction).to.include({ txid: made.txId, type: 3, txValidationCode: 0 })
      const [action] = transaction?.transactionActions?.chaincodeActionsList ?? []
      expect(action?.chaincodeEvent).to.include({ eventName: 'Created', payload: '' })
      await stream.stop()
    })
  })
})

interface FilteredBlock {
  readonly channelId: string
  readonly filteredTransactionsList: readonly {
    readonly txid: string
    readonly type: number
    readonly txValidationCode: number
    readonly transactionActions?: {
      readonly chaincodeActionsList: readonly {
        readonly chaincodeEvent: { readonly eventName: string; readonly payload: string }
      }[]
    }
  }[]
}
