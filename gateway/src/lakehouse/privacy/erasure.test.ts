import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { createIdentity } from '../../platform/ledger/signer.ts'
import { openSecrets, type Secrets } from '../../platform/secrets.ts'
import { block } from '../../testing/ledger.ts'
import { freshDatabase, type TestDatabase } from '../../testing/postgres.ts'
import { invoiceOf } from '../../testing/records.ts'
import { NO_ROWS, openEngine, type Engine } from '../engine.ts'
import { keepUp } from '../history.ts'
import { createIngest } from '../ledger/ingest.ts'
import { verifyLake } from '../ledger/verify.ts'
import { ledgerOf, OWN_MSP } from '../testing/chain.ts'
import { freshLake, hasExtensions } from '../testing/place.ts'
import { rulesWith } from './classes.ts'
import { forgottenIn, FORGOTTEN_KEY } from './forgotten.ts'
import { redactionsIn } from './marker.ts'
import { isAbout, openProof } from './proof.ts'
import { readErasure, requestErasure, type Asked, type Step } from './requests.ts'
import { scan } from './scan.ts'
import { parseSubject } from './subject.ts'
import { workErasure, type WorkParts } from './work.ts'
import { selfSigned } from './testing.ts'

const FORGOTTEN = 'p00112233445566aa'
const OTHER = 'pffeeddccbbaa9988'
const FIRM = '91440304MA3476801A'
const PSEUDONYM = 'm0123456789abcdef'
const KEPT = 'mfedcba9876543210'

describe('forgetting', function () {
  this.timeout(120_000)
  let store: TestDatabase
  let place: Awaited<ReturnType<typeof freshLake>>
  let engine: Engine
  let secrets: Secrets
  let folder: string
  const { certificatePem, privateKeyPem } = selfSigned()
  const identity = createIdentity({ mspId: OWN_MSP, certificatePem, privateKeyPem })

  before(function () {
    if (!hasExtensions()) this.skip()
  })
  beforeEach(async () => {
    store = await freshDatabase()
    place = { ...(await freshLake()), catalogUrl: store.url }
    engine = await openEngine(place)
    folder = mkdtempSync(path.join(os.tmpdir(), 'secrets-'))
    secrets = openSecrets(path.join(folder, 'secrets.json'))
  })
  afterEach(async () => {
    engine?.close()
    place?.remove()
    rmSync(folder, { recursive: true, force: true })
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

  async function forget(
    subject: string,
    more: Partial<WorkParts> = {},
    asked: Partial<Asked> = {},
  ) {
    const id = await approved(subject, asked)
    expect(await workErasure(partsOf(more), id)).to.equal('DONE')
    const { proof, sealed } = await readErasure(store.database, id)
    expect(sealed).to.equal(null)
    if (!proof) throw new Error('there is no proof')
    return { id, proof, statement: proof.statement }
  }

  async function approved(subject: string, asked: Partial<Asked> = {}): Promise<string> {
    const id = await requestErasure(store.database, secrets, {
      subject: parseSubject(subject),
      source: undefined,
      reason: 'CONSENT_WITHDRAWN',
      by: 'maker',
      ...asked,
    })
    await store.database.execute(
      `UPDATE lake_erasures SET step = 'APPROVED', decided_by = 'checker', decided_at = now()`,
    )
    return id
  }

  /** Rows of both persons in files and in the catalogue, with deleted and merged ones among them. */
  async function fill(): Promise<void> {
    const rows = (source: string, from: number, until: number) =>
      engine.write(NO_ROWS, ({ run }) =>
        run(`INSERT INTO lake.bronze.source_records
          SELECT '${source}', '${source}-' || i, 1, 'PERSON',
            if(i % 3 = 0, '${FORGOTTEN}', '${OTHER}'), TIMESTAMP '2026-01-01' + INTERVAL (i) HOUR,
            now()::TIMESTAMP, '{"period":"2026-01","n":' || i || '}', md5(i::VARCHAR)
          FROM range(${from}, ${until}) rows(i)`),
      )
    await rows('utilities', 0, 300)
    await rows('social_behaviour', 0, 30)
    await rows('bank_statements', 0, 9)
    await rows('utilities', 300, 320)
    await engine.write(NO_ROWS, ({ run }) =>
      run(`INSERT INTO lake.bronze.dead_letters VALUES
        ('utilities', 'FIELD_INVALID', 'body.n', '{"subject":{"kind":"PERSON","id":"${FORGOTTEN}"}}', false, now()),
        ('utilities', 'FIELD_INVALID', 'body.n', '{"subject":{"kind":"PERSON","id":"${OTHER}"}}', false, now())`),
    )
    await engine.write(NO_ROWS, ({ run }) =>
      run(`DELETE FROM lake.bronze.source_records WHERE id = 'utilities-3'`),
    )
  }

  const rowsOf = async (subject: string): Promise<string> =>
    JSON.stringify(
      await engine.query(
        `SELECT * EXCLUDE (arrived_at) FROM lake.bronze.source_records WHERE subject = $1 ORDER BY ALL`,
        [subject],
      ),
    )
  const search = async (...identifiers: string[]) =>
    (await scan({ database: store.database, dataPath: place.dataPath, identifiers })).matches

  it('leaves no byte of a person in files, catalogue or snapshots, and every other row as it was', async () => {
    await fill()
    const others = await rowsOf(OTHER)
    expect(Object.keys(await search(FORGOTTEN))).to.include('bronze.source_records')
    const { statement } = await forget(`PERSON/${FORGOTTEN}`, {
      now: () => new Date('2037-01-01T00:00:00Z'),
    })
    expect(await search(FORGOTTEN)).to.deep.equal({})
    expect(await rowsOf(OTHER)).to.equal(others)
    expect(statement.deleted).to.deep.equal([
      { table: 'bronze.dead_letters', class: 'DIAGNOSTIC', rows: 1 },
      { table: 'bronze.source_records', class: 'OPERATIONAL', rows: 106 },
      { table: 'bronze.source_records', class: 'PERSONAL_OPT_IN', rows: 10 },
      { table: 'bronze.source_records', class: 'TRANSACTION', rows: 3 },
    ])
    expect(statement.remains.rows).to.deep.equal([])
    expect(JSON.stringify(statement)).to.not.include(FORGOTTEN)
    expect(await pages(store, FORGOTTEN)).to.deep.equal([])
    expect(await pages(store, OTHER)).to.not.deep.equal([])
    const snapshots = await engine.query('FROM lake.snapshots()')
    expect(
      snapshots.map(one => Number(one['snapshot_id']) > Number(statement.snapshots.before)),
    ).to.not.include(false)
    // What comes later must not bring bounds of before back into the catalogue.
    await engine.write(NO_ROWS, ({ run }) =>
      run(`INSERT INTO lake.bronze.source_records SELECT * REPLACE (revision + 1 AS revision)
        FROM lake.bronze.source_records WHERE source = 'utilities'`),
    )
    await keepUp(engine, 1)
    expect(await search(FORGOTTEN)).to.deep.equal({})
  })
})

/** Tables of the catalogue whose pages on disk hold a text, also where no row does any more. */
async function pages({ database }: TestDatabase, text: string): Promise<string[]> {
  await database.execute('CHECKPOINT')
  const rows = await database.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class
     WHERE relnamespace = 'lake'::regnamespace AND relkind IN ('r', 't') AND pg_relation_filepath(oid) IS NOT NULL
       AND pg_relation_size(oid) > 0
       AND position($1::bytea IN pg_read_binary_file(pg_relation_filepath(oid))) > 0`,
    [Buffer.from(text)],
  )
  return rows.map(({ name }) => name)
}
