import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { createIdentity } from '../../platform/ledger/signer.ts'
import { openSecrets, type Secrets } from '../../platform/secrets.ts'
import { freshDatabase, silent, type TestDatabase } from '../../testing/postgres.ts'
import { openEngine, type Engine } from '../engine.ts'
import { createFiller } from '../features/fill.ts'
import { remakePresent } from '../features/present.ts'
import type { SourceClient } from '../sources/client.ts'
import { createConsents, grantConsent, withdrawConsent } from '../sources/consents.ts'
import { createLakeSink } from '../sources/lakeSink.ts'
import { createPuller, type Puller } from '../sources/puller.ts'
import type { Subject } from '../sources/source.ts'
import { socialRecord, type RawRecord } from '../sources/testing.ts'
import { ledgerOf, OWN_MSP } from '../testing/chain.ts'
import { freshLake, hasExtensions } from '../testing/place.ts'
import { checkProof } from './check.ts'
import { rulesWith } from './classes.ts'
import { FORGOTTEN_KEY, forgottenIn, type Forgotten } from './forgotten.ts'
import { decideErasure, nextErasure, readErasure, requestErasure, type Step } from './requests.ts'
import { scan } from './scan.ts'
import { mortalParts, randomOf, selfSigned } from './testing.ts'
import { workErasure, type WorkParts } from './work.ts'

const SEED = Number(process.env['PRIVACY_SEED'] ?? Date.now() % 1_000_000)
const SOCIAL = 'social_behaviour'
const SHOP = 'ecommerce'
const FORMS = { [SOCIAL]: 'OPT_IN', [SHOP]: 'SEPARATE_CONSENT' } as const
type Asking = keyof typeof FORMS

const personOf = (digit: string): Subject => ({ kind: 'PERSON', id: `p${digit.repeat(16)}` })
const [ANNA, BERT, CARL] = [personOf('a'), personOf('b'), personOf('c')]

const shopRecord = (id: string, subject: Subject): RawRecord => ({
  ...socialRecord(id, subject),
  body: {
    shop: `SHOP-${id}`,
    period: '2026-09',
    statedOn: '2026-10-01',
    orders: 10,
    salesFen: 100_000,
    refundsFen: 0,
    buyers: 8,
    ratingPpm: 990_000,
    lateShipmentsPpm: 10_000,
  },
})

describe(`a consent that is withdrawn (PRIVACY_SEED=${SEED})`, function () {
  this.timeout(180_000)
  let store: TestDatabase
  let place: Awaited<ReturnType<typeof freshLake>>
  let engine: Engine
  let secrets: Secrets
  let forgotten: Forgotten
  let puller: Puller
  let folder: string
  /** The clock of the pulling process. */
  let nowMs = Date.parse('2026-10-20T00:00:00.000Z')
  const { certificatePem, privateKeyPem } = selfSigned()
  const identity = createIdentity({ mspId: OWN_MSP, certificatePem, privateKeyPem })

  const persons = [ANNA, BERT, CARL]
  const told: Record<Asking, RawRecord[]> = {
    [SOCIAL]: persons.flatMap((one, at) => [0, 1].map(n => socialRecord(`S-${at}-${n}`, one))),
    [SHOP]: persons.map((one, at) => shopRecord(`E-${at}`, one)),
  }
  const client: SourceClient = {
    async page(source, after) {
      const all = told[source as Asking]
      const from = Number(after ?? 0)
      return { records: all.slice(from), next: `${all.length}`, more: false }
    },
  }

  before(async function () {
    if (!hasExtensions()) this.skip()
    store = await freshDatabase()
    place = { ...(await freshLake()), catalogUrl: store.url }
    engine = await openEngine(place)
    folder = mkdtempSync(path.join(os.tmpdir(), 'secrets-'))
    secrets = openSecrets(path.join(folder, 'secrets.json'))
    forgotten = forgottenIn(store.database, secrets.derive(FORGOTTEN_KEY))
    const consents = createConsents(store.database)
    const sink = createLakeSink({ engine, consents, gatherMs: 0 })
    const now = () => (nowMs += 1_000)
    puller = createPuller({ client, sink, consents, forgotten, log: silent, now })
    for (const person of persons)
      for (const source of [SOCIAL, SHOP] as const) await grant(person, source)
    await pull()
    await createFiller({ engine, database: store.database }).fill()
    await remakePresent({ engine, database: store.database }, nowMs)
  })
  after(async () => {
    engine?.close()
    place?.remove()
    if (folder) rmSync(folder, { recursive: true, force: true })
    await store?.close()
  })

  const grant = (subject: Subject, source: Asking) =>
    grantConsent(store.database, { subject, source, form: FORMS[source] }, 'u1')

  /** Withdraws what stands; the deletion that this asks for. */
  async function withdraw(subject: Subject, source: Asking): Promise<string> {
    const { consentId } = await grant(subject, source)
    const { erasureId } = await withdrawConsent(store.database, secrets, { consentId, by: 'u2' })
    if (erasureId === undefined) throw new Error('no deletion was asked for')
    return erasureId
  }

  /** Everything that is owed, after the rest between two retellings. */
  async function pull(): Promise<void> {
    nowMs += 86_400_000
    for (const source of [SOCIAL, SHOP] as const)
      for (let at = 0; at < 3; at += 1) await puller.attempt(source)
  }

  const partsOf = (more: Partial<WorkParts> = {}): WorkParts => ({
    engine,
    database: store.database,
    secrets,
    identity,
    rules: rulesWith(),
    dataPath: place.dataPath,
    // The database has another clock than this world.
    settleMs: -Infinity,
    orphanMs: 0,
    now: () => new Date(nowMs),
    ...more,
  })
  /** In silver; bronze has the same. */
  async function idsOf({ id }: Subject, source: Asking): Promise<string[]> {
    const read = async (table: string): Promise<string[]> => {
      const rows = await engine.query<{ id: string }>(
        `SELECT id FROM ${table} WHERE subject = $1 ORDER BY id`,
        [id],
      )
      return rows.map(row => row.id)
    }
    const silver = await read(`lake.silver.source_${source}`)
    const bronze = await read(`(FROM lake.bronze.source_records WHERE source = '${source}')`)
    expect(bronze).to.deep.equal(silver)
    return silver
  }
  const featuresOf = async ({ id }: Subject): Promise<string[]> => {
    const rows = await engine.query(
      `SELECT split_part(feature, '_', 1) AS family FROM lake.gold.features
       WHERE member = $1 GROUP BY 1 ORDER BY 1`,
      [id],
    )
    return rows.map(row => String(row['family']))
  }
  const factsOf = async ({ id }: Subject): Promise<string[]> =>
    (
      await store.database.query<{ kind: string }>(
        'SELECT DISTINCT kind FROM feature_facts WHERE subject = $1 ORDER BY 1',
        [`PERSON/${id}`],
      )
    ).map(({ kind }) => kind)

  it('has what rests on it deleted, with what was made of it, and proved; whatever is killed when', async () => {
    expect(await featuresOf(ANNA)).to.include.members(['shop', 'social'])
    const others = await idsOf(BERT, SOCIAL)
    const id = await withdraw(ANNA, SOCIAL)
    expect(await readErasure(store.database, id)).to.include({ step: 'APPROVED', decided_by: null })
    const random = randomOf(SEED)
    for (let outcome = '', lives = 0; outcome !== 'DONE'; lives += 1) {
      // The catalogue of a lake with sources has many tables, and to vacuum each of them is an effect.
      const mortal = mortalParts(partsOf(), 1 + random(10 + 10 * lives))
      outcome = await workErasure(mortal, id).catch((error: Error) => error.message)
      if (outcome !== 'DONE') expect(outcome).to.equal('killed')
    }
    const { proof, sealed } = await readErasure(store.database, id)
    expect(sealed).to.equal(null)
    expect(proof?.statement).to.deep.include({ source: SOCIAL, reason: 'CONSENT_WITHDRAWN' })
    expect(proof?.statement.deleted.map(({ table, rows }) => `${table} ${rows}`)).to.deep.equal([
      'bronze.source_records 2',
      'silver.source_social_behaviour 2',
    ])
    expect(await idsOf(ANNA, SOCIAL)).to.deep.equal([])
    expect(await idsOf(ANNA, SHOP)).to.deep.equal(['E-0'])
    expect(await idsOf(BERT, SOCIAL)).to.deep.equal(others)
    expect(await featuresOf(ANNA))
      .to.include('shop')
      .and.not.include('social')
    expect(await featuresOf(BERT)).to.include('social')
    expect(await factsOf(ANNA)).to.deep.equal(['shop_month'])
    const { wrong } = await checkProof(JSON.stringify(proof), {
      engine,
      database: store.database,
      ledger: ledgerOf([]),
      dataPath: place.dataPath,
      trusted: certificatePem,
      subject: ANNA,
    })
    expect(wrong).to.deep.equal([])
  })

  it('has nobody forgotten: other sources go on, and a new consent brings all records again', async () => {
    for (const source of [SOCIAL, SHOP])
      expect((await forgotten.among(source, [ANNA])).size, source).to.equal(0)
    told[SHOP].push(shopRecord('E-9', ANNA))
    told[SOCIAL].push(socialRecord('S-9', ANNA))
    await pull()
    expect(await idsOf(ANNA, SHOP)).to.deep.equal(['E-0', 'E-9'])
    expect(await idsOf(ANNA, SOCIAL)).to.deep.equal([])
    const grantedMs = nowMs
    await grant(ANNA, SOCIAL)
    await pull()
    expect(await idsOf(ANNA, SOCIAL)).to.deep.equal(['S-0-0', 'S-0-1', 'S-9'])
    const [first] = await engine.query(
      `SELECT epoch_ms(min(arrived_at)) AS ms FROM lake.silver.source_social_behaviour WHERE subject = $1`,
      [ANNA.id],
    )
    expect(Number(first?.['ms'])).to.be.above(grantedMs)
    expect(puller.status(SOCIAL)).to.include({ lateConsents: 0, duplicates: 0 })
  })

  it('and given again before the deletion is done: nothing comes into it, and all comes behind it', async () => {
    const id = await withdraw(BERT, SOCIAL)
    const during: Step[] = []
    const onStep = (step: Step): void => {
      during.push(step)
      throw new Error('killed')
    }
    for (let outcome = ''; outcome !== 'DONE';) {
      outcome = await workErasure(partsOf({ onStep }), id).catch((error: Error) => error.message)
      if (during.at(-1) === 'LISTED') await grant(BERT, SOCIAL)
      if (during.at(-1) === 'DONE') break
      await pull()
      if (during.includes('ERASED')) expect(await idsOf(BERT, SOCIAL)).to.deep.equal([])
    }
    expect(during).to.deep.equal(['LISTED', 'ERASED', 'PURGED', 'DONE'])
    const matches = await scan({
      database: store.database,
      dataPath: place.dataPath,
      identifiers: ['S-1-0'],
    })
    expect(matches.matches).to.deep.equal({})
    await pull()
    expect(await idsOf(BERT, SOCIAL)).to.deep.equal(['S-1-0', 'S-1-1'])
  })

  it('asks once, whoever withdraws it again, and nobody may refuse it', async () => {
    const { consentId } = await grant(CARL, SHOP)
    const withdrawn = { consentId, by: 'u2' }
    const [one, two] = await Promise.all([
      withdrawConsent(store.database, secrets, withdrawn),
      withdrawConsent(store.database, secrets, withdrawn),
    ])
    expect(one.erasureId).to.be.a('string').and.equal(two.erasureId)
    const refusal = decideErasure(store.database, String(one.erasureId), {
      by: 'x',
      approve: false,
    })
    expect(await refusal.catch((error: { code: string }) => error.code)).to.equal('ERASURE_DECIDED')
    // One that does not come to its end lets the others go first.
    const other = await withdraw(CARL, SOCIAL)
    expect((await nextErasure(store.database))?.erasure_id).to.equal(one.erasureId)
    await store.database.execute(`UPDATE lake_erasures SET fault = 'x' WHERE erasure_id = $1`, [
      one.erasureId,
    ])
    expect((await nextErasure(store.database))?.erasure_id).to.equal(other)
  })

  it('does not end the mark of somebody who is to be forgotten for ever', async () => {
    const open = (await nextErasure(store.database))?.erasure_id ?? ''
    const steps: Step[] = []
    const listed = workErasure(
      partsOf({
        onStep: step => {
          steps.push(step)
          throw new Error('killed')
        },
      }),
      open,
    )
    expect(await listed.catch((error: Error) => error.message)).to.equal('killed')
    expect(steps).to.deep.equal(['LISTED'])
    const lasting = await requestErasure(store.database, secrets, {
      subject: CARL,
      source: SOCIAL,
      reason: 'UNLAWFUL',
      by: 'maker',
    })
    await decideErasure(store.database, lasting, { by: 'checker', approve: true })
    expect(await workErasure(partsOf(), lasting)).to.equal('DONE')
    expect(await workErasure(partsOf(), open)).to.equal('DONE')
    expect((await forgotten.among(SOCIAL, [CARL])).size).to.equal(1)
    await grant(CARL, SOCIAL)
    await pull()
    expect(await idsOf(CARL, SOCIAL)).to.deep.equal([])
  })
})
