import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { isFault } from '../../platform/faults.ts'
import { createClient } from './client.ts'

type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => void

describe('the client of a source', () => {
  let server: http.Server
  let answer: Answer
  let baseUrl: string
  before(async () => {
    server = http.createServer((request, response) => answer(request, response))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`
  })
  after(() => {
    server.closeAllConnections()
    server.close()
  })

  const page = (after?: string, stop?: AbortSignal) =>
    createClient({
      baseUrl,
      token: 'secret-token',
      limit: 3,
      timeoutMs: 300,
      bytesMax: 10_000,
    }).page('customs', after, stop)
  const json = (body: unknown) => (_: http.IncomingMessage, response: http.ServerResponse) =>
    void response.end(typeof body === 'string' ? body : JSON.stringify(body))

  async function codeOf(given: Answer, after?: string): Promise<string> {
    answer = given
    try {
      await page(after)
      return 'NONE'
    } catch (error) {
      expect(String(error)).to.not.include('secret-token')
      return isFault(error) ? error.code : String(error)
    }
  }

  it('asks for what lies behind the cursor, with its token, under the base it was given', async () => {
    const asked: string[] = []
    answer = (request, response) => {
      asked.push(`${request.headers.authorization} ${request.url}`)
      response.end(JSON.stringify({ records: [1], next: 'c2', more: true }))
    }
    expect(await page()).to.deep.equal({ records: [1], next: 'c2', more: true })
    await page('c1&x')
    expect(asked).to.deep.equal([
      'Bearer secret-token /api/sources/customs/records?limit=3',
      'Bearer secret-token /api/sources/customs/records?limit=3&after=c1%26x',
    ])
  })

  it('has a code for every answer that is no page', async () => {
    const status = (code: number) => (_: http.IncomingMessage, response: http.ServerResponse) =>
      void response.writeHead(code, { location: '/elsewhere' }).end('x')
    expect(await codeOf(status(500))).to.equal('SOURCE_STATUS')
    expect(await codeOf(status(302))).to.equal('SOURCE_STATUS')
    expect(await codeOf(status(401))).to.equal('SOURCE_REFUSED')
    expect(await codeOf(json('{"records":[{"id"'))).to.equal('SOURCE_NOT_JSON')
    expect(await codeOf(json([]))).to.equal('SOURCE_PAGE_INVALID')
    expect(await codeOf(json({ records: [], next: 7, more: false }))).to.equal(
      'SOURCE_PAGE_INVALID',
    )
    expect(await codeOf(json({ records: [], next: 'x'.repeat(513), more: false }))).to.equal(
      'SOURCE_PAGE_INVALID',
    )
    expect(await codeOf(json({ records: [1, 2, 3, 4], next: 'a', more: false }))).to.equal(
      'SOURCE_PAGE_INVALID',
    )
  })

  it('does not follow a cursor that stands still with records in hand', async () => {
    const stuck = json({ records: [1], next: 'a', more: false })
    expect(await codeOf(stuck, 'a')).to.equal('SOURCE_CURSOR_STUCK')
    expect(await codeOf(json({ records: [], next: 'a', more: true }), 'a')).to.equal(
      'SOURCE_CURSOR_STUCK',
    )
    expect(await codeOf(json({ records: [], next: 'a', more: false }), 'a')).to.equal('NONE')
  })

  it('stops reading at its limit, counted after decompression', async () => {
    const long = JSON.stringify({ records: ['x'.repeat(20_000)], next: 'a', more: false })
    expect(await codeOf(json(long))).to.equal('SOURCE_TOO_LARGE')
    const small = gzipSync(long)
    expect(small.length).to.be.below(10_000)
    const zipped: Answer = (_, response) =>
      void response.writeHead(200, { 'content-encoding': 'gzip' }).end(small)
    expect(await codeOf(zipped)).to.equal('SOURCE_TOO_LARGE')
  })

  it('gives up on an answer that does not come, and on one that comes drop by drop', async () => {
    expect(await codeOf(() => undefined)).to.equal('SOURCE_TIMEOUT')
    const drops: Answer = (_, response) => {
      const timer = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(timer))
    }
    expect(await codeOf(drops)).to.equal('SOURCE_TIMEOUT')
  })

  it('says when the line breaks', async () => {
    const broken: Answer = (_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{')
      setTimeout(() => response.destroy(), 20)
    }
    expect(await codeOf(broken)).to.equal('SOURCE_UNREACHABLE')
  })

  it('passes on how long the source wants to be left alone', async () => {
    answer = (_, response) => void response.writeHead(429, { 'retry-after': '7' }).end()
    const error = await page().catch((fault: unknown) => fault)
    expect(isFault(error, 'SOURCE_STATUS') && error.facts).to.deep.equal({ retryAfterMs: 7_000 })
  })

  it('ends a request under way when it is stopped', async () => {
    answer = () => undefined
    const stop = new AbortController()
    const asked = page(undefined, stop.signal).catch((fault: unknown) => fault)
    setTimeout(() => stop.abort(), 20)
    expect(isFault(await asked, 'SOURCE_UNREACHABLE')).to.equal(true)
  })
})
