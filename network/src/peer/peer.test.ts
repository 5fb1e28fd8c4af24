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

  it('tells the client what the chaincode threw', async () => {
    const failure = await failureOf(client.evaluate({ chaincode, name: 'fail', args: ['nope'] }))
    expect(failure).to.include({ kind: 'GatewayError', code: 2 })
    expect(failure.message).to.equal(
      '2 UNKNOWN: evaluate call to endorser returned error: chaincode response 500, nope',
    )
    expect(failure.details).to.deep.equal([
      { address: '127.0.0.1:31200', mspId: 'Org1', message: 'chaincode response 500, nope' },
    ])
  })
})
