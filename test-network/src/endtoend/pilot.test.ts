import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import type { Browser } from 'playwright-core'
import { GatewayProblem, type Client } from '@triflow/gateway/client'
import { recount } from '../generator/recount.ts'
import type { PilotResult } from '../pilot/index.ts'
import { importFile } from '../pilot/steps/imports.ts'
import { everything, type Stage } from '../pilot/stage.ts'
import { until } from '../pilot/patience.ts'
import { inState, nodeProcess, REPOSITORY } from '../supervisor/layout.ts'
import { badFiles } from './bad-files.ts'
import {
  choosePassword,
  DESK,
  doWork,
  logInAt,
  openBrowser,
  openPortal,
  PHONE,
  typeLogIn,
  visitAll,
} from './browser.ts'
import { importFreshTrade } from './fresh-trade.ts'
import { ledgerUnderTest, startTestNetwork, type TestNetwork } from './harness.ts'
import { pageFaults } from './page-faults.ts'

const INVOICES = 120

/** The code a call is refused with; fails when it is not refused. */
async function refusal(call: Promise<unknown>): Promise<{ code: string; status: number }> {
  try {
    await call
  } catch (fault) {
    if (fault instanceof GatewayProblem) return { code: fault.code, status: fault.problem.status }
    throw fault
  }
  throw new Error('was not refused')
}

describe(`the pilot on the ${ledgerUnderTest()} ledger`, function () {
  this.timeout(300_000)
  let test: TestNetwork
  let result: PilotResult

  before(async () => {
    test = await startTestNetwork({
      seed: 'end-to-end',
      invoices: INVOICES,
      split: 'alliance',
      lakes: ['banka'],
    })
    result = await test.play()
  })
  after(() => test?.end())

  it('holds at every step', () => {
    expect(result.fault).to.equal(undefined)
    expect(result.ok).to.equal(true)
    expect(result.steps.every(step => step.ok)).to.equal(true)
  })

  it('is played with a gateway whose roles have processes of their own', () => {
    const running = test.network.supervisor.status().filter(one => one.phase === 'ready')
    expect(running.map(one => one.name)).to.include.members([
      'gateway-alliance',
      'gateway-alliance-projector',
      'gateway-alliance-worker',
    ])
  })

  it('reports what an independent recount of the files finds', () => {
    const { MATCHED, WITHIN_TOLERANCE, EXCEPTION } = recount(test.world.year).outcomes
    expect(result.totals).to.include({
      matched: MATCHED.count,
      withinTolerance: WITHIN_TOLERANCE.count,
      exceptions: EXCEPTION.count,
      invoices: MATCHED.count + WITHIN_TOLERANCE.count + EXCEPTION.count,
    })
  })

  it('redeems to the fen what was issued', () => {
    expect(result.totals?.certificates).to.be.greaterThan(0)
    expect(result.totals?.financed).to.be.greaterThan(0)
    expect(result.totals?.paidFen).to.equal(result.totals?.faceFen)
  })

  it('counts at each bank what that bank financed', async () => {
    const counts = await Promise.all(
      (['banka', 'bankb'] as const).map(async bank => {
        const treasurer = await test.actors.as(bank, 'treasurer')
        const report = await treasurer.call('reports.reconciliation', {})
        return report.certificates.financed.count
      }),
    )
    expect(counts.reduce((sum, count) => sum + count, 0)).to.equal(result.totals?.financed)
  })

  it('is shown, not played again, when it is finished', async () => {
    const core = await test.actors.as('core', 'maker')
    const before = await core.call('reports.chain', {})
    const again = await test.play()
    expect(again.ok).to.equal(true)
    const after = await core.call('reports.chain', {})
    expect(after.transactions).to.equal(before.transactions)
  })

  describe('a stranger at the API', () => {
    it('is nobody without a token, or with a forged one', async () => {
      const url = test.network.gateways.core
      expect((await fetch(`${url}/v1/invoices`)).status).to.equal(401)
      const headers = { authorization: 'Bearer e30.e30.e30' }
      expect((await fetch(`${url}/v1/invoices`, { headers })).status).to.equal(401)
    })

    it('is refused with the wrong role', async () => {
      const maker = await test.actors.as('core', 'maker')
      const body = { invoiceIds: ['none'] }
      expect((await refusal(maker.call('confirmations.approve', { body }))).status).to.equal(403)
    })

    it('does not see another supplier’s invoice or certificate', async () => {
      const [first, second] = await Promise.all([
        test.actors.as('alliance', 'sup01.maker'),
        test.actors.as('alliance', 'sup02.maker'),
      ])
      const own = (await everything(first, 'invoices.list'))[0]
      const params = { invoiceId: own?.invoiceId ?? '' }
      expect((await refusal(second.call('invoices.get', { params }))).status).to.equal(404)
      const theirs = await everything(second, 'certificates.list')
      const strange = theirs.filter(
        one => !parties(one).includes(second.session?.user.memberId ?? ''),
      )
      expect(strange).to.deep.equal([])
    })

    it('learns nothing of a rival bank’s bids', async () => {
      for (const bank of ['banka', 'bankb'] as const) {
        const client = await test.actors.as(bank, 'treasurer')
        const requests = await everything(client, 'financing.list')
        expect(requests.length).to.be.greaterThan(0)
        const msp = bank === 'banka' ? 'BankAMSP' : 'BankBMSP'
        const bids = requests.flatMap(request => request.bids)
        expect(bids.every(one => one.bankMsp === msp)).to.equal(true)
      }
    })

    it('cannot use one idempotency key for two bodies', async () => {
      const core = await test.actors.as('core', 'maker')
      const idempotencyKey = 'end-to-end-key-1'
      const call = (invoiceId: string): Promise<unknown> =>
        core.call('confirmations.propose', { body: { items: [{ invoiceId }] }, idempotencyKey })
      await call('first').catch(() => undefined)
      expect((await refusal(call('second'))).code).to.equal('IDEMPOTENCY_KEY_REUSED')
    })

    it('cannot send a body without end', async () => {
      const core = await test.actors.as('core', 'maker')
      const reason = 'x'.repeat(20_000_000)
      const params = { invoiceId: 'none' }
      const call = core.call('overrides.propose', { params, body: { acceptedFen: '1', reason } })
      expect((await refusal(call)).status).to.equal(413)
    })
  })

  describe('the portal', () => {
    let browser: Browser
    before(async () => {
      browser = await openBrowser()
    })
    after(() => browser?.close())

    it('lets the buyer’s maker and checker confirm an invoice by keyboard, in two languages', async () => {
      const number = await importFreshTrade(test, '1')
      const operator = await test.actors.operator('core')
      await operator.perform('matching.run', { body: {} })
      const url = test.network.gateways.core
      for (const [login, reader] of [
        ['maker', DESK],
        ['checker', PHONE],
      ] as const) {
        const page = await logInAt(browser, url, test.person('core', login), reader)
        await doWork(page, url, number)
      }
      const found = await until('the confirmation', async () => {
        const [invoice] = await everything(operator, 'invoices.list', { number })
        return invoice?.approval === 'CONFIRMED' ? invoice : undefined
      })
      expect(found.confirmedFen).to.equal(found.grossFen)
    })

    for (const [organization, login, reader] of [
      ['core', 'maker', DESK],
      ['alliance', 'sup01.maker', PHONE],
      ['banka', 'checker', { ...DESK, width: 390 }],
      ['regulator', 'compliance', { ...PHONE, width: 1440 }],
    ] as const)
      it(`can be read by everyone: ${organization}, ${reader.language}, ${reader.width} px`, async () => {
        const url = test.network.gateways[organization]
        const person = test.person(organization, login)
        const page = await logInAt(browser, url, person, reader)
        await visitAll(page, url, async path => {
          expect(await pageFaults(page), path).to.deep.equal([])
        })
        // The measure can fail: faint text without a translation, on a page without a title.
        await page.evaluate(
          `document.title = ''; document.querySelector('h1').outerHTML = '<h1 style="color:#ccc">page.none</h1>'`,
        )
        expect(await pageFaults(page)).to.have.lengthOf(3)
      })

    it('says what to do after a wrong password, and goes on where a session ended', async () => {
      const url = `${test.network.gateways.core}/certificates`
      const person = test.person('core', 'maker')
      const page = await openPortal(browser, url, PHONE)
      await typeLogIn(page, { ...person, password: 'not the password' })
      await page.getByRole('alert').filter({ hasText: 'ask your operator' }).waitFor()
      await typeLogIn(page, person)
      await page.getByRole('heading', { name: 'Receivable certificates' }).waitFor()
      await page.evaluate(`fetch('/v1/sessions/current', { method: 'DELETE', headers: {
        authorization: 'Bearer ' + JSON.parse(sessionStorage.getItem('triflow.session')).accessToken } })`)
      await page.getByRole('link', { name: 'Invoices' }).click()
      await page.getByRole('status').filter({ hasText: 'session has ended' }).waitFor()
      await typeLogIn(page, person)
      await page.getByRole('heading', { name: 'Invoices' }).waitFor()
    })

    it('asks for a password of one’s own where somebody else has set it', async () => {
      const operator = await test.actors.operator('core')
      const first = { login: 'new.auditor', password: 'chosen by the operator' }
      const user = { ...first, name: '审计', roles: ['auditor' as const] }
      await operator.call('users.create', { body: user })
      const page = await openPortal(browser, test.network.gateways.core, DESK)
      await typeLogIn(page, first)
      await choosePassword(page, 'known to nobody else')
      await page.getByRole('heading', { name: '总览' }).waitFor()
    })
  })

  describe('bad input files', () => {
    const upload = async (name: string, content: Uint8Array): ReturnType<typeof importFile> =>
      importFile({ actors: test.actors } as Stage, 'core', name, content)

    for (const bad of badFiles()) {
      it(`${bad.what}: ${bad.verdict}`, async () => {
        const report = await upload(bad.fileName, bad.content())
        expect(report.status).to.equal(bad.verdict)
        if (bad.verdict === 'DONE') expect(report.rows.accepted).to.equal(0)
        else expect(report.code).to.be.a('string')
      })
    }

    it('the same file twice, under another name: the first report again, nothing new', async () => {
      const operator: Client = await test.actors.operator('core')
      const before = await everything(operator, 'imports.list')
      const first = before.find(one => one.fileName.startsWith('orders-'))
      const folder = path.join(inState.year(test.network.stateFolder), 'core', 'orders')
      const content = readFileSync(path.join(folder, first?.fileName ?? 'none'))
      const again = await upload('renamed.csv', content)
      expect(again.importId).to.equal(first?.importId)
      expect(again.rows).to.deep.equal(first?.rows)
      expect(await everything(operator, 'imports.list')).to.have.lengthOf(before.length)
    })
  })

  describe('the lake of a bank', function () {
    before(function () {
      if (!existsSync(EXTENSION)) this.skip()
    })

    it('has what the read model has, some seconds later', async () => {
      const operator = await test.actors.operator('banka')
      await until('the lake', async () => {
        const lake = await operator.call('lake.get', {})
        return lake.state === 'FOLLOWING' && lake.behindBlocks === 0 ? lake : undefined
      })
      const [treasurer, other] = [
        await test.actors.as('banka', 'treasurer'),
        await test.actors.operator('core'),
      ]
      expect(await refusal(treasurer.call('lake.get', {}))).to.include({ code: 'ROLE_MISSING' })
      expect(await other.call('lake.get', {})).to.include({ state: 'ABSENT', block: '-1' })
    })

    it('has what its sources tell of the members of the pilot, each of them by itself', async () => {
      const operator = await test.actors.operator('banka')
      const items = await until(
        'the sources',
        async () => {
          const { items: all } = await operator.call('lake.sources', {})
          const told = all.filter(({ records }) => records > 0).map(({ source }) => source)
          const awaited = ['bank_statements', 'vat_invoices', 'credit_bureau', 'ledger_behaviour']
          return awaited.every(name => told.some(source => source === name)) ? all : undefined
        },
        120_000,
      )
      expect(items.filter(({ state }) => state === 'FAILING')).to.deep.equal([])
      expect(items.filter(({ deadLetters }) => deadLetters > 0)).to.deep.equal([])
    })

    it('is, row by row, what the ledger gives from block 0, and answers about the past', async () => {
      const { command, args } = nodeProcess('gateway', 'cli/main')
      const config = path.join(test.network.stateFolder, 'gateways/banka/config.json')
      const lake = async (...words: string[]) =>
        (await run(command, [...args, 'lake', ...words, '--config', config])).stdout
      expect(await lake('verify')).to.include('Equal, row by row.')
      const receivables = 'SELECT count(*) AS n FROM lake.gold.receivables'
      expect(await lake('query', receivables)).to.match(/^ *[1-9]\d*$/m)
      const blocks = async (...past: string[]): Promise<number> =>
        Number(
          (await lake('query', 'SELECT count(*) FROM lake.bronze.blocks', ...past)).split('\n')[1],
        )
      expect(await blocks('--at-block', '0'))
        .to.be.greaterThan(0)
        .and.lessThan(await blocks())
      const write = await lake('query', 'DROP VIEW lake.gold.members').catch(
        (fault: { stderr: string }) => fault.stderr,
      )
      expect(write).to.include('LAKE_QUERY')
    })

    it('counts what the bank financed as the bank’s own report does', async () => {
      const [operator, treasurer] = [
        await test.actors.operator('banka'),
        await test.actors.as('banka', 'treasurer'),
      ]
      const { rows, query } = await operator.call('kpis.get', {
        params: { name: 'funded_volume' },
      })
      const report = await treasurer.call('reports.reconciliation', {})
      const sumOf = (column: string): number =>
        rows.reduce((sum, row) => sum + Number(row[column]), 0)
      // The public state of the others' requests is there too, without their terms.
      expect(sumOf('requests')).to.equal(result.totals?.financed)
      expect(sumOf('requests') - sumOf('unknown')).to.equal(report.certificates.financed.count)
      expect(query).to.include('lake.silver.request_states')
    })

    it('answers its analyst about the bank’s own business, and nobody at all about settings', async () => {
      const treasurer = await test.actors.as('banka', 'treasurer')
      const ask = (sql: string) => treasurer.call('lakeQueries.run', { body: { sql } })
      const { rows, tables } = await ask(
        'SELECT state, count(*) AS n FROM gold.bids GROUP BY state ORDER BY n DESC',
      )
      expect(rows.length).to.be.greaterThan(0)
      expect(tables).to.deep.equal(['gold.bids'])
      expect(await refusal(ask('SELECT * FROM duckdb_secrets()'))).to.have.property('code')
      expect(await refusal(ask('SELECT * FROM bronze.source_records'))).to.include({
        code: 'QUERY_TABLE',
      })
    })

    it('knows features of the firms that it was asked for, each with its source', async () => {
      const operator = await test.actors.operator('banka')
      const known = await until(
        'the features of more than three sources',
        async () => {
          const { features } = await operator.call('features.list', {})
          const sources = features.flatMap(({ source, withValue = 0 }) =>
            withValue > 0 ? [source] : [],
          )
          return new Set(sources).size > 3 ? sources : undefined
        },
        120_000,
      )
      expect(known).to.include('ledger_behaviour')
    })
  })

  describe('the read model', () => {
    for (const key of ['core', 'alliance', 'bankb', 'regulator'] as const)
      it(`of ${key} is, row by row, what its ledger gives from block 0`, async () => {
        const { command, args } = nodeProcess('gateway', 'cli/main')
        const config = path.join(test.network.stateFolder, 'gateways', key, 'config.json')
        const { stdout } = await run(command, [...args, 'rebuild', '--config', config])
        expect(stdout)
          .to.match(/^records +[1-9]\d* +0$/m)
          .and.match(/^changes +[1-9]\d* +0$/m)
        expect(stdout).to.include('Equal, row by row.')
      })
  })
})

const run = promisify(execFile)

const EXTENSION = path.join(REPOSITORY, 'node_modules/.triflow-duckdb/ducklake.duckdb_extension')

const parties = (certificate: {
  obligor?: { memberId: string } | undefined
  holder?: { memberId: string } | undefined
  offeredTo?: { memberId: string } | undefined
}): string[] =>
  [certificate.obligor, certificate.holder, certificate.offeredTo].flatMap(one =>
    one ? [one.memberId] : [],
  )
