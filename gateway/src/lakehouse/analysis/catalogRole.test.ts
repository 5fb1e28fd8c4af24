import { expect } from 'chai'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { openDatabase, type Database } from '../../platform/database/database.ts'
import { emptyDatabase, silent } from '../../testing/postgres.ts'
import { openEngine, type Engine } from '../engine.ts'
import { freshLake, hasExtensions } from '../testing/place.ts'
import type { LakeParts } from '../stream.ts'
import { catalogRole, scramVerifier } from './catalogRole.ts'
import { startReaderRole } from './role.ts'

const secretsOf = (seed: number) => ({
  derive: (purpose: string) => Buffer.alloc(32, `${seed}${purpose}`),
})

describe('lakehouse/analysis: the role that reads the catalogue', function () {
  this.timeout(60_000)
  let place: Awaited<ReturnType<typeof freshLake>>
  let engine: Engine
  let database: Database
  before(async function () {
    if (!hasExtensions()) this.skip()
    place = await freshLake()
    engine = await openEngine(place)
    database = openDatabase({ url: place.catalogUrl, connections: 2, log: silent })
  })
  after(async () => {
    engine?.close()
    await database?.close()
    place?.remove()
  })

  const make = (seed = 1) =>
    catalogRole(database, { databaseUrl: place.catalogUrl, secrets: secretsOf(seed) })

  async function as(url: string, sql: string): Promise<string> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      for (const each of sql.split(';')) await client.query(each)
      return 'done'
    } catch (error) {
      return (error as { code: string }).code
    } finally {
      await client.end()
    }
  }

  it('reads the lake and nothing else, also what came after it was made', async () => {
    const { url, isOwner } = await make()
    expect(isOwner).equal(false)
    await engine.write({}, async ({ run }) => {
      await run('CREATE TABLE lake.gold.later (n INTEGER)')
      await run('INSERT INTO lake.gold.later VALUES (7)')
    })
    const reading = await openEngine({ ...place, catalogUrl: url, reading: {} })
    expect(await reading.query('SELECT n FROM lake.gold.later')).deep.equal([{ n: 7 }])
    reading.close()
    const refused = '42501'
    expect(await as(url, 'SELECT * FROM app.users')).equal(refused)
    expect(await as(url, 'DELETE FROM lake.ducklake_snapshot')).match(/^(42501|25006)$/)
    expect(
      await as(url, 'SET default_transaction_read_only = off; DROP TABLE lake.ducklake_table'),
    ).equal(refused)
    expect(await as(url, 'CREATE SCHEMA mine')).match(/^(42501|25006)$/)
    expect(await as(url, 'CREATE ROLE more SUPERUSER')).match(/^(42501|25006)$/)
    expect(await as(url, `COPY lake.ducklake_table TO PROGRAM 'id'`)).equal(refused)
    expect(await as(url, `SELECT pg_read_file('/etc/passwd')`)).equal(refused)
  })

  it('is made once by processes that start at once, and has a new password with a new secret', async () => {
    const before = await make()
    const urls = (await Promise.all([make(), make(), make()])).map(({ url }) => url)
    expect(new Set([before.url, ...urls]).size).equal(1)
    const [row] = await database.query<{ verifier: string }>(
      `SELECT rolpassword AS verifier FROM pg_authid WHERE rolname = $1`,
      [new URL(before.url).username],
    )
    expect(row?.verifier).match(/^SCRAM-SHA-256\$4096:/)
    expect((await make(2)).url).not.equal(before.url)
  })

  it('is given what PostgreSQL itself would have made of the password', async () => {
    const plain = `plain_${Date.now()}`
    await database.execute(`CREATE ROLE ${plain} LOGIN PASSWORD 'what PostgreSQL hashes'`)
    const [row] = await database.query<{ verifier: string }>(
      `SELECT rolpassword AS verifier FROM pg_authid WHERE rolname = '${plain}'`,
    )
    const verifier = row?.verifier ?? ''
    const salt = Buffer.from(/:([^$]*)\$/.exec(verifier)?.[1] ?? '', 'base64')
    expect(scramVerifier('what PostgreSQL hashes', salt)).equal(verifier)
    await database.execute(`DROP ROLE ${plain}`)
  })

  /** A user of its own for a database, as an organisation among several on one server has. */
  async function ownerOf(name: string, may: string): Promise<{ url: string; owner: Database }> {
    const url = new URL(await emptyDatabase())
    const quoted = url.pathname.slice(1)
    await database.execute(`CREATE ROLE ${name} LOGIN ${may} PASSWORD 'x'`)
    await database.execute(`ALTER DATABASE ${quoted} OWNER TO ${name}`)
    await database.execute(`REVOKE CONNECT ON DATABASE ${quoted} FROM PUBLIC`)
    url.username = name
    url.password = 'x'
    return { url: url.href, owner: openDatabase({ url: url.href, connections: 1, log: silent }) }
  }

  it('is made by the owner of one database among others, who may make roles', async () => {
    const name = `owner_${Date.now()}`
    const { url, owner } = await ownerOf(name, 'CREATEROLE')
    await owner.execute('CREATE SCHEMA lake')
    await owner.execute('CREATE TABLE lake.before (n int)')
    const made = await catalogRole(owner, { databaseUrl: url, secrets: secretsOf(1) })
    await owner.execute('CREATE TABLE lake.later (n int)')
    expect(await as(made.url, 'SELECT * FROM lake.before; SELECT * FROM lake.later')).equal('done')
    // A second start, and a new secret.
    const again = await catalogRole(owner, { databaseUrl: url, secrets: secretsOf(2) })
    expect(new URL(again.url).username).equal(new URL(made.url).username)
    await owner.close()
    const foreign = new URL(made.url)
    foreign.pathname = new URL(place.catalogUrl).pathname
    expect(await as(foreign.href, 'SELECT * FROM lake.ducklake_snapshot')).equal('42501')
  })

  it('is not made by a user that may not make roles: the owner reads, and it is said', async () => {
    const { url, owner } = await ownerOf(`modest_${Date.now()}`, '')
    const made = await catalogRole(owner, { databaseUrl: url, secrets: secretsOf(1) })
    expect(made).deep.equal({ url, isOwner: true })
    await owner.close()
  })

  it('is made by the process of the lake, and the status says as whom queries read', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'triflow-role-'))
    const facts: unknown[] = []
    const journal = { stream: (...said: unknown[]) => facts.push(said) }
    const config = { databaseUrl: place.catalogUrl, secretsFile: path.join(folder, 'secrets') }
    const parts = { database, config, journal, log: silent } as unknown as LakeParts
    await startReaderRole(parts).close()
    expect(facts).deep.equal([['analysts', { facts: { readsAs: 'READER' } }]])
    rmSync(folder, { recursive: true })
  })
})
