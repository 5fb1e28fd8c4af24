import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import {
  createKeyring,
  createVault,
  generateVaultKey,
  startEmbeddedIpfs,
  type EmbeddedIpfs,
  type Vault,
} from '@triflow/ipfs'
import { freshDatabase, type TestDatabase } from '../../testing/postgres.ts'
import { openEngine, type Engine } from '../engine.ts'
import { createJournal, readStreams } from '../journal.ts'
import { freshLake, hasExtensions } from '../testing/place.ts'
import { openExtractor, type Extractor } from './extract.ts'
import { linesOf, pagesOf, pdfOf, streamOf, utf16Hex } from './extract/pdf-samples.ts'
import type { OwedFacts } from './owed.ts'
import { createDocuments, forgetDocument } from './stream.ts'
import { createSearcher } from './search.ts'
import { PIECES, POSTINGS, RECENT } from './store.ts'

const NEVER = new AbortController().signal
const VAULT_MS = 2_000

describe('documents flow into the lake', function () {
  this.timeout(120_000)
  const folder = mkdtempSync(path.join(os.tmpdir(), 'triflow-document-stream-'))
  const key = generateVaultKey()
  let store: TestDatabase
  let place: Awaited<ReturnType<typeof freshLake>>
  let engine: Engine
  let ipfs: EmbeddedIpfs
  let vault: Vault
  let extractor: Extractor
  let journal: ReturnType<typeof createJournal>

  const openVault = (apiUrl: string): Vault =>
    createVault({
      apiUrl,
      keyring: createKeyring({
        organization: 'AllianceMSP',
        key,
        publicKeys: { AllianceMSP: key.publicKey },
      }),
    })

  before(async function () {
    if (!hasExtensions()) this.skip()
    store = await freshDatabase()
    place = await freshLake()
    engine = await openEngine(place)
    ipfs = await startEmbeddedIpfs({ directory: path.join(folder, 'ipfs'), port: 0 })
    vault = openVault(ipfs.apiUrl)
    extractor = openExtractor({ timeMs: 4_000, memoryMb: 192 })
    journal = createJournal(store.database, error => {
      throw error
    })
  })
  after(async () => {
    await extractor?.close()
    await ipfs?.close()
    engine?.close()
    place?.remove()
    await store?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const parts = () => ({
    engine,
    database: store.database,
    vault,
    extractor,
    journal,
    vaultMs: VAULT_MS,
  })
  const take = () => createDocuments(parts()).take(NEVER)

  /** As an import puts it there. */
  async function hold(
    id: string,
    content: string | Buffer,
    { name = `${id}.txt`, member = 'm1', on = store.database as Insert } = {},
  ): Promise<string> {
    const reference = await vault.put(Buffer.from(content))
    await on.execute(
      `INSERT INTO documents (document_id, file_name, media_type, bytes, sha256, cid, keys, readers, member_id)
       VALUES ($1, $2, 'application/octet-stream', $3, $4, $5, $6, $7, $8)`,
      [
        id,
        name,
        reference.bytes,
        reference.sha256,
        reference.cid,
        JSON.stringify(reference.keys),
        reference.keys.map(each => each.reader),
        member,
      ],
    )
    return reference.cid
  }

  const inLake = (ids = '%') =>
    engine.query<{ id: string; kind: string; code: string | null; text: string; cid: string }>(
      `SELECT id, kind, code, text, cid, member, name, warnings FROM lake.bronze.documents
       WHERE id LIKE $1 ORDER BY number`,
      [ids],
    )
  const due = (id: string) =>
    store.database.execute('UPDATE documents SET lake_due_at = now() WHERE document_id = $1', [id])
  async function saidOf() {
    await journal.settled()
    const [said] = await readStreams(store.database)
    return said?.facts as {
      documents: number
      waiting: number
      unread: number
      unreadDocuments: OwedFacts['unreadDocuments']
    }
  }

  it('each with its text, its kind and its CID, and what has no text with the reason', async () => {
    const line = linesOf(['应收账款转让通知书'], utf16Hex)
    const cid = await hold('a1', pdfOf(pagesOf([line])), { name: '通知书.pdf' })
    await hold('a2', '<发票><购方>华星电子</购方></发票>', { name: '发票.xml' })
    await hold('a3', '号码,名称,金额\n1,华星,2\n2,宏达,3\n', { name: '清单.csv', member: 'm2' })
    await hold('a4', '{"action":"登录","name":"张晓明"}\n{"action":"退出"}\n', {
      name: 'portal.log',
    })
    await hold('a5', '往来余额一致')
    await hold('a6', pdfOf(pagesOf([streamOf('0 0 9 9 re f')])), { name: '扫描件.pdf' })
    await hold('a7', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16]), { name: '照片.jpg' })
    expect(await take()).to.equal('CAUGHT_UP')
    const rows = await inLake()
    expect(rows.map(({ id, kind, code }) => [id, kind, code])).to.deep.equal([
      ['a1', 'PDF', null],
      ['a2', 'XML', null],
      ['a3', 'CSV', null],
      ['a4', 'JSON_LOG', null],
      ['a5', 'TEXT', null],
      ['a6', 'PDF', 'WITHOUT_TEXT'],
      ['a7', 'UNKNOWN', 'FORMAT_UNKNOWN'],
    ])
    expect(rows[0]).to.deep.include({
      cid,
      member: 'm1',
      name: '通知书.pdf',
      text: '应收账款转让通知书',
    })
    const searcher = createSearcher(engine)
    const { hits } = await searcher.search('华星', { limit: 9, members: ['m2'] })
    expect(hits.map(({ id }) => id)).to.deep.equal(['a3'])
    await searcher.close()
    expect(await saidOf()).to.deep.include({ documents: 7, waiting: 0, unread: 0 })
  })

  it('also where a transaction that began earlier commits later', async () => {
    await store.database.transaction(async early => {
      await early.query('SELECT now()')
      await hold('b2', '后来者')
      await take()
      await hold('b1', '先到者', { on: early })
    })
    await take()
    expect((await inLake('b%')).map(({ id }) => id)).to.deep.equal(['b2', 'b1'])
  })

  it('hostile ones refuse by code, and the next are read', async () => {
    const laughs = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><l>&b;</l>'
    await hold('c1', laughs, { name: 'laughs.xml' })
    await hold('c2', pdfOf(pagesOf([streamOf(Buffer.alloc(200_000_000, 0x20), 2)])))
    await hold('c3', '<a>'.repeat(100_000))
    await hold('c4', '%PDF-1.7\n')
    await hold('c5', '此后仍可读')
    await take()
    const rows = await inLake('c%')
    expect(rows.map(({ code }) => code)).to.have.ordered.members([
      'XML_DTD_REFUSED',
      rows[1]?.code,
      'XML_TOO_DEEP',
      'PDF_MALFORMED',
      null,
    ])
    expect(rows[1]?.code).to.be.oneOf(['TIME_LIMIT', 'MEMORY_LIMIT', 'WITHOUT_TEXT'])
    expect(rows[4]?.text).to.equal('此后仍可读')
  })

  it('one that the vault does not give now is named, tried again, and holds up no other', async () => {
    const before = new Set(blocksIn(folder))
    await hold('d1', '暂时读不到')
    const blocks = blocksIn(folder).filter(file => !before.has(file))
    expect(blocks).to.not.be.empty
    for (const file of blocks) renameSync(file, `${file}.away`)
    await hold('d2', '仍然流入')
    await take()
    expect((await inLake('d%')).map(({ id }) => id)).to.deep.equal(['d2'])
    const { unreadDocuments } = await saidOf()
    expect(unreadDocuments.map(({ documentId, attempts }) => [documentId, attempts])).to.deep.equal(
      [['d1', 1]],
    )
    for (const file of blocks) renameSync(`${file}.away`, file)
    await due('d1')
    await take()
    expect((await inLake('d1')).map(({ text }) => text)).to.deep.equal(['暂时读不到'])
  })

  it('while the vault is away they wait by name, and come when it is there again', async () => {
    await hold('e1', '断线之前')
    const away = createDocuments({ ...parts(), vault: openVault('http://127.0.0.1:9') })
    await away.take(NEVER)
    expect(await inLake('e1')).to.deep.equal([])
    expect(await saidOf()).to.deep.include({
      waiting: 1,
      unread: 1,
      unreadDocuments: [{ documentId: 'e1', code: 'VAULT_UNREACHABLE', attempts: 1 }],
    })
    await due('e1')
    await take()
    expect((await inLake('e1')).map(({ text }) => text)).to.deep.equal(['断线之前'])
    expect(await saidOf()).to.deep.include({ waiting: 0, unread: 0 })
  })

  it('what was brought by a process that could not say so is not brought twice', async () => {
    await due('a1')
    await due('a5')
    await take()
    expect(await inLake('a%')).to.have.length(7)
  })

  it('of two processes that bring the same at once, each document is there once', async () => {
    for (let at = 0; at < 5; at++) await hold(`f${at}`, `同时到达${at}`)
    const other = await openEngine(place)
    const rival = createDocuments({ ...parts(), engine: other })
    await Promise.allSettled([take(), rival.take(NEVER)])
    await take()
    other.close()
    expect((await inLake('f%')).map(({ id }) => id).sort()).to.deep.equal(
      Array.from({ length: 5 }, (_, at) => `f${at}`),
    )
  })

  it('one that is forgotten is in no table and does not come again, into this lake or the next', async () => {
    await hold('g1', '独一无二的遗忘词')
    await take()
    expect(await forgetDocument(parts(), 'g1')).to.equal(true)
    await take()
    expect(await inLake('g1')).to.deep.equal([])
    for (const [table, column] of [
      [RECENT, 'places'],
      [POSTINGS, 'word'],
    ])
      expect(await engine.query(`FROM ${table} WHERE contains(${column}, '忘词')`)).to.deep.equal(
        [],
      )
    const [pieces] = await engine.query<{ count: string }>(
      `SELECT count(DISTINCT key // 1024) AS count FROM ${PIECES}`,
    )
    const [documents] = await engine.query(`SELECT count(*) AS count FROM lake.bronze.documents`)
    expect(pieces).to.deep.equal(documents)
    const next = await freshLake()
    const anew = await openEngine({ ...next, catalogUrl: next.catalogUrl })
    await createDocuments({ ...parts(), engine: anew }).take(NEVER)
    const ids = await anew.query<{ id: string }>('SELECT id FROM lake.bronze.documents')
    anew.close()
    next.remove()
    const held = await store.database.query<{ id: string }>(
      'SELECT document_id AS id FROM documents WHERE NOT lake_withheld',
    )
    expect(ids.map(({ id }) => id)).to.have.members(held.map(({ id }) => id))
    // The stream is this lake's again.
    await take()
  })

  it('a process that is killed again and again doubles and loses none', async () => {
    for (let at = 0; at < 12; at++) await hold(`k${at}`, `被杀死的进程${at}`)
    const { remove: _remove, ...options } = place
    const order = JSON.stringify({ options, url: store.url, ipfs: ipfs.apiUrl, key })
    for (let kill = 0; kill < 2; kill++) {
      const child = spawn(
        process.execPath,
        [...process.execArgv, path.join(import.meta.dirname, 'testing/bringer.ts'), order],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      )
      await new Promise<void>(resolve => {
        child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), kill * 400))
        child.once('exit', () => resolve())
      })
    }
    await store.database.execute(
      `UPDATE documents SET lake_due_at = now() WHERE lake_due_at IS NOT NULL`,
    )
    await take()
    expect((await inLake('k%')).map(({ id }) => id).sort()).to.deep.equal(
      Array.from({ length: 12 }, (_, at) => `k${at}`).sort(),
    )
  })
})

const blocksIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => path.join(entry.parentPath, entry.name))

interface Insert {
  execute(sql: string, values?: readonly unknown[]): Promise<number>
}
