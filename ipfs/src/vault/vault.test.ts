import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import {
  connectIpfs,
  createKeyring,
  createVault,
  generateVaultKey,
  startEmbeddedIpfs,
  VaultFault,
  type EmbeddedIpfs,
  type Vault,
  type VaultReference,
} from '../index.ts'
import { decryptSegments, encryptSegments, SEGMENT_BYTES } from './segments.ts'

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of source) pieces.push(piece)
  return Buffer.concat(pieces)
}

async function faultOf(action: () => Promise<unknown>): Promise<string> {
  try {
    await action()
  } catch (error) {
    if (error instanceof VaultFault) return error.code
    throw error
  }
  return 'none'
}

describe('Segmented encryption', () => {
  const key = randomBytes(32)
  const sizes = [
    0,
    1,
    SEGMENT_BYTES - 1,
    SEGMENT_BYTES,
    SEGMENT_BYTES + 1,
    3 * SEGMENT_BYTES,
    200_001,
  ]

  for (const size of sizes) {
    it(`returns ${size} bytes as they were`, async () => {
      const plaintext = randomBytes(size)
      expect(await collect(decryptSegments(key, encryptSegments(key, [plaintext])))).to.deep.equal(
        plaintext,
      )
    })
  }

  it('gives the same result however the stream is cut', async () => {
    const plaintext = randomBytes(2 * SEGMENT_BYTES + 77)
    const sealed = await collect(encryptSegments(key, [plaintext]))
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: sealed.length - 1 }), { maxLength: 6 }),
        async cuts => {
          const edges = [0, ...cuts.sort((a, b) => a - b), sealed.length]
          const pieces = edges.slice(1).map((edge, index) => sealed.subarray(edges[index], edge))
          expect((await collect(decryptSegments(key, pieces))).equals(plaintext)).to.equal(true)
        },
      ),
      { numRuns: 20 },
    )
  })

  it('refuses every flipped byte', async () => {
    const sealed = await collect(encryptSegments(key, [Buffer.from('the amount is 100.00')]))
    for (let index = 0; index < sealed.length; index++) {
      const changed = Buffer.from(sealed)
      changed[index]! ^= 1
      const fault = await faultOf(() => collect(decryptSegments(key, [changed])))
      expect(fault, `byte ${index}`).to.be.oneOf(['VAULT_TAMPERED', 'VAULT_FORMAT_UNKNOWN'])
    }
  })

  it('refuses a document cut at a segment boundary, with segments swapped, or extended', async () => {
    const whole = SEGMENT_BYTES + 16
    const sealed = await collect(encryptSegments(key, [randomBytes(3 * SEGMENT_BYTES)]))
    const header = sealed.subarray(0, 15)
    const [first, second, third] = [0, 1, 2].map(n =>
      sealed.subarray(15 + n * whole, 15 + (n + 1) * whole),
    )
    const forgeries = [
      [header, first!, second!],
      [header, second!, first!, third!],
      [header, first!, second!, third!, third!],
      [header],
    ]
    for (const forgery of forgeries) {
      expect(await faultOf(() => collect(decryptSegments(key, forgery)))).to.equal('VAULT_TAMPERED')
    }
  })
})

describe('Document vault', () => {
  let folder: string
  let ipfs: EmbeddedIpfs | undefined
  let core: Vault
  let alliance: Vault
  let bank: Vault

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'triflow-vault-'))
    ipfs = process.env['IPFS_API'] ? undefined : await startEmbeddedIpfs({ directory: folder })
    const apiUrl = ipfs?.apiUrl ?? String(process.env['IPFS_API'])
    const keys = {
      core: generateVaultKey(),
      alliance: generateVaultKey(),
      bank: generateVaultKey(),
    }
    const publicKeys = Object.fromEntries(
      Object.entries(keys).map(([name, key]) => [name, key.publicKey]),
    )
    const vaultOf = (name: keyof typeof keys): Vault =>
      createVault({
        apiUrl,
        keyring: createKeyring({ organization: name, key: keys[name], publicKeys }),
      })
    core = vaultOf('core')
    alliance = vaultOf('alliance')
    bank = vaultOf('bank')
  })

  after(async () => {
    await ipfs?.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('gives a document back to its owner and to the readers it names, and to nobody else', async () => {
    const document = randomBytes(300_000)
    const reference = await core.put(document, { readers: ['alliance'] })
    expect(reference.sha256).to.equal(createHash('sha256').update(document).digest('hex'))
    expect((await collect(core.get(reference))).equals(document)).to.equal(true)
    expect((await collect(alliance.get(reference))).equals(document)).to.equal(true)
    expect(await faultOf(() => collect(bank.get(reference)))).to.equal('VAULT_NOT_A_READER')
  })

  it('shares a stored document with a later reader without storing it again', async () => {
    const reference = await core.put(Buffer.from('invoice 7'))
    const shared = core.share(reference, ['bank'])
    expect(shared.cid).to.equal(reference.cid)
    expect((await collect(bank.get(shared))).toString()).to.equal('invoice 7')
  })

  it('refuses a key wrapped for another document', async () => {
    const one = await core.put(Buffer.from('one'), { readers: ['bank'] })
    const two = await core.put(Buffer.from('two'))
    const forged: VaultReference = { ...two, keys: one.keys }
    expect(await faultOf(() => collect(bank.get(forged)))).to.equal('VAULT_TAMPERED')
  })

  it('refuses content that is not what the reference promises', async () => {
    const reference = await core.put(Buffer.from('original'))
    const lie = { ...reference, sha256: createHash('sha256').update('other').digest('hex') }
    expect(await faultOf(() => collect(core.get(lie)))).to.equal('VAULT_TAMPERED')
  })

  it('stores nothing that shows the plaintext', async () => {
    const reference = await core.put(Buffer.from('shows nothing '.repeat(1000)))
    const stored = await collect(core.node.cat(reference.cid))
    expect(stored.includes('shows nothing')).to.equal(false)
  })

  it('refuses an unknown reader before it stores anything', async () => {
    expect(await faultOf(() => core.put(Buffer.from('x'), { readers: ['nobody'] }))).to.equal(
      'VAULT_READER_UNKNOWN',
    )
  })

  it('pins what it stores', async () => {
    const reference = await core.put(Buffer.from('pinned'))
    expect(await core.node.isPinned(reference.cid)).to.equal(true)
    await core.node.unpin(reference.cid)
    expect(await core.node.isPinned(reference.cid)).to.equal(false)
  })

  it('says that the node is unreachable, not that the document is lost', async () => {
    const lonely = connectIpfs('http://127.0.0.1:9')
    expect(await faultOf(() => lonely.version())).to.equal('VAULT_UNREACHABLE')
  })
})
