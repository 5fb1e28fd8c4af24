import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { create, type IPFSHTTPClient } from 'ipfs-http-client'
import { startEmbeddedIpfs, type EmbeddedIpfs } from './server.ts'

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of source) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** A buffer whose bytes follow from their position, so that its address can be stated. */
function pattern(bytes: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: bytes }, (_, index) => (index * 7) % 251))
}

describe('Embedded IPFS node', () => {
  let folder: string
  let ipfs: EmbeddedIpfs
  let client: IPFSHTTPClient

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'triflow-ipfs-'))
    ipfs = await startEmbeddedIpfs({ directory: folder })
    client = create({ url: ipfs.apiUrl })
  })

  afterEach(async () => {
    await ipfs.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('gives the addresses that `ipfs add` gives', async () => {
    const hello = Buffer.from('hello world\n')
    // Well-known addresses of this text.
    expect((await client.add(hello)).cid.toString()).to.equal(
      'QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o',
    )
    const v1 = await client.add(hello, { cidVersion: 1, rawLeaves: true })
    expect(v1.cid.toString()).to.equal(
      'bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4',
    )
  })

  it('returns files of one block, of many blocks, and the empty file', async () => {
    for (const bytes of [0, 10, 262_144, 262_145, 1_500_000]) {
      const content = pattern(bytes)
      const { cid, size } = await client.add(content, { cidVersion: 1, rawLeaves: true })
      expect(size).to.be.at.least(bytes)
      expect((await collect(client.cat(cid))).equals(content), `${bytes} bytes`).to.equal(true)
    }
  })

  it('keeps content and pins over a restart', async () => {
    const { cid } = await client.add(randomBytes(1000))
    await ipfs.close()
    ipfs = await startEmbeddedIpfs({ directory: folder })
    client = create({ url: ipfs.apiUrl })
    expect(await collect(client.cat(cid))).to.have.length(1000)
    const pins: string[] = []
    for await (const pin of client.pin.ls()) pins.push(pin.cid.toString())
    expect(pins).to.deep.equal([cid.toV1().toString()])
  })

  it('stores and returns raw blocks and linked data', async () => {
    const block = await client.block.put(Buffer.from('raw block'))
    expect(Buffer.from(await client.block.get(block)).toString()).to.equal('raw block')
    expect((await client.block.stat(block)).size).to.equal(9)
    const node = await client.dag.put({ invoice: 'INV-1', of: 3 })
    expect((await client.dag.get(node)).value).to.deep.equal({ invoice: 'INV-1', of: 3 })
  })

  it('tells its name and version as a client expects them', async () => {
    expect((await client.id()).id.toString()).to.match(/^12D3Koo/)
    expect((await client.version()).version).to.match(/^\d+\.\d+\.\d+/)
  })

  it('answers hostile calls with an error and goes on', async () => {
    const call = (where: string, init: RequestInit = {}): Promise<Response> =>
      fetch(`${ipfs.apiUrl}${where}`, { method: 'POST', ...init })
    expect((await call('/api/v0/id', { method: 'GET' })).status).to.equal(405)
    expect((await call('/api/v0/nothing')).status).to.equal(404)
    expect(
      (await call('/api/v0/id', { headers: { origin: 'http://evil.example' } })).status,
    ).to.equal(403)
    expect((await call('/api/v0/add', { body: 'no multipart' })).status).to.equal(400)
    const bad = await call('/api/v0/cat?arg=..%2F..%2Fetc%2Fpasswd')
    expect(bad.status).to.equal(500)
    expect(await bad.json()).to.include({ Type: 'error' })
    const missing = await call('/api/v0/cat?arg=QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o')
    expect(missing.status).to.equal(500)
    const huge = new FormData()
    huge.append('data', new Blob([randomBytes(3_000_000)]))
    expect((await call('/api/v0/block/put', { body: huge })).status).to.equal(400)
    expect((await call('/api/v0/version')).status).to.equal(200)
  })
})
