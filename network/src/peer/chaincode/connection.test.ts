import { peer } from '@hyperledger/fabric-protos'
import { expect } from 'chai'
import type { Simulation } from '../../ledger/index.ts'
import type { ChaincodeLink, LinkHandlers, OpenLink } from './link.ts'
import { chaincodeMessage } from './requests.ts'
import { ChaincodeRuntime } from './runtime.ts'
import type { TransactionScope } from './transaction.ts'

const Type = peer.ChaincodeMessage.Type
const packageId = 'probe:1'
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const NOWHERE = { txId: '', channelId: '' }

/** A chaincode process played by the test. */
class Process {
  readonly received: peer.ChaincodeMessage[] = []
  readonly handlers: LinkHandlers
  closed = false

  constructor(handlers: LinkHandlers) {
    this.handlers = handlers
  }

  get types(): number[] {
    return this.received.map(message => message.getType())
  }

  say(message: peer.ChaincodeMessage): void {
    this.handlers.received(message)
  }

  register(name = packageId): void {
    const id = new peer.ChaincodeID()
    id.setName(name)
    this.say(chaincodeMessage(Type.REGISTER, NOWHERE, id.serializeBinary()))
  }
}

function setUp(executeTimeoutMs = 5_000) {
  const processes: Process[] = []
  const openLink: OpenLink = (_binding, handlers): ChaincodeLink => {
    const process = new Process(handlers)
    processes.push(process)
    return {
      send: message => process.received.push(message),
      close: () => {
        process.closed = true
      },
    }
  }
  const binding = { packageId, address: '127.0.0.1:1' }
  const bindings = {
    get: (id: string) => (id === packageId ? binding : undefined),
    all: () => [binding],
    put: async () => {},
  }
  const runtime = new ChaincodeRuntime({ bindings, openLink, executeTimeoutMs, log: silent })
  return { runtime, processes }
}

function scopeOf(txId: string, state: Record<string, string> = {}): TransactionScope {
  const simulation = {
    getState: ({ key }: { key: string }) =>
      state[key] === undefined ? undefined : Buffer.from(state[key]),
  }
  return {
    channelId: 'ch',
    txId,
    namespace: 'probe',
    simulation: simulation as unknown as Simulation,
    proposal: new peer.SignedProposal(),
    invoke: () => Promise.reject(new Error('not called')),
  }
}

const execute = (runtime: ChaincodeRuntime, scope: TransactionScope) =>
  runtime.execute(packageId, { scope, input: new peer.ChaincodeInput(), isInit: false })

function getState(txId: string, key: string): peer.ChaincodeMessage {
  const request = new peer.GetState()
  request.setKey(key)
  return chaincodeMessage(Type.GET_STATE, { txId, channelId: 'ch' }, request.serializeBinary())
}

const completed = (txId: string) => chaincodeMessage(Type.COMPLETED, { txId, channelId: 'ch' })
const turn = () => new Promise(resolve => setImmediate(resolve))
const messageOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: Error) => error.message,
  )

async function running(setup: ReturnType<typeof setUp>, txId: string) {
  const outcome = execute(setup.runtime, scopeOf(txId, { a: 'one' }))
  outcome.catch(() => undefined)
  await turn()
  const process = setup.processes.at(-1) as Process
  if (process.received.length === 0) process.register()
  await turn()
  return { outcome, process }
}

describe('the stream to a chaincode', () => {
  it('registers, then interleaves transactions, answering each request', async () => {
    const setup = setUp()
    const first = await running(setup, 'tx1')
    const second = await running(setup, 'tx2')
    expect(setup.processes).to.have.length(1)
    expect(first.process.types).to.deep.equal([
      Type.REGISTERED,
      Type.READY,
      Type.TRANSACTION,
      Type.TRANSACTION,
    ])
    first.process.say(getState('tx2', 'a'))
    first.process.say(getState('tx1', 'missing'))
    await turn()
    const answers = first.process.received.slice(4)
    expect(answers.map(a => [a.getType(), a.getTxid(), a.getPayload_asU8().length])).to.deep.equal([
      [Type.RESPONSE, 'tx2', 3],
      [Type.RESPONSE, 'tx1', 0],
    ])
    first.process.say(completed('tx2'))
    first.process.say(completed('tx1'))
    expect((await second.outcome).getTxid()).to.equal('tx2')
    expect((await first.outcome).getTxid()).to.equal('tx1')
  })

  it('never sends a keep-alive and ignores those it gets', async () => {
    const setup = setUp()
    const { outcome, process } = await running(setup, 'tx1')
    process.say(chaincodeMessage(Type.KEEPALIVE, NOWHERE))
    process.say(completed('tx1'))
    await outcome
    expect(process.types).to.not.include(Type.KEEPALIVE)
  })

  it('drops a second request before the first is answered', async () => {
    const setup = setUp()
    const { outcome, process } = await running(setup, 'tx1')
    process.say(getState('tx1', 'a'))
    process.say(getState('tx1', 'a'))
    await turn()
    expect(process.types.filter(type => type === Type.RESPONSE)).to.have.length(1)
    process.say(completed('tx1'))
    await outcome
  })

  it('refuses requests of a transaction that is not running', async () => {
    const setup = setUp()
    const { outcome, process } = await running(setup, 'tx1')
    process.say(getState('other', 'a'))
    await turn()
    const answer = process.received.at(-1)
    expect(answer?.getType()).to.equal(Type.ERROR)
    expect(Buffer.from(answer?.getPayload_asU8() ?? []).toString()).to.include('no ledger context')
    process.say(completed('tx1'))
    await outcome
  })

  it('answers bytes that are no request with an error, and goes on', async () => {
    const setup = setUp()
    const { outcome, process } = await running(setup, 'tx1')
    const at = { txId: 'tx1', channelId: 'ch' }
    process.say(chaincodeMessage(Type.GET_STATE, at, Uint8Array.from([0x0a, 0xff])))
    await turn()
    expect(process.received.at(-1)?.getType()).to.equal(Type.ERROR)
    process.say(getState('tx1', 'a'))
    await turn()
    expect(process.received.at(-1)?.getType()).to.equal(Type.RESPONSE)
    process.say(completed('tx1'))
    await outcome
  })

  it('fails a transaction that takes too long; its late answer reaches nobody', async () => {
    const setup = setUp(20)
    const { outcome, process } = await running(setup, 'tx1')
    expect(await messageOf(outcome)).to.equal(
      'error sending: timeout expired while executing transaction',
    )
    process.say(completed('tx1'))
    const next = await running(setup, 'tx2')
    expect(next.process).to.equal(process)
  })

  it('runs one transaction id once at a time', async () => {
    const setup = setUp()
    const first = await running(setup, 'tx1')
    expect(await messageOf(execute(setup.runtime, scopeOf('tx1')))).to.equal(
      'error sending: txid: tx1(ch) exists',
    )
    first.process.say(completed('tx1'))
    await first.outcome
  })

  it('fails what runs when it breaks, and is dialled again', async () => {
    const setup = setUp()
    const { outcome, process } = await running(setup, 'tx1')
    process.handlers.broken('connection lost')
    expect(await messageOf(outcome)).to.equal('error sending: chaincode stream terminated')
    const again = await running(setup, 'tx2')
    expect(setup.processes).to.have.length(2)
    again.process.say(completed('tx2'))
    await again.outcome
  })

  it('ends when the chaincode sends what has no place there', async () => {
    const setup = setUp()
    const { outcome, process } = await running(setup, 'tx1')
    process.say(chaincodeMessage(Type.READY, NOWHERE))
    expect(await messageOf(outcome)).to.include('chaincode stream terminated')
    expect(process.closed).to.equal(true)
  })

  it('takes no process that registers as another package, or speaks before it registers', async () => {
    const setup = setUp()
    const asOther = execute(setup.runtime, scopeOf('tx1'))
    setup.processes.at(-1)?.register('other:1')
    expect(await messageOf(asOther)).to.include("registered as 'other:1'")
    const early = execute(setup.runtime, scopeOf('tx2'))
    setup.processes.at(-1)?.say(getState('tx2', 'a'))
    expect(await messageOf(early)).to.include('unexpected message GET_STATE before registration')
    expect(setup.processes).to.have.length(2)
  })

  it('knows no package that is not bound', async () => {
    const { runtime } = setUp()
    const input = new peer.ChaincodeInput()
    const call = runtime.execute('nope', { scope: scopeOf('tx1'), input, isInit: false })
    expect(await messageOf(call)).to.equal('chaincode package nope is not bound on this peer')
  })
})
