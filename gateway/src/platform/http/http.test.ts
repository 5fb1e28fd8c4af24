import { createHash, randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { Client } from '../../client/index.ts'
import { codeOf, PASSWORD, testGateway, type TestGateway } from '../../testing/gateway.ts'

describe('the HTTP face', function () {
  this.timeout(60_000)
  let gateway: TestGateway
  let operator: Client
  before(async () => {
    gateway = await testGateway({ withVault: true })
    operator = await gateway.user({ login: 'operator', roles: ['operator'] })
  })
  after(() => gateway.close())

  const post = (body: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${gateway.url}/v1/users`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${operator.session?.accessToken ?? ''}`,
        'content-type': 'application/json',
        'idempotency-key': randomUUID(),
        ...headers,
      },
      body,
    })
  const problem = async (answer: Response): Promise<{ status: number; code: string }> => {
    expect(answer.headers.get('content-type')).to.contain('application/problem+json')
    return (await answer.json()) as { status: number; code: string }
  }
  const person = (login: string) => ({
    login,
    name: login,
    password: PASSWORD,
    roles: ['auditor' as const],
  })

  it('refuses with problem+json and a code: no route, no JSON, wrong type, too large, wrong fields', async () => {
    const cases: [Promise<Response>, number, string][] = [
      [fetch(`${gateway.url}/v1/nothing`), 404, 'ROUTE_UNKNOWN'],
      [post('{"login":'), 400, 'BODY_MALFORMED'],
      [post('login=x', { 'content-type': 'text/plain' }), 415, 'MEDIA_TYPE'],
      [post(JSON.stringify({ name: 'x'.repeat(2_000_000) })), 413, 'BODY_TOO_LARGE'],
      [post(JSON.stringify({ ...person('ok'), roles: ['king'] })), 400, 'REQUEST_INVALID'],
      [
        post(JSON.stringify(person('okay')), { 'idempotency-key': 'short' }),
        400,
        'IDEMPOTENCY_KEY_MISSING',
      ],
    ]
    for (const [answer, status, code] of cases) {
      const found = await problem(await answer)
      expect([found.status, found.code]).to.deep.equal([status, code])
    }
  })

  it('a role that may not is refused before the body is read', async () => {
    const auditor = await gateway.user({ login: 'auditor', roles: ['auditor'] })
    expect(await codeOf(auditor.call('users.create', { body: person('nope') }))).to.equal(
      'ROLE_MISSING',
    )
  })

  it('the same key and body is answered from the record, another body is refused', async () => {
    const idempotencyKey = randomUUID()
    const first = await operator.call('users.create', { body: person('once'), idempotencyKey })
    const again = await operator.call('users.create', { body: person('once'), idempotencyKey })
    expect(again).to.deep.equal(first)
    const other = operator.call('users.create', { body: person('twice'), idempotencyKey })
    expect(await codeOf(other)).to.equal('IDEMPOTENCY_KEY_REUSED')
  })

  it('what is kept of a request does not tell a guesser of its body whether the guess is right', async () => {
    const body = person('secretive')
    await operator.call('users.create', { body, idempotencyKey: 'keyed-hash-0001' })
    const [row] = await gateway.store.database.query<{ request_hash: string }>(
      `SELECT request_hash FROM idempotency WHERE key = 'keyed-hash-0001'`,
    )
    const plain = createHash('sha256')
      .update(JSON.stringify([null, null, body]))
      .digest('hex')
    expect(row?.request_hash)
      .to.match(/^[0-9a-f]{64}$/)
      .and.not.equal(plain)
  })

  it('of ten requests at once with one key one works and all get its answer', async () => {
    const idempotencyKey = randomUUID()
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        operator.call('users.create', { body: person('racer'), idempotencyKey }),
      ),
    )
    expect(new Set(answers.map(one => one.userId)).size).to.equal(1)
  })

  it('a refused write may be tried again under its key', async () => {
    const idempotencyKey = randomUUID()
    const body = { ...person('later'), memberId: 'm0000000000000001' }
    expect(await codeOf(operator.call('users.create', { body, idempotencyKey }))).to.equal(
      'OBJECT_UNKNOWN',
    )
    await gateway.services.directory.take(
      [
        {
          memberId: body.memberId,
          mspId: 'AllianceMSP',
          kind: 'SUPPLIER',
          name: 'x',
          uscc: '91440304MA3476801A',
        },
      ],
      true,
    )
    const made = await operator.call('users.create', { body, idempotencyKey })
    expect(made.memberId).to.equal(body.memberId)
  })

  it('the same file twice is one import; another member’s copy is another', async () => {
    const content = Buffer.from('a,b\n1,2\n')
    const upload = (client: Client) =>
      client.call('imports.upload', { query: { fileName: 'x.csv' }, content })
    const first = await upload(operator)
    const second = await upload(operator)
    expect([first.repeated, second.repeated]).to.deep.equal([false, true])
    expect(second.importId).to.equal(first.importId)
    const maker = await gateway.user({
      login: 'maker',
      roles: ['maker'],
      memberId: 'm0000000000000001',
    })
    expect((await upload(maker)).importId).to.not.equal(first.importId)
  })

  it('an uploaded file comes back from the vault byte for byte', async () => {
    const content = Buffer.from('c,d\n3,4\n')
    const report = await operator.call('imports.upload', { query: { fileName: 'y.csv' }, content })
    const answer = await fetch(`${gateway.url}/v1/documents/${report.documentId ?? ''}/content`, {
      headers: { authorization: `Bearer ${operator.session?.accessToken ?? ''}` },
    })
    expect(Buffer.from(await answer.arrayBuffer()).equals(content)).to.equal(true)
  })

  it('a file over the limit is refused without keeping it', async () => {
    const content = Buffer.alloc(2 * 1024 * 1024)
    const upload = operator.call('imports.upload', { query: { fileName: 'z' }, content })
    expect(await codeOf(upload)).to.equal('BODY_TOO_LARGE')
  })

  it('a file that is refused whole says why, with advice in two languages', async () => {
    const content = Buffer.from('<?xml version="1.0"?><!DOCTYPE a []><a/>')
    const { importId } = await operator.call('imports.upload', {
      query: { fileName: 'bomb.xml' },
      content,
    })
    await gateway.importer.work(importId)
    const report = await operator.call('imports.get', { params: { importId } })
    expect([report.status, report.code]).to.deep.equal(['REFUSED', 'XML_DTD_REFUSED'])
    expect(report.advice?.zh).to.not.equal('')
  })
})
