import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { type Binding, openBindings, parseBinding } from './bindings.ts'

describe('bindings of packages to addresses', () => {
  let directory: string
  const binding: Binding = { packageId: 'cc:1', address: '127.0.0.1:9999' }

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'bindings-'))
  })
  afterEach(() => rm(directory, { recursive: true, force: true }))

  it('outlive the process; the last one of a package counts', async () => {
    const bindings = await openBindings(directory)
    await bindings.put(binding)
    const moved = { ...binding, address: 'host:1' }
    await Promise.all([bindings.put(moved), bindings.put({ ...binding, packageId: 'cc:2' })])
    const again = await openBindings(directory)
    expect(again.get('cc:1')).to.deep.equal(moved)
    expect(again.all()).to.have.length(2)
    expect(await readdir(directory)).to.deep.equal(['bindings.json'])
  })

  it('refuse to start from a file that was tampered with', async () => {
    await writeFile(path.join(directory, 'bindings.json'), '{"bindings": [{}]}')
    const failure = await openBindings(directory).catch((error: unknown) => error)
    expect(failure).to.be.instanceOf(Error)
  })

  it('are checked, naming the first field that is wrong', () => {
    expect(parseBinding(binding)).to.deep.equal(binding)
    for (const wrong of [
      {},
      { packageId: '', address: 'a:1' },
      { ...binding, address: 'nowhere' },
    ]) {
      expect(() => parseBinding(wrong)).to.throw('invalid binding')
    }
    expect(() => parseBinding({ ...binding, address: 'http://a:1' })).to.throw('host:port')
  })
})
