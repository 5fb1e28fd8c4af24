import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import pg from 'pg'
import { insertOperation, writeEnding } from '../../operations/store.ts'
import { freshDatabase, silent, type TestDatabase } from '../../testing/postgres.ts'
import { openEngine, type Engine } from '../engine.ts'
import { freshLake, hasExtensions } from '../testing/place.ts'
import { createJournal } from '../journal.ts'
import { lakeStatus } from '../status.ts'
import type { LakeParts } from '../stream.ts'
import { startEvents, takeEvents } from './follow.ts'
import { attend, readOutbox, START } from './outbox.ts'
import { READER_DAYS } from './schema.ts'

const SECRET = 'a password hash that nobody may see'

describe('events of the gateway', function () {
  this.timeout(60_000)
  let store: TestDatabase
  let place: Awaited<ReturnType<typeof freshLake>>
  let engine: Engine

  before(async function () {
    if (!hasExtensions()) this.skip()
    store = await freshDatabase()
    place = await freshLake()
  })
  after(async () => {
    engine?.close()
    place?.remove()
    await store?.close()
  })

  const sql = (text: string, values: unknown[] = []) => store.database.execute(text, values)
  const outboxRows = async (): Promise<number> =>
    Number((await store.database.query<{ n: string }>('SELECT count(*) AS n FROM outbox'))[0]?.n)
  const user = (userId: string) =>
    sql(
      `INSERT INTO users (user_id, login, name, password_hash, roles, certificate, sealed_key)
       VALUES ($1, $2, '张三', $3, '{maker}', 'c', 'k')`,
      [userId, `login of ${userId}`, SECRET],
    )
  const operation = async (operationId: string): Promise<void> => {
    await insertOperation(store.database, {
      operationId,
      kind: 'financing.request',
      userId: 'u1',
      memberId: undefined,
      input: { amountFen: '987654321' },
      owner: 'o',
      write: undefined,
    })
    const items = [
      { id: 'a', ok: true },
      { id: 'b', ok: false, code: 'X' },
    ]
    await writeEnding(store.database, operationId, { status: 'done', items, total: 2 })
  }
  const takeAll = async (rows?: number): Promise<void> => {
    while ((await takeEvents({ engine, database: store.database, ...(rows ? { rows } : {}) })) > 0);
  }

  it('are kept nowhere while no lake reads, nor when one has not read for long', async () => {
    await user('u1')
    await operation('before')
    expect(await outboxRows()).to.equal(0)
    await attend(store.database)
    const told = await outboxRows()
    expect(told).to.be.greaterThan(0)
    await sql(`UPDATE outbox_reader SET read_until = now() - interval '1 hour'`)
    await operation('meanwhile')
    expect(await outboxRows()).to.equal(told)
    await attend(store.database)
    await operation('after')
    const rows = await store.database.query<{ kind: string }>('SELECT kind FROM outbox')
    expect(rows.filter(({ kind }) => kind === 'gap')).to.have.length(1)
    expect(rows.filter(({ kind }) => kind === 'operation')).to.have.length(1 + 2)
    const [reader] = await store.database.query<{ days: number }>(
      'SELECT extract(epoch FROM read_until - now())::float8 / 86400 AS days FROM outbox_reader',
    )
    expect(reader?.days).to.be.closeTo(READER_DAYS, 0.1)
  })

  it('say of each operation, file, log-in and user how it came out, and no secret', async () => {
    engine = await openEngine(place)
    await operation('op1')
    await sql(
      `INSERT INTO transactions (tx_id, operation_id, step, attempt, items, envelope, result, status)
       VALUES ('tx1', 'op1', 's', 1, '[]', 'e', 'r', 'stored')`,
    )
    await sql(`UPDATE transactions SET status = 'committed', block_number = 9 WHERE tx_id = 'tx1'`)
    await sql(`INSERT INTO sessions (session_id, user_id) VALUES ('the session', 'u1')`)
    await sql('UPDATE sessions SET closed_at = now()')
    await sql('UPDATE users SET failures = 1')
    await sql(`UPDATE users SET roles = '{checker}'`)
    await sql(`INSERT INTO audit (user_id, route, status) VALUES ('u1', 'lake.export', 200)`)
    await sql(
      `INSERT INTO documents (document_id, file_name, media_type, bytes, sha256, cid, keys, readers)
       VALUES ('d', '张三.csv', 'text/csv', 1, 'x', 'c', '[]', '{}')`,
    )
    await sql(
      `INSERT INTO imports (import_id, document_id, scope, sha256, file_name, user_id, status)
       VALUES ('i', 'd', 's', 'x', '张三.csv', 'u1', 'RECEIVED')`,
    )
    await sql(
      `INSERT INTO import_rows (import_id, row, line, verdict) VALUES
       ('i', 1, 1, 'ACCEPTED'), ('i', 2, 2, 'REFUSED'), ('i', 3, 3, 'ACCEPTED')`,
    )
    await sql(`UPDATE imports SET status = 'DONE', finished_at = now() + interval '2 seconds'`)
    await takeAll()
    expect(await outboxRows()).to.equal(0)
    const operations = await engine.query(
      `SELECT operation_id, status, items, refused, duration_ms >= 0 AS is_timed
       FROM lake.silver.operations ORDER BY created_at`,
    )
    expect(operations).to.deep.equal(
      ['before', 'after', 'op1'].map(operation_id => ({
        operation_id,
        status: 'done',
        items: '2',
        refused: '1',
        is_timed: true,
      })),
    )
    expect(
      await engine.query('SELECT status, accepted, refused FROM lake.silver.imports'),
    ).to.deep.equal([{ status: 'DONE', accepted: '2', refused: '1' }])
    expect(
      await engine.query(
        `SELECT s.tx_id, s.block, s.duration_ms >= 0 AS is_timed, l.closed_at IS NOT NULL AS closed, u.roles, f.failures, e.route
         FROM lake.silver.submissions s, lake.silver.logins l, lake.silver.users u,
           lake.silver.login_failures f, lake.silver.exports e`,
      ),
    ).to.deep.equal([
      {
        tx_id: 'tx1',
        is_timed: true,
        block: '9',
        closed: true,
        roles: 'checker',
        failures: '1',
        route: 'lake.export',
      },
    ])
    const [all] = await engine.query<{ text: string }>(
      'SELECT string_agg(body) AS text FROM lake.bronze.events',
    )
    for (const hidden of [SECRET, 'login of', '张三', '987654321', 'the session'])
      expect(all?.text).to.not.include(hidden)
  })

  it('are missed by no reader though the transaction that began first ends last', async () => {
    const [first, second] = [new pg.Client(store.url), new pg.Client(store.url)]
    const tell = (client: pg.Client, kind: string) =>
      client.query(`INSERT INTO app.outbox (kind, body) VALUES ($1, '{}')`, [kind])
    await first.connect()
    await second.connect()
    await first.query('BEGIN')
    await tell(first, 'open first')
    await second.query('BEGIN')
    await tell(second, 'open second')
    await second.query('COMMIT')
    await takeAll()
    expect(await brought(engine, 'open')).to.deep.equal([])
    await first.query('COMMIT')
    await takeAll()
    expect(await brought(engine, 'open')).to.deep.equal(['open first', 'open second'])
    await first.end()
    await second.end()
  })

  it('are there once each, however often the reading process is killed while others write', async () => {
    const { remove: _, ...options } = place
    let written = 0
    let kills = 0
    for (; kills < 3; kills += 1) {
      const writing = (async () => {
        for (let at = 0; at < 30; at += 1) {
          await sql(
            `INSERT INTO outbox (kind, body) SELECT 'kill ' || g, '{}' FROM generate_series($1::int, $2) g`,
            [written + 1, written + 5],
          )
          written += 5
        }
      })()
      await readUntilKilled(store.url, JSON.stringify(options), kills)
      await writing
    }
    await takeAll()
    const names = await brought(engine, 'kill')
    expect(names).to.have.length(written)
    expect(new Set(names).size).to.equal(written)
    expect(await outboxRows()).to.equal(0)
  })

  it('are there once though two processes bring them at once', async () => {
    await sql(
      `INSERT INTO outbox (kind, body) SELECT 'rival ' || g, '{}' FROM generate_series(1, 60) g`,
    )
    const other = await openEngine(place)
    const outcomes: string[] = []
    for (let round = 0; round < 10; round += 1) {
      const both = [engine, other].map(one =>
        takeEvents({ engine: one, database: store.database, rows: 6 }).then(String, () => 'lost'),
      )
      outcomes.push((await Promise.all(both)).sort().join(' '))
    }
    other.close()
    await takeAll()
    const names = await brought(engine, 'rival')
    expect(
      outcomes.some(pair => pair.includes('lost')),
      'the two never met',
    ).to.equal(true)
    expect(names).to.have.length(60)
    expect(new Set(names).size).to.equal(60)
  })

  it('are told once more to a lake that begins anew: what stands in the tables, each once', async () => {
    const again = await freshLake()
    const anew = await openEngine(again)
    const counts = `SELECT (SELECT count(*) FROM lake.silver.operations) AS operations,
      (SELECT count(*) FROM lake.silver.audit_lines) AS audits,
      (SELECT count(*) FROM lake.silver.submission_events) AS submissions`
    await takeAll()
    await operation('between')
    for (let attempt = 0; attempt < 2; attempt += 1)
      await attend(store.database, { isNewLake: true })
    while ((await takeEvents({ engine: anew, database: store.database })) > 0);
    const [row] = await anew.query(counts)
    // Those of the gap and of after it are in the tables as well.
    expect(row).to.deep.equal({ operations: '5', audits: '1', submissions: '1' })
    anew.close()
    again.remove()
  })

  it('come by themselves, and the status says how far they are', async () => {
    const journal = createJournal(store.database, error => {
      throw error
    })
    const parts: LakeParts = {
      engine,
      database: store.database,
      config: {} as LakeParts['config'],
      vault: {} as LakeParts['vault'],
      settings: {} as LakeParts['settings'],
      journal,
      log: silent,
    }
    await operation('by itself')
    const stream = startEvents(parts)
    const isThere = async (): Promise<boolean> =>
      (
        await engine.query(
          `SELECT 1 AS one FROM lake.silver.operations WHERE operation_id = 'by itself'`,
        )
      ).length === 1
    while (!(await isThere())) await new Promise(resolve => setTimeout(resolve, 50))
    await stream.close()
    await journal.settled()
    const [said] = (await lakeStatus(store.database, 0n)).streams
    expect(said).to.deep.include({
      name: 'events',
      facts: { brought: 2, waiting: 0, waitingSince: null },
    })
    expect(said).to.not.have.property('fault')
  })

  it('stop with a reason where the database counts its transactions anew', async () => {
    const future = { ...START, xid: '99999999999' }
    const refused = await readOutbox(store.database, future, 1).catch((error: unknown) => error)
    expect(refused).to.include({ code: 'OUTBOX_REWOUND' })
  })
})

const brought = async (engine: Engine, prefix: string): Promise<string[]> =>
  (
    await engine.query<{ kind: string }>(
      `SELECT kind FROM lake.bronze.events WHERE starts_with(kind, $1) ORDER BY xid, number`,
      [prefix],
    )
  ).map(({ kind }) => kind)

async function readUntilKilled(url: string, options: string, kills: number): Promise<void> {
  const file = fileURLToPath(new URL('./testing.ts', import.meta.url))
  const node = ['--conditions=triflow-source', '--import', 'tsx', file, url, options]
  const child = spawn(process.execPath, node, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  let rows = 0
  for await (const chunk of child.stdout) {
    rows += String(chunk)
      .trim()
      .split('\n')
      .reduce((sum, one) => sum + Number(one), 0)
    if (rows >= 7 * (kills + 1)) child.kill('SIGKILL')
  }
  await ended
}
