import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import tls from 'node:tls'
import { expect } from 'chai'
import { createNetworkCrypto } from '../../msp/authority/index.ts'
import { readChannelConfig } from '../../msp/index.ts'
import { parseDefinition, type NetworkDefinition } from '../definition.ts'
import { prepareEmbedded } from '../embedded.ts'
import { identityFolder, inFolder } from '../folder.ts'
import { waitUntil } from '../processes.ts'
import { readTls } from '../runtime/identity.ts'
import { nodesOf } from '../topology.ts'
import { contactsOf, type Contact } from './contacts.ts'
import { FRAME, frameHead, type FrameType } from './frames.ts'
import type { LinkLimits } from './link.ts'
import { Mesh } from './mesh.ts'

const BASE_PORT = 31_400
const quiet = { info: () => undefined, warn: () => undefined }
const organization = (name: string, orderer: boolean): object => ({
  name,
  mspId: `${name}MSP`,
  domain: `${name.toLowerCase()}.example.com`,
  peers: ['peer0'],
  orderer,
})
const names = ['peer0.a.example.com', 'peer0.b.example.com', 'peer0.c.example.com']

describe('the mesh of links', function () {
  this.timeout(20_000)
  let dir = ''
  let definition: NetworkDefinition
  let contacts: Contact[]
  const open: Mesh[] = []
  const heard: { from: string; type: FrameType; payload: string }[] = []

  before(async () => {
    dir = mkdtempSync(path.join(tmpdir(), 'mesh-'))
    definition = parseDefinition({
      name: 'mesh',
      basePort: BASE_PORT,
      organizations: [organization('A', true), organization('B', true), organization('C', false)],
      channels: [{ name: 'ch' }],
    })
    await prepareEmbedded({ dir, definition, progress: () => undefined })
    const config = readChannelConfig(new Uint8Array(readFileSync(inFolder.genesis(dir, 'ch'))))
    contacts = contactsOf(nodesOf(definition), [config])
  })
  afterEach(async () => {
    await Promise.all(open.splice(0).map(mesh => mesh.close()))
    heard.length = 0
  })
  after(() => rmSync(dir, { recursive: true }))

  async function start(index: number, limits: Partial<LinkLimits> = {}): Promise<Mesh> {
    const place = nodesOf(definition)[index]
    if (!place) throw new Error('no such node')
    const mesh = await Mesh.open({
      self: place.name,
      contacts,
      ...readTls(dir, definition, place, place.orderer ? 'orderer' : 'peer'),
      log: quiet,
      limits,
      handlers: {
        onFrame: (from, type, payload) =>
          heard.push({ from: from.name, type, payload: Buffer.from(payload).toString() }),
        onRequest: async (from, method, body) => {
          if (method === 1) return Buffer.concat([Buffer.from(`${from.name} `), body])
          if (method === 2) return new Promise<Uint8Array>(() => undefined)
          throw new Error('not here')
        },
        onUp: () => undefined,
        onDown: () => undefined,
      },
    })
    open.push(mesh)
    return mesh
  }

  const linked = async (mesh: Mesh, count: number): Promise<void> => {
    expect(await waitUntil(() => mesh.linked().length === count, 5_000)).to.equal(true)
  }
  const reasonOf = (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'answered',
      (error: Error) => error.message,
    )

  it('links every node to every other, and knows who sends', async () => {
    const [a, b, c] = await Promise.all([start(0), start(1), start(2)])
    await Promise.all([linked(a, 2), linked(b, 2), linked(c, 2)])
    a.send(names[2] ?? '', FRAME.consensus, Buffer.from('to c'))
    c.send(names[0] ?? '', FRAME.status, Buffer.from('to a'))
    expect(await waitUntil(() => heard.length === 2, 2_000)).to.equal(true)
    expect(heard).to.have.deep.members([
      { from: names[0], type: FRAME.consensus, payload: 'to c' },
      { from: names[2], type: FRAME.status, payload: 'to a' },
    ])
  })

  it('carries requests, their refusals and their time-outs', async () => {
    const [a, b] = await Promise.all([start(0), start(1)])
    await linked(a, 1)
    const answer = await a.request(names[1] ?? '', 1, Buffer.from('hello'), 1_000)
    expect(Buffer.from(answer).toString()).to.equal(`${names[0]} hello`)
    expect(await reasonOf(a.request(names[1] ?? '', 9, Buffer.from(''), 1_000))).to.equal(
      'not here',
    )
    expect(await reasonOf(a.request(names[1] ?? '', 2, Buffer.from(''), 50))).to.match(/50 ms/)
    const waiting = reasonOf(a.request(names[1] ?? '', 2, Buffer.from(''), 5_000))
    await b.close()
    expect(await waiting).to.match(/link closed/)
  })

  it('finds a node again after it was away', async () => {
    const a = await start(0)
    const b = await start(1)
    await linked(a, 1)
    await b.close()
    await linked(a, 0)
    await start(1)
    await linked(a, 1)
  })

  it('drops what does not fit the queue instead of growing', async () => {
    const [a] = await Promise.all([start(0, { queueBytesMax: 1_000 }), start(1)])
    await linked(a, 1)
    expect(a.send(names[1] ?? '', FRAME.consensus, Buffer.alloc(2_000))).to.equal(false)
    expect(a.counters()).to.include({ dropped_queue_full: 1 })
  })

  interface Keys {
    certificatePem: string
    privateKeyPem: string
  }

  /** A connection to node A with given keys; resolves when A ends it. */
  function intrude(keys: Keys | undefined, bytes?: Buffer): Promise<void> {
    const pems = keys ? { cert: keys.certificatePem, key: keys.privateKeyPem } : {}
    return new Promise(resolve => {
      const socket = tls.connect({
        ...pems,
        port: BASE_PORT + 1,
        host: '127.0.0.1',
        rejectUnauthorized: false,
      })
      socket.on('error', () => undefined)
      socket.on('secureConnect', () => bytes && socket.write(bytes))
      socket.on('close', () => resolve())
      socket.resume()
    })
  }

  it('refuses whoever shows no certificate, or one of another authority', async () => {
    const a = await start(0)
    const strangers = mkdtempSync(path.join(tmpdir(), 'mesh-strangers-'))
    await createNetworkCrypto(definition, inFolder.organizations(strangers))
    const place = nodesOf(definition)[1]
    if (!place) throw new Error('no such node')
    await intrude(undefined)
    await intrude(readTls(strangers, definition, place, 'orderer'))
    rmSync(strangers, { recursive: true })
    expect(a.linked()).to.deep.equal([])
    expect(a.counters().refused_tls).to.equal(2)
  })

  it('refuses a certificate that is real but not the one of the node', async () => {
    const a = await start(0)
    const place = nodesOf(definition)[1]
    if (!place) throw new Error('no such node')
    // The peer's own TLS certificate of an ordering node, and a user's: neither may speak for the node.
    await intrude(readTls(dir, definition, place, 'peer'))
    const users = path.join(identityFolder(dir, definition, place, 'peer'), '../../users')
    const user = path.join(users, 'User1@b.example.com', 'tls')
    await intrude({
      certificatePem: readFileSync(path.join(user, 'client.crt'), 'utf8'),
      privateKeyPem: readFileSync(path.join(user, 'client.key'), 'utf8'),
    })
    expect(a.linked()).to.deep.equal([])
    expect(a.counters().refused_certificate).to.equal(2)
  })

  const hello = Buffer.concat([frameHead(FRAME.hello, 1), Buffer.from([1])])
  const attacks: [string, string, Buffer][] = [
    [
      'a frame of a gigabyte',
      'frame_too_large',
      Buffer.concat([hello, Buffer.from([0x40, 0, 0, 0])]),
    ],
    [
      'a frame of no known type',
      'frame_unknown',
      Buffer.concat([hello, Buffer.from([0, 0, 0, 1, 99])]),
    ],
    ['a frame of nothing', 'frame_empty', Buffer.concat([hello, Buffer.from([0, 0, 0, 0])])],
    [
      'a request without an id',
      'frame_malformed',
      Buffer.concat([hello, frameHead(FRAME.request, 1), Buffer.from([7])]),
    ],
    [
      'another version',
      'frame_malformed',
      Buffer.concat([frameHead(FRAME.hello, 1), Buffer.from([9])]),
    ],
    ['bytes of another protocol', 'frame_too_large', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ]
  for (const [what, outcome, bytes] of attacks)
    it(`closes the link of a member that sends ${what}, and lives on`, async () => {
      const a = await start(0)
      const place = nodesOf(definition)[1]
      if (!place) throw new Error('no such node')
      await intrude(readTls(dir, definition, place, 'orderer'), bytes)
      expect(a.counters()[outcome]).to.equal(1)
      await start(1)
      await linked(a, 1)
    })
})
