import { expect } from 'chai'
import type { Client } from '../../client/index.ts'
import { codeOf, testGateway, type TestGateway } from '../../testing/gateway.ts'
import { openEngine, type Engine } from '../engine.ts'
import { freshLake, hasExtensions } from '../testing/place.ts'
import { addDocuments, type NewDocument } from './add.ts'
import { createDesk } from './desk.ts'
import { sampleOf } from './samples.ts'
import { silent } from '../../testing/postgres.ts'

const MEMBERS = ['m-east', 'm-west'] as const
const documentOf = (sequence: number): NewDocument => ({
  id: `D${sequence}`,
  cid: `bafy${sequence}`,
  kind: sequence % 2 === 0 ? 'PDF' : 'TEXT',
  ...sampleOf(7, sequence),
  member: MEMBERS[sequence % 3 === 0 ? 0 : 1] ?? '',
})
const held = Array.from({ length: 60 }, (_, at) => documentOf(at))
const holding = (word: string, more: (document: NewDocument) => boolean = () => true) =>
  held.filter(each => each.text.includes(word) && more(each)).map(({ id }) => id)

describe('GET /v1/lake/documents', function () {
  this.timeout(120_000)
  let gateway: TestGateway
  let engine: Engine
  let operator: Client
  let remove: () => void

  before(async function () {
    if (!hasExtensions()) this.skip()
    const place = await freshLake()
    remove = place.remove
    const { dataPath, extensionFolder } = place
    gateway = await testGateway({ lake: { dataPath, extensionFolder } })
    engine = await openEngine({ ...place, catalogUrl: gateway.store.url })
    await addDocuments(engine, held)
    operator = await gateway.user({ login: 'op', roles: ['operator'] })
  })
  after(async () => {
    engine?.close()
    await gateway?.close()
    remove?.()
  })

  const ask = (client: Client, query: Record<string, string | number>) =>
    client.call('lake.documents', { query: query as { q: string } })

  it('answers with what is written, where the document is, and how many there are', async () => {
    const { total, hits } = await ask(operator, { q: '货物', limit: 5 })
    expect(total).to.equal(holding('货物').length)
    expect(hits).to.have.length(5)
    for (const { documentId, cid, link, fileName, snippet, createdAt } of hits) {
      const document = held.find(({ id }) => id === documentId)
      expect({ cid, fileName, link, createdAt }).to.deep.equal({
        cid: document?.cid,
        fileName: document?.name,
        link: `/v1/documents/${documentId}`,
        createdAt: new Date(document?.atMs ?? 0).toISOString(),
      })
      const [mark] = snippet.marks
      expect(snippet.text.slice(...(mark ?? []))).to.equal('货物')
    }
    const next = await ask(operator, { q: '货物', limit: 5, offset: 5 })
    expect(next.hits.map(each => each.documentId)).to.not.include.members(
      hits.map(each => each.documentId),
    )
  })

  it('filters by kind, member and time', async () => {
    const from = '2025-06-01T00:00:00Z'
    const { hits } = await ask(operator, {
      q: '货物',
      kind: 'PDF',
      memberId: 'm-west',
      from,
      limit: 100,
    })
    const expected = holding(
      '货物',
      each => each.kind === 'PDF' && each.member === 'm-west' && each.atMs >= Date.parse(from),
    )
    expect(expected).to.not.be.empty
    expect(hits.map(each => each.documentId)).to.have.members(expected)
  })

  it('shows a member its own and nothing of others, whatever it asks for', async () => {
    const introduced = MEMBERS.map(memberId => ({
      memberId,
      mspId: 'AllianceMSP',
      kind: 'SUPPLIER' as const,
      name: memberId,
      uscc: '91440304MA3476801A',
    }))
    await gateway.services.directory.take(introduced, true)
    const east = await gateway.user({ login: 'east', roles: ['maker'], memberId: 'm-east' })
    const own = await ask(east, { q: '货物', limit: 100 })
    expect(own.hits.map(each => each.documentId)).to.have.members(
      holding('货物', ({ member }) => member === 'm-east'),
    )
    expect(own.total).to.equal(own.hits.length)
    expect(await ask(east, { q: '货物', memberId: 'm-west' })).to.deep.equal({ total: 0, hits: [] })
  })

  it('finds what came a moment ago, beside a writer that puts its files in order', async () => {
    const upkeep = engine.alone(`CALL ducklake_flush_inlined_data('lake')`)
    const during = await Promise.all(
      Array.from({ length: 5 }, () => ask(operator, { q: '货物', limit: 1 })),
    )
    await upkeep
    expect(during.map(({ total }) => total)).to.deep.equal(Array(5).fill(holding('货物').length))
    await addDocuments(engine, [{ ...documentOf(99), text: '刚刚送达的函件' }])
    await new Promise(resolve => setTimeout(resolve, 1_100))
    expect((await ask(operator, { q: '送达的函件' })).total).to.equal(1)
  })

  it('refuses what is no question, and says where there is no lake', async () => {
    expect(await codeOf(ask(operator, { q: 'x'.repeat(257) }))).to.equal('REQUEST_INVALID')
    expect(await codeOf(ask(operator, { q: 'a b c d e f g h i j k l m n o p q r' }))).to.equal(
      'QUERY_TOO_LONG',
    )
    expect(await codeOf(ask(gateway.anonymous(), { q: '货物' }))).to.equal('TOKEN_MISSING')
    const without = await testGateway()
    const user = await without.user({ login: 'op', roles: ['operator'] })
    expect(await codeOf(ask(user, { q: '货物' }))).to.equal('LAKE_ABSENT')
    await without.close()
  })

  it('opens its reader again after it was closed for want of questions', async () => {
    const { config, store } = gateway.services.config.lake
      ? { config: gateway.services.config.lake, store: gateway.store }
      : expect.fail('no lake')
    const desk = createDesk({ catalogUrl: store.url, settings: config, log: silent, idleMs: 1 })
    for (let asked = 0; asked < 2; asked++) {
      expect((await desk.search('货物', { limit: 1 })).total).to.equal(holding('货物').length)
      await new Promise(resolve => setTimeout(resolve, 50))
    }
    await desk.close()
  })
})
