import { expect } from 'chai'
import { freshDatabase, type TestDatabase } from '../../testing/postgres.ts'
import { RULES, rulesWith } from './classes.ts'
import type { Erasing } from './erase.ts'
import { changedLogs, eraseFromLogs, keepTimeOfLogs, purgeLogs, searchLogs } from './logs.ts'
import { parseSubject } from './subject.ts'

const SUBJECT = 'p00112233445566aa'
const OTHER = 'pffeeddccbbaa9988'

describe('what analysts leave beside the lake', () => {
  let store: TestDatabase
  beforeEach(async () => {
    store = await freshDatabase()
  })
  afterEach(() => store.close())

  async function asked(at: string, sql: string, parameters: object = {}): Promise<void> {
    await store.database.execute(
      `INSERT INTO lake_queries (at, user_id, kind, sql, parameters, elapsed_ms, outcome)
       VALUES ($1, 'u', 'RUN', $2, $3, 1, 'ANSWERED')`,
      [at, sql, JSON.stringify(parameters)],
    )
  }
  async function released(id: string, at: string, content: Buffer, sql = 'SELECT 1') {
    await store.database.execute(
      `INSERT INTO lake_releases (release_id, audience, at, user_id, purpose, sql, parameters,
         format, k, rows, suppressed, too_similar, sha256, content)
       VALUES ($1, 'a', $2, 'u', 'for ' || $3, $4, '{}', 'CSV', 5, 1, 0, 0, 'x', $5)`,
      [id, at, SUBJECT, sql, content],
    )
    await store.database.execute(`INSERT INTO lake_release_groups VALUES ('a', $1, 1, '\\x00')`, [
      id,
    ])
  }
  const column = async (sql: string): Promise<unknown[]> =>
    (await store.database.query<{ one: unknown }>(sql)).map(({ one }) => one)
  const keep = (at: string, rules = rulesWith()) =>
    keepTimeOfLogs(store.database, { job: 'day', rules, now: new Date(at) })

  it('goes from the very instant at which its three years are over, a release with its groups', async () => {
    await asked('2024-03-01T10:00:00.000Z', 'first')
    await asked('2024-03-01T10:00:00.001Z', 'second')
    await released('r1', '2024-03-01T10:00:00Z', Buffer.from('1'))
    await released('r2', '2024-03-02T10:00:00Z', Buffer.from('2'))
    await keep('2027-03-01T09:59:59.999Z')
    expect(await column('SELECT sql AS one FROM lake_queries')).to.have.length(2)
    expect(await changedLogs(store.database, 'day')).to.deep.equal([])
    await keep('2027-03-01T10:00:00Z')
    expect(await column('SELECT sql AS one FROM lake_queries')).to.deep.equal(['second'])
    expect(await column('SELECT release_id AS one FROM lake_releases')).to.deep.equal(['r2'])
    expect(await column('SELECT release_id AS one FROM lake_release_groups')).to.deep.equal(['r2'])
    await keep('2027-03-01T23:00:00Z')
    const line = (table: string, rows: string) => ({ table, class: 'PROCESSING_RECORD', rows })
    expect(await changedLogs(store.database, 'day'), 'of both runs of the day').to.deep.equal([
      line('lake_queries', '2'),
      line('lake_releases', '1'),
    ])
  })

  it('is kept for as long as the organisation has chosen, and no shorter than the law wants', async () => {
    expect(RULES.PROCESSING_RECORD.grounds[0]?.zh).to.include('第五十六条')
    expect(() => rulesWith({ PROCESSING_RECORD: 'P2Y' })).to.throw('shorter than the law demands')
    await asked('2024-03-01T10:00:00Z', 'first')
    await keep('2028-01-01T00:00:00Z', rulesWith({ PROCESSING_RECORD: 'P4Y' }))
    expect(await column('SELECT sql AS one FROM lake_queries')).to.have.length(1)
  })

  const erasing = (more: Partial<Erasing> = {}): Erasing => ({
    job: 'erasure',
    named: { subject: parseSubject(`PERSON/${SUBJECT}`), identifiers: [SUBJECT] },
    source: undefined,
    rules: rulesWith(),
    now: new Date(),
    ...more,
  })

  it('names a forgotten subject nowhere, not in its pages either, and says all else as before', async () => {
    const bytes = Buffer.from([0, 255, 92])
    await asked('2026-01-01', `SELECT '${SUBJECT}', '${OTHER}', '中\\'`, { $1: [SUBJECT, 5] })
    await asked('2026-01-01', `SELECT '${OTHER}'`)
    await released(
      'r1',
      '2026-01-01',
      Buffer.concat([Buffer.from(`深${SUBJECT},1\n`), bytes]),
      `SELECT '${SUBJECT}'`,
    )
    for (const route of ['lakeExports.create', 'trade.orders.create'])
      await store.database.execute(
        `INSERT INTO idempotency (user_id, key, route, request_hash, owner, lease_until, answer)
         VALUES ('u', $1, $1, 'x', 'x', now(), $2)`,
        [route, JSON.stringify({ sql: SUBJECT })],
      )
    expect(await searchLogs(store.database, [SUBJECT])).to.deep.equal({
      idempotency: 1,
      lake_queries: 1,
      lake_releases: 1,
    })
    await eraseFromLogs(store.database, erasing())
    await eraseFromLogs(store.database, erasing())
    await purgeLogs(store.database, 'erasure')
    expect(await searchLogs(store.database, [SUBJECT])).to.deep.equal({})
    expect(await pagesWith(SUBJECT)).to.deep.equal([])
    expect(await pagesWith(OTHER)).to.deep.equal(['lake_queries'])
    expect(await column('SELECT sql AS one FROM lake_queries ORDER BY query_no')).to.deep.equal([
      `SELECT 'REDACTED', '${OTHER}', '中\\'`,
      `SELECT '${OTHER}'`,
    ])
    expect(
      await column('SELECT parameters AS one FROM lake_queries ORDER BY query_no LIMIT 1'),
    ).to.deep.equal([{ $1: ['REDACTED', 5] }])
    expect(await column('SELECT content AS one FROM lake_releases')).to.deep.equal([
      Buffer.concat([Buffer.from('深REDACTED,1\n'), bytes]),
    ])
    expect(await column('SELECT answer AS one FROM idempotency ORDER BY route')).to.deep.equal([
      { sql: 'REDACTED' },
      { sql: SUBJECT },
    ])
    const changed = await changedLogs(store.database, 'erasure')
    expect(changed.map(({ table, rows }) => `${table} ${rows}`)).to.deep.equal([
      'idempotency 1',
      'lake_queries 1',
      'lake_releases 1',
    ])
  })

  it('is not touched by a deletion of what one source has told', async () => {
    await asked('2026-01-01', `SELECT '${SUBJECT}'`)
    await eraseFromLogs(store.database, erasing({ source: 'utilities' }))
    expect(Object.keys(await searchLogs(store.database, [SUBJECT]))).to.deep.equal(['lake_queries'])
  })

  async function pagesWith(text: string): Promise<string[]> {
    await store.database.execute('CHECKPOINT')
    const rows = await store.database.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class
       WHERE relname IN ('lake_queries', 'lake_releases') AND pg_relation_size(oid) > 0
         AND position($1::bytea IN pg_read_binary_file(pg_relation_filepath(oid))) > 0 ORDER BY 1`,
      [Buffer.from(text)],
    )
    return rows.map(({ name }) => name)
  }
})
