import { createServer, type Server } from 'node:http'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { isFault } from '../../platform/faults.ts'
import { createIdentity } from '../../platform/ledger/signer.ts'
import { openSecrets } from '../../platform/secrets.ts'
import { freshDatabase } from '../../testing/postgres.ts'
import { NO_ROWS, openEngine, type Engine, type EngineOptions } from '../engine.ts'
import { chainOf, ledgerOf, OWN_MSP } from '../testing/chain.ts'
import { freshLake, hasExtensions } from '../testing/place.ts'
import { freshStorage, hasStorage, storageServer, type StorageServer } from '../testing/storage.ts'
import { openBucket } from './bucket.ts'
import { checkProof } from './check.ts'
import { rulesWith } from './classes.ts'
import { readErasure, requestErasure } from './requests.ts'
import { scan } from './scan.ts'
import { parseSubject } from './subject.ts'
import { selfSigned } from './testing.ts'
import { workErasure } from './work.ts'

const SUBJECT = 'p00112233445566aa'
const OTHER = 'pffeeddccbbaa9988'
const pems = selfSigned()

describe(`forgetting on storage that speaks S3 (${storageServer()})`, function () {
  this.timeout(240_000)
  let server: StorageServer
  let folder: string
  before(async function () {
    if (!hasExtensions() || !hasStorage()) return this.skip()
    folder = mkdtempSync(path.join(os.tmpdir(), 'secrets-'))
    server = await freshStorage()
  })
  after(async () => {
    await server?.remove()
    if (folder) rmSync(folder, { recursive: true, force: true })
  })

  /** Of two persons, enough for files. */
  async function fill(engine: Engine): Promise<void> {
    for (const from of [0, 300])
      await engine.write(NO_ROWS, ({ run }) =>
        run(`INSERT INTO lake.bronze.source_records
          SELECT 'utilities', 'r-' || i, 1, 'PERSON', ['${SUBJECT}', '${OTHER}'][1 + i % 2],
            TIMESTAMP '2026-01-01' + INTERVAL (i) HOUR, TIMESTAMP '2026-02-01', i, '{}', md5(i::VARCHAR)
          FROM range(${from}, ${from + 300}) r(i)`),
      )
  }

  async function forgetIn(dataPath: string | undefined) {
    const store = await freshDatabase()
    const place = await freshLake(dataPath)
    const storage = dataPath ? server.options.storage : undefined
    const options: EngineOptions = { ...place, storage, catalogUrl: store.url }
    const engine = await openEngine(options)
    const { database } = store
    const parts = { engine, database, storage, dataPath: options.dataPath }
    const inFiles = async (): Promise<number> => {
      const [row] = await engine.query<{ n: string }>(
        `SELECT count(*) AS n FROM read_parquet('${options.dataPath}/bronze/source_records/*.parquet')
         WHERE subject = '${SUBJECT}'`,
      )
      return Number(row?.n)
    }
    try {
      await fill(engine)
      expect(await inFiles()).to.equal(300)
      const secrets = openSecrets(path.join(folder, `${storage ? 'bucket' : 'folder'}.json`))
      const subject = parseSubject(`PERSON/${SUBJECT}`)
      const asked = { subject, source: undefined, reason: 'CONSENT_WITHDRAWN', by: 'a' } as const
      const id = await requestErasure(database, secrets, asked)
      await database.execute(
        `UPDATE lake_erasures SET step = 'APPROVED', decided_by = 'b', decided_at = now()`,
      )
      const identity = createIdentity({ mspId: OWN_MSP, ...pems })
      const more = { secrets, identity, rules: rulesWith(), settleMs: 0, orphanMs: 0 }
      expect(await workErasure({ ...parts, ...more }, id)).to.equal('DONE')
      expect(await inFiles(), 'of the subject, as another reader counts').to.equal(0)
      const { matches } = await scan({ ...parts, identifiers: [SUBJECT] })
      expect(matches).to.deep.equal({})
      const others = await scan({ ...parts, identifiers: [OTHER] })
      expect(others.matches['bronze.source_records']).to.equal(300)
      const { proof } = await readErasure(database, id)
      const checking = { ledger: ledgerOf(chainOf(1, 2)), trusted: pems.certificatePem, subject }
      const checked = () => checkProof(JSON.stringify(proof), { ...parts, ...checking })
      expect((await checked()).wrong).to.deep.equal([])
      await fill(engine)
      expect((await checked()).wrong).to.include(
        'bronze.source_records: 300 rows name the subject, 0 may',
      )
      return proof?.statement
    } finally {
      engine.close()
      place.remove()
      await store.close()
    }
  }

  it('leaves nothing of a person in any object, and its proof says what it says of a folder', async () => {
    const [bucket, files] = [await forgetIn(server.options.dataPath), await forgetIn(undefined)]
    const said = (statement: typeof bucket) => {
      const { filesHash: _, bytes: __, ...counts } = statement?.scan ?? {}
      return { deleted: statement?.deleted, remains: statement?.remains, counts }
    }
    expect(bucket?.deleted).to.deep.equal([
      { table: 'bronze.source_records', class: 'OPERATIONAL', rows: 300 },
    ])
    expect(bucket?.scan.fileRows).to.be.greaterThan(299)
    expect(said(bucket)).to.deep.equal(said(files))
  })
})

describe('the objects of a bucket', () => {
  let server: Server
  let folder: string
  let answers: Record<string, [status: number, body: string]>
  let paths: string[]
  const bucketOf = () => {
    const { port } = server.address() as AddressInfo
    const secretFile = path.join(folder, 'secret')
    writeFileSync(secretFile, 'the key')
    const at = { endpoint: `127.0.0.1:${port}`, region: 'r', keyId: 'k', secretFile }
    return openBucket('s3://lake/bank', { ...at, urlStyle: 'path', tls: false })
  }
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => 'accepted',
      (error: unknown) => (isFault(error) ? error.code : String(error)),
    )
  const listOf = (keys: readonly string[], more: boolean) =>
    `<L><IsTruncated>${more}</IsTruncated>${keys.map(key => `<Contents><Key>${key}</Key></Contents>`).join('')}</L>`

  beforeEach(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'bucket-'))
    paths = []
    answers = { versioning: [501, ''], uploads: [501, ''] }
    server = createServer((request, response) => {
      const url = new URL(request.url ?? '', 'http://x')
      paths.push(url.pathname)
      const names = ['versioning', 'uploads'].find(name => url.searchParams.has(name))
      const [status, body] = answers[names ?? url.searchParams.get('start-after') ?? ''] ?? [
        404,
        '',
      ]
      response.writeHead(status).end(body)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  })
  afterEach(() => {
    server.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('are listed to the end, page by page, below the prefix', async () => {
    answers[''] = [200, listOf(['bank/b&amp;c', 'bank/d'], true)]
    answers['bank/d'] = [200, listOf(['bank/e/f.parquet'], false)]
    expect(await bucketOf().list()).to.deep.equal(['b&c', 'd', 'e/f.parquet'])
    expect(new Set(paths)).to.deep.equal(new Set(['/lake/']))
    answers['bank/d'] = [200, listOf([], true)]
    expect(await codeOf(bucketOf().list())).to.equal('LAKE_STORAGE')
  })

  it('are not all there is where versions are kept, an upload is open or nobody may look', async () => {
    answers[''] = [200, listOf([], false)]
    expect(await bucketOf().list()).to.deep.equal([])
    for (const status of ['Enabled', 'Suspended']) {
      answers['versioning'] = [200, `<V><Status>${status}</Status></V>`]
      expect(await codeOf(bucketOf().list())).to.equal('LAKE_SCAN_VERSIONS')
    }
    answers['versioning'] = [403, '<Error><Code>AccessDenied</Code></Error>']
    expect(await codeOf(bucketOf().list())).to.equal('LAKE_STORAGE')
    answers['versioning'] = [200, '<V/>']
    answers['uploads'] = [200, '<U><Upload><Key>bank/x</Key><UploadId>1</UploadId></Upload></U>']
    expect(await codeOf(bucketOf().list())).to.equal('LAKE_SCAN_UPLOADS')
  })
})
