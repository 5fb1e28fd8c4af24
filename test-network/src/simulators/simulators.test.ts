import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { openBank, type BankBook } from './bank.ts'
import { openRegister, searchHash } from './registry.ts'
import { startSimulators, type Simulators } from './server.ts'
import { readPain001, type TransferOrder } from './pain.ts'
import { painText } from './pain-text.ts'

const account = {
  account: '621700000000001',
  owner: { name: '华陆', uscc: '91310115MA1234567X' },
  branch: 'A-SH',
  openingFen: '100000',
}
const transfer = (
  endToEndId: string,
  amountFen: bigint,
  executeOn = '2026-11-01',
): TransferOrder => ({
  messageId: `M-${endToEndId}`,
  endToEndId,
  debtorAccount: account.account,
  creditorName: '苏州 <A&B>',
  creditorUscc: '91320505MA7654321Y',
  creditorAccount: '621700000000002',
  amountFen,
  executeOn,
})

describe('the simulators', () => {
  let directory: string
  beforeEach(() => (directory = mkdtempSync(path.join(os.tmpdir(), 'triflow-simulators-'))))
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  const bank = (): BankBook =>
    openBank({
      name: 'banka',
      journalFile: path.join(directory, 'banka.jsonl'),
      accounts: [account],
      firstDay: '2026-11-01',
    })

  describe('bank', () => {
    it('pays at once what is due, and later what is due later', () => {
      const book = bank()
      const answers = book.order([transfer('now', 300n), transfer('later', 200n, '2026-12-24')])
      expect(answers.map(one => one.status)).to.deep.equal(['BOOKED', 'SCHEDULED'])
      expect(book.moveTo('2026-12-24')).to.equal(1)
      expect(book.balances()[0]?.balanceFen).to.equal(99_500n)
      book.close()
    })

    it('takes the same transfer once, and refuses its reference for another amount', () => {
      const book = bank()
      book.order([transfer('once', 300n)])
      book.order([transfer('once', 300n)])
      expect(book.balances()[0]?.balanceFen).to.equal(99_700n)
      expect(() => book.order([transfer('once', 400n)])).to.throw('REFERENCE_REUSED')
      book.close()
    })

    it('never pays what the account does not hold', () => {
      const book = bank()
      expect(book.order([transfer('much', 100_001n)])[0]?.status).to.equal('NO_FUNDS')
      expect(book.statement(account.account)).to.equal(undefined)
      book.close()
    })

    it('states each entry once, with balances that chain', () => {
      const book = bank()
      book.order([transfer('a', 300n)])
      const first = book.statement(account.account) ?? ''
      book.order([transfer('b', 200n)])
      const second = book.statement(account.account) ?? ''
      const balances = (xml: string): string[] =>
        [...xml.matchAll(/<Bal>[\s\S]*?<Amt Ccy="CNY">([\d.]+)</g)].map(match => match[1] ?? '')
      expect(balances(first)).to.deep.equal(['1000.00', '997.00'])
      expect(balances(second)).to.deep.equal(['997.00', '995.00'])
      expect(book.statement(account.account)).to.equal(undefined)
      expect(book.statement(account.account, 1)).to.equal(first)
      expect(book.statement(account.account, 4)).to.equal(undefined)
      book.close()
    })

    it('knows after a crash what it had answered, and forgets a torn line', () => {
      const book = bank()
      book.order([transfer('kept', 300n)])
      book.close()
      appendFileSync(path.join(directory, 'banka.jsonl'), '{"type":"booked","acc')
      const again = bank()
      expect(again.balances()[0]?.balanceFen).to.equal(99_700n)
      again.order([transfer('next', 100n)])
      again.close()
      const third = bank()
      expect(third.balances()[0]?.balanceFen).to.equal(99_600n)
      third.close()
    })

    it('does not turn its calendar back', () => {
      const book = bank()
      book.moveTo('2026-11-05')
      expect(() => book.moveTo('2026-11-04')).to.throw('DAY_BACKWARDS')
      book.close()
    })
  })

  it('read the pain.001 that was written, character by character', () => {
    const orders = [transfer('x', 1_234_567n), transfer('y', 5n)]
    expect(readPain001(painText('M-1', orders))).to.deep.equal(
      orders.map(order => ({ ...order, messageId: 'M-1' })),
    )
    expect(() => readPain001('<!DOCTYPE a [<!ENTITY b "c">]><a/>')).to.throw()
    expect(() => readPain001('<Document/>')).to.throw('incomplete')
  })

  it('register an assignment once and find it in a search whose hash can be recomputed', () => {
    const register = openRegister(path.join(directory, 'registry.jsonl'))
    const request = { reference: 'F-1', assignor: 'm1', assignee: 'm2', subject: 'C-1' }
    const number = register.enter(request).registrationNumber
    expect(register.enter(request).registrationNumber).to.equal(number)
    const { hash, ...snapshot } = register.search('C-1')
    expect(snapshot.registrations).to.have.length(1)
    expect(searchHash(snapshot)).to.equal(hash)
    register.close()
  })

  describe('over HTTP', () => {
    let simulators: Simulators
    let url: string
    beforeEach(async () => {
      simulators = await startSimulators({
        directory,
        port: 0,
        firstDay: '2026-11-01',
        banks: { banka: [account] },
      })
      url = `http://127.0.0.1:${simulators.port}`
    })
    afterEach(() => simulators.close())

    it('say in every answer that they are simulators', async () => {
      for (const place of ['/bank/banka', '/tax/invoices/1', '/registry/search?subject=1']) {
        const answer = await fetch(`${url}${place}`)
        expect(answer.headers.get('x-simulator')).to.match(/simulator/i)
        expect((await answer.json()) as object).to.have.property('simulator')
      }
      expect(await (await fetch(url)).text()).to.match(/Simulators/)
    })

    it('take a pain.001 in and give a camt.053 out', async () => {
      const body = painText('M-9', [transfer('http', 700n)])
      const headers = { 'content-type': 'application/xml' }
      const taken = await fetch(`${url}/bank/banka/payments`, { method: 'POST', headers, body })
      expect(taken.status).to.equal(200)
      const stated = await fetch(`${url}/bank/banka/statements/${account.account}`)
      expect(await stated.text()).to.include('<EndToEndId>http</EndToEndId>')
      const refused = await fetch(`${url}/bank/banka/statements/1`)
      expect(refused.status).to.equal(422)
    })

    it('remember a red letter', async () => {
      await fetch(`${url}/tax/invoices/42`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ status: 'RED_LETTERED' }),
      })
      const answer = await fetch(`${url}/tax/invoices/42`)
      expect(((await answer.json()) as { status: string }).status).to.equal('RED_LETTERED')
    })
  })
})
