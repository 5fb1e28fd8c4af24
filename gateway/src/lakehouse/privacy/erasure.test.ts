import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import type { Database } from '../../platform/database/database.ts'
import { createIdentity } from '../../platform/ledger/signer.ts'
import { openSecrets, type Secrets } from '../../platform/secrets.ts'
import { block } from '../../testing/ledger.ts'
import { freshDatabase, type TestDatabase } from '../../testing/postgres.ts'
import { invoiceOf } from '../../testing/records.ts'
import { NO_ROWS, openEngine, type Engine } from '../engine.ts'
import { settle } from '../ledger/gold.ts'
import { createIngest } from '../ledger/ingest.ts'
import { verifyLake } from '../ledger/verify.ts'
import { ledgerOf, linked, OWN_MSP } from '../testing/chain.ts'
import { freshLake, hasExtensions } from '../testing/place.ts'
import { checkProof } from './check.ts'
import { rulesWith } from './classes.ts'
import { redactionsIn } from './marker.ts'
import { isAbout, openProof, signProof } from './proof.ts'
import { readErasure, requestErasure, type Asked } from './requests.ts'
import { scan } from './scan.ts'
import { parseSubject } from './subject.ts'
import { mortalParts, randomOf, selfSigned } from './testing.ts'
import { workErasure, type WorkParts } from './work.ts'

const SEED = Number(process.env['PRIVACY_SEED'] ?? Date.now() % 1_000_000)

const FIRST = 'p00112233445566aa'
const SECOND = 'p00112233445566bb'
const THIRD = 'p00112233445566cc'
const OTHER = 'pffeeddccbbaa9988'
const FIRM = '91440304MA3476801A'
const PSEUDONYM = 'm0123456789abcdef'
const PARTNER = 'mfedcba9876543210'
const REMARKED = 'p99aabbccddeeff00'
/** Behind every period of ten years, before any of thirty. */
const LATER = () => new Date('2040-01-01T00:00:00Z')

const write = (key: string, value: object | undefined) => ({ key, value })
const parties = { buyer: PARTNER, seller: PSEUDONYM }
const order = { ...parties, number: 'PO-7', orderedOn: '2026-01-02', salt: 'ab'.repeat(32) }
const CHAIN = linked([
  block(0, [{ writes: [write(`M:${PSEUDONYM}`, { mspId: OWN_MSP, status: 'ACTIVE' })] }]),
  block(1, [
    {
      secrets: [
        write('O:one', order),
        write('O:two', { ...order, seller: 'maaaaaaaaaaaaaaaa' }),
        write('I:one', invoiceOf(parties, 'INV-1')),
        write('W:one', { text: `refused: ${REMARKED} had not signed`, salt: 'cd'.repeat(32) }),
      ],
    },
  ]),
  block(2, [{ secrets: [write('O:three', order)] }]),
])

describe(`forgetting (PRIVACY_SEED=${SEED})`, function () {
  this.timeout(240_000)
  let store: TestDatabase
  let place: Awaited<ReturnType<typeof freshLake>>
  let engine: Engine
  let secrets: Secrets
  let folder: string
  const { certificatePem, privateKeyPem } = selfSigned()
  const identity = createIdentity({ mspId: OWN_MSP, certificatePem, privateKeyPem })

  before(async function () {
    if (!hasExtensions()) this.skip()
    store = await freshDatabase()
    place = { ...(await freshLake()), catalogUrl: store.url }
    engine = await openEngine(place)
    folder = mkdtempSync(path.join(os.tmpdir(), 'secrets-'))
    secrets = openSecrets(path.join(folder, 'secrets.json'))
    await store.database.execute(
      `INSERT INTO members (member_id, msp_id, kind, name, uscc, own)
       VALUES ($1, $2, 'SUPPLIER', 'A', $3, true)`,
      [PSEUDONYM, OWN_MSP, FIRM],
    )
    await createIngest(engine, OWN_MSP).take(CHAIN.map(one => ({ block: one, atMs: 1 })))
    await engine.write(NO_ROWS, transaction => settle(transaction, ['orders'], 1_000))
    await fill()
  })
  after(async () => {
    engine?.close()
    place?.remove()
    if (folder) rmSync(folder, { recursive: true, force: true })
    await store?.close()
  })

  const partsOf = (more: Partial<WorkParts> = {}): WorkParts => ({
    engine,
    database: store.database,
    secrets,
    identity,
    rules: rulesWith(),
    dataPath: place.dataPath,
    settleMs: 0,
    orphanMs: 0,
    ...more,
  })

  async function approved(subject: string, asked: Partial<Asked> = {}): Promise<string> {
    const id = await requestErasure(store.database, secrets, {
      subject: parseSubject(subject),
      source: undefined,
      reason: 'CONSENT_WITHDRAWN',
      by: 'maker',
      ...asked,
    })
    await store.database.execute(
      `UPDATE lake_erasures SET step = 'APPROVED', decided_by = 'checker', decided_at = now()
       WHERE erasure_id = $1`,
      [id],
    )
    return id
  }

  async function proofOf(id: string) {
    const { proof, sealed } = await readErasure(store.database, id)
    if (!proof) throw new Error('there is no proof')
    expect(sealed, 'the name is kept').to.equal(null)
    return proof
  }

  async function forget(
    subject: string,
    more: Partial<WorkParts> = {},
    asked: Partial<Asked> = {},
  ) {
    const id = await approved(subject, asked)
    expect(await workErasure(partsOf(more), id)).to.equal('DONE')
    return proofOf(id)
  }

  /** Rows of several persons in files and in the catalogue, with deleted ones among them. */
  async function fill(): Promise<void> {
    const persons = [FIRST, SECOND, THIRD, OTHER].map(one => `'${one}'`).join(', ')
    const rows = (source: string, from: number, until: number) =>
      engine.write(NO_ROWS, ({ run }) =>
        run(`INSERT INTO lake.bronze.source_records
          SELECT '${source}', '${source}-' || i, 1, 'PERSON', [${persons}][1 + i % 4],
            TIMESTAMP '2026-01-01' + INTERVAL (i) HOUR, TIMESTAMP '2026-02-01', i,
            '{"period":"2026-01","n":' || i || '}', md5(i::VARCHAR) FROM range(${from}, ${until}) r(i)`),
      )
    await rows('utilities', 0, 400)
    await rows('social_behaviour', 0, 40)
    await rows('bank_statements', 0, 8)
    await rows('utilities', 400, 440)
    await engine.write(NO_ROWS, ({ run }) =>
      run(`INSERT INTO lake.bronze.dead_letters
        SELECT 'utilities', 0, 'FIELD_INVALID', 'body.n', '{"subject":{"id":"' || p || '"}}', false, now()
        FROM (SELECT unnest([${persons}]) AS p)`),
    )
    await engine.write(NO_ROWS, ({ run }) =>
      run(`DELETE FROM lake.bronze.source_records WHERE id IN ('utilities-4', 'utilities-404')`),
    )
  }

  /** An analyst's question that names somebody, as the log keeps it. */
  const ask = (subject: string) =>
    store.database.execute(
      `INSERT INTO lake_queries (user_id, kind, sql, elapsed_ms, outcome)
       VALUES ('u', 'RUN', $1, 1, 'ANSWERED')`,
      [`SELECT 1 WHERE '${subject}' = ''`],
    )
  const rowsOf = async (...subjects: string[]): Promise<string> =>
    JSON.stringify(
      await engine.query(
        `SELECT * FROM lake.bronze.source_records
         WHERE subject IN (${subjects.map(one => `'${one}'`).join(', ')}) ORDER BY ALL`,
      ),
    )
  const search = async (...identifiers: string[]) =>
    (await scan({ database: store.database, dataPath: place.dataPath, identifiers })).matches

  const checked = (proof: unknown, more: { subject?: string; trusted?: string } = {}) =>
    checkProof(typeof proof === 'string' ? proof : JSON.stringify(proof), {
      engine,
      database: store.database,
      ledger: ledgerOf(CHAIN),
      dataPath: place.dataPath,
      trusted: more.trusted ?? certificatePem,
      ...(more.subject ? { subject: parseSubject(more.subject) } : {}),
    })
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => 'accepted',
      (error: { code?: string }) => error.code,
    )

  it('leaves no byte of a person in files, catalogue or snapshots, and every other row as it was', async () => {
    const others = await rowsOf(SECOND, THIRD, OTHER)
    expect(Object.keys(await search(FIRST))).to.include('bronze.source_records')
    await ask(FIRST)
    const { statement } = await forget(`PERSON/${FIRST}`, { now: LATER })
    expect(statement.deleted).to.deep.equal([
      { table: 'bronze.dead_letters', class: 'DIAGNOSTIC', rows: 1 },
      { table: 'bronze.source_records', class: 'OPERATIONAL', rows: 108 },
      { table: 'bronze.source_records', class: 'PERSONAL_OPT_IN', rows: 10 },
      { table: 'bronze.source_records', class: 'TRANSACTION', rows: 2 },
      { table: 'lake_queries', class: 'NAMED_IN_OTHERS', rows: 1 },
    ])
    expect(statement.remains.rows).to.deep.equal([])
    expect(JSON.stringify(statement)).to.not.include(FIRST)
    expect(await search(FIRST)).to.deep.equal({})
    expect(await pages(store.database, FIRST)).to.deep.equal([])
    expect(await pages(store.database, OTHER)).to.not.deep.equal([])
    expect(await rowsOf(SECOND, THIRD, OTHER)).to.equal(others)
    const [oldest] = await engine.query('SELECT min(snapshot_id) AS id FROM lake.snapshots()')
    expect(Number(oldest?.['id'])).to.be.greaterThan(Number(statement.snapshots.before))
    // What comes later must not bring the bounds of a column back into the catalogue.
    await engine.write(NO_ROWS, ({ run }) =>
      run(`INSERT INTO lake.bronze.source_records
        SELECT * REPLACE (revision + 1 AS revision) FROM lake.bronze.source_records WHERE subject = '${OTHER}'`),
    )
    expect(await search(FIRST)).to.deep.equal({})
  })

  it('names what a law wants kept, with its ground and its end, and deletes the rest', async () => {
    const proof = await forget(`PERSON/${SECOND}`)
    const [held, ...more] = proof.statement.remains.rows
    expect(more).to.deep.equal([])
    expect(held).to.deep.include({
      table: 'bronze.source_records',
      why: 'HELD',
      class: 'TRANSACTION',
      rows: 2,
      until: '2036-12-31T16:00:00Z',
    })
    expect(held?.grounds?.map(({ zh }) => zh).join()).to.include('反洗钱法')
    expect(await search(SECOND)).to.include({ 'bronze.source_records': 2 })
    expect(await checked(proof, { subject: `PERSON/${SECOND}` })).to.deep.include({ wrong: [] })
  })

  it('comes to the same when it dies after any of its effects, again and again', async () => {
    const others = await rowsOf(OTHER, SECOND)
    const id = await approved(`PERSON/${THIRD}`, { source: 'utilities' })
    const random = randomOf(SEED)
    let lives = 0
    for (let outcome = ''; outcome !== 'DONE'; lives += 1) {
      const mortal = mortalParts(partsOf(), 1 + random(6 + 3 * lives))
      outcome = await workErasure(mortal, id).catch((error: Error) => error.message)
      if (outcome !== 'DONE') expect(outcome).to.equal('killed')
    }
    expect(lives).to.be.greaterThan(3)
    const { statement } = await proofOf(id)
    expect(statement.deleted).to.deep.equal([
      { table: 'bronze.dead_letters', class: 'DIAGNOSTIC', rows: 1 },
      { table: 'bronze.source_records', class: 'OPERATIONAL', rows: 110 },
    ])
    expect(statement.remains.rows.map(one => `${one.why} ${one.rows}`)).to.deep.equal([
      'NOT_ASKED 10',
      'NOT_ASKED 2',
    ])
    expect(await rowsOf(OTHER, SECOND)).to.equal(others)
  })

  it('takes private values out of bronze, silver and gold; verify proves all else and counts them', async () => {
    const ids = async (view: string) =>
      (await engine.query(`SELECT id FROM lake.gold.${view} ORDER BY id`)).map(({ id }) => id)
    expect(await ids('orders')).to.deep.equal(['one', 'three', 'two'])
    const proof = await forget(`MEMBER/${FIRM}`, { now: LATER })
    const { erasureId, remains } = proof.statement
    expect(await ids('orders')).to.deep.equal(['two'])
    expect(await ids('invoices'), 'an invoice is kept for thirty years').to.deep.equal(['one'])
    const redactions = redactionsIn(store.database)
    const ledger = ledgerOf(CHAIN)
    const report = await verifyLake({ engine, ledger, ownMsp: OWN_MSP, redactions })
    expect(report).to.deep.include({ equal: true, redacted: { [erasureId]: 2 } })
    expect(
      remains.commitments.shown.map(({ block: number, txId }) => [number, txId]),
    ).to.deep.equal([
      ['1', 'tx-1-0'],
      ['2', 'tx-2-0'],
    ])
    const why = remains.rows.map(one => `${one.table} ${one.why} ${one.class}`)
    expect(why).to.include.members([
      'bronze.writes HELD ACCOUNTING',
      'bronze.writes LEDGER_PROOF TRANSACTION',
    ])
    expect(await checked(proof, { subject: `MEMBER/${FIRM}` })).to.deep.include({ wrong: [] })
    const unnoted = await verifyLake({ engine, ledger, ownMsp: OWN_MSP })
    expect(unnoted.differing, 'nobody has noted them down').to.deep.equal(['1', '2'])
  })

  it('a lake that is built again from the ledger leaves the same values out', async () => {
    await forget(`PERSON/${REMARKED}`)
    const fresh = { ...(await freshLake()) }
    const again = await openEngine(fresh)
    const redactions = redactionsIn(store.database)
    const ingest = createIngest(again, OWN_MSP, redactions)
    await ingest.take(CHAIN.map(one => ({ block: one, atMs: 1 })))
    const rows = `SELECT block, kind, id, value FROM lake.bronze.writes ORDER BY ALL`
    expect(await again.query(rows)).to.deep.equal(await engine.query(rows))
    expect(JSON.stringify(await again.query(rows))).to.not.include(REMARKED)
    const ledger = ledgerOf(CHAIN)
    const report = await verifyLake({ engine: again, ledger, ownMsp: OWN_MSP, redactions })
    expect(report.equal).to.equal(true)
    expect(Object.values(report.redacted).reduce((sum, one) => sum + one, 0)).to.equal(3)
    again.close()
    fresh.remove()
  })

  it('a proof that is forged, or of somebody else, or no longer true, is refused or found out', async () => {
    const proof = await forget(`PERSON/${REMARKED}`)
    const { statement } = proof
    expect(isAbout(proof, parseSubject(`PERSON/${REMARKED}`))).to.equal(true)
    expect(isAbout(proof, parseSubject(`PERSON/${OTHER}`))).to.equal(false)
    const text = JSON.stringify(proof)
    const changed = { ...proof, statement: { ...statement, reason: 'UNLAWFUL' } }
    expect(await codeOf(checked(changed))).to.equal('PROOF_SIGNATURE')
    const stranger = selfSigned()
    const own = createIdentity({ mspId: OWN_MSP, ...stranger })
    expect(await codeOf(checked(await signProof(statement, own, '00')))).to.equal(
      'PROOF_CERTIFICATE',
    )
    expect(await codeOf(checked(text.slice(0, -3)))).to.equal('PROOF_MALFORMED')
    expect(() => openProof(text, certificatePem)).to.not.throw()
    await engine.write(NO_ROWS, ({ run }) =>
      run(
        `INSERT INTO lake.bronze.dead_letters VALUES ('x', 0, 'y', 'z', '${REMARKED}', false, now())`,
      ),
    )
    await ask(REMARKED)
    const { wrong } = await checked(text, { subject: `PERSON/${REMARKED}` })
    expect(wrong).to.include('bronze.dead_letters: 1 rows name the subject, 0 may')
    expect(wrong).to.include('lake_queries: 1 rows name the subject, 0 may')
    const commitment = {
      block: '1',
      txId: 'other',
      txIndex: 0,
      position: 0,
      keyHash: '',
      valueHash: 'ff'.repeat(32),
    }
    const lie = structuredClone(statement)
    lie.remains.commitments.shown = [commitment]
    const signed = await signProof(lie, identity, '00')
    expect((await checked(signed)).wrong).to.have.length(2)
  })
})

/** Tables of the catalogue whose pages on disk hold a text, also where no row does any more. */
async function pages(database: Database, text: string): Promise<string[]> {
  await database.execute('CHECKPOINT')
  const rows = await database.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class
     WHERE relnamespace = 'lake'::regnamespace AND relkind = 'r' AND pg_relation_size(oid) > 0
       AND position($1::bytea IN pg_read_binary_file(pg_relation_filepath(oid))) > 0`,
    [Buffer.from(text)],
  )
  return rows.map(({ name }) => name)
}
