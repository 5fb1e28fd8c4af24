import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import express, { type Express, type Request, type Response } from 'express'
import { yuan, type Day } from '../generator/index.ts'
import { BankRefusal, openBank, type AccountOpening, type BankBook } from './bank.ts'
import { readPain001 } from './pain.ts'
import { openRegister, type Register } from './registry.ts'
import { isTaxStatus, openTaxOffice, type TaxOffice } from './tax-office.ts'

export interface SimulatorOptions {
  readonly directory: string
  readonly port: number
  /** The calendar's first day. */
  readonly firstDay: Day
  /** Accounts by the bank's folder name. */
  readonly banks: Readonly<Record<string, readonly AccountOpening[]>>
}

export interface Simulators {
  readonly port: number
  close(): Promise<void>
}

const NAMES = {
  bank: 'Bank simulator (no real money)',
  tax: 'Tax office simulator (not the State Taxation Administration)',
  registry: 'Movables registry simulator (not Zhongdeng)',
} as const

/** Starts all simulators behind one port: /bank/<name>, /tax, /registry, and a page at /. */
export async function startSimulators(options: SimulatorOptions): Promise<Simulators> {
  const file = (name: string): string => path.join(options.directory, `${name}.jsonl`)
  const banks = new Map(
    Object.entries(options.banks).map(([name, accounts]) => [
      name,
      openBank({ name, journalFile: file(name), accounts, firstDay: options.firstDay }),
    ]),
  )
  const tax = openTaxOffice(file('tax'))
  const register = openRegister(file('registry'))
  const app = express().disable('x-powered-by')
  app.get('/health', (_, response) => void response.json({ ok: true, simulators: NAMES }))
  for (const bank of banks.values()) bankRoutes(app, bank)
  taxRoutes(app, tax)
  registryRoutes(app, register)
  app.get(
    '/',
    (_, response) => void response.type('html').send(page([...banks.values()], tax, register)),
  )
  const server = await listen(app, options.port)
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      for (const one of [...banks.values(), tax, register]) one.close()
    },
  }
}

const listen = (app: Express, port: number): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = app.listen(port, '127.0.0.1', fault => (fault ? reject(fault) : resolve(server)))
  })

const json = express.json({ limit: '1mb' })

function answer(response: Response, simulator: keyof typeof NAMES, body: object): void {
  // Header values are Latin-1; the names are kept plain for that reason.
  response.setHeader('X-Simulator', NAMES[simulator])
  response.json({ simulator: NAMES[simulator], ...body })
}

function refuse(response: Response, code: string, detail: string): void {
  response.status(422).type('application/problem+json').json({ status: 422, code, detail })
}

/** Runs the handler; what the bank refuses is answered with its code. */
const guarded =
  (handler: (request: Request, response: Response) => void) =>
  (request: Request, response: Response): void => {
    try {
      handler(request, response)
    } catch (fault) {
      const code = fault instanceof BankRefusal ? fault.code : 'UNREADABLE'
      refuse(response, code, (fault as Error).message)
    }
  }

function bankRoutes(app: Express, bank: BankBook): void {
  const base = `/bank/${bank.name}`
  const xml = express.text({ type: ['application/xml', 'text/xml'], limit: '8mb' })
  app.post(
    `${base}/payments`,
    xml,
    guarded((request, response) => {
      const orders = readPain001(typeof request.body === 'string' ? request.body : '')
      answer(response, 'bank', { today: bank.today(), transfers: bank.order(orders) })
    }),
  )
  app.post(
    `${base}/calendar`,
    json,
    guarded((request, response) => {
      const { today } = (request.body ?? {}) as { today?: string }
      if (!/^\d{4}-\d{2}-\d{2}$/.test(today ?? '')) throw new Error('today must be YYYY-MM-DD')
      const booked = bank.moveTo(today ?? '')
      answer(response, 'bank', { today: bank.today(), booked })
    }),
  )
  app.post(
    `${base}/deposits`,
    json,
    guarded((request, response) => {
      const { account, amountFen, reference } = (request.body ?? {}) as Record<string, unknown>
      if (typeof amountFen !== 'string' || !/^[1-9]\d*$/.test(amountFen)) {
        throw new Error('amountFen must be a decimal string above zero')
      }
      const deposit = { account: String(account), reference: String(reference) }
      bank.deposit({ ...deposit, amountFen: BigInt(amountFen) })
      answer(response, 'bank', { today: bank.today(), ...deposit, amountFen })
    }),
  )
  app.get(
    `${base}/statements/:account`,
    guarded((request, response) => {
      const serial = request.query['serial']
      const text = bank.statement(
        String(request.params['account']),
        serial === undefined ? undefined : Number(serial),
      )
      response.setHeader('X-Simulator', NAMES.bank)
      if (text === undefined) response.status(204).end()
      else response.type('application/xml').send(text)
    }),
  )
  app.get(base, (_, response) => {
    const accounts = bank.balances().map(one => ({ ...one, balanceFen: String(one.balanceFen) }))
    answer(response, 'bank', { bank: bank.name, today: bank.today(), accounts })
  })
}

function taxRoutes(app: Express, tax: TaxOffice): void {
  app.get('/tax/invoices/:invoice', (request, response) => {
    const invoice = request.params.invoice
    answer(response, 'tax', { invoice, status: tax.check(invoice), checkedAt: new Date() })
  })
  app.post('/tax/checks', json, (request, response) => {
    const { invoices } = (request.body ?? {}) as { invoices?: unknown }
    if (!Array.isArray(invoices)) return refuse(response, 'UNREADABLE', 'invoices must be a list')
    const results = invoices.map(String).map(invoice => ({ invoice, status: tax.check(invoice) }))
    answer(response, 'tax', { checkedAt: new Date(), results })
  })
  app.put('/tax/invoices/:invoice', json, (request, response) => {
    const { status } = (request.body ?? {}) as { status?: unknown }
    if (!isTaxStatus(status)) return refuse(response, 'UNREADABLE', 'unknown status')
    tax.mark(request.params.invoice, status)
    answer(response, 'tax', { invoice: request.params.invoice, status })
  })
}

function registryRoutes(app: Express, register: Register): void {
  app.post('/registry/registrations', json, (request, response) => {
    const body = (request.body ?? {}) as Record<string, unknown>
    const field = (name: string): string => (typeof body[name] === 'string' ? body[name] : '')
    const entry = {
      reference: field('reference'),
      assignor: field('assignor'),
      assignee: field('assignee'),
      subject: field('subject'),
    }
    if (Object.values(entry).includes('')) {
      return refuse(response, 'UNREADABLE', 'reference, assignor, assignee and subject are needed')
    }
    answer(response, 'registry', { ...register.enter(entry) })
  })
  app.get('/registry/search', (request, response) => {
    answer(response, 'registry', { ...register.search(String(request.query['subject'] ?? '')) })
  })
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

function page(banks: readonly BankBook[], tax: TaxOffice, register: Register): string {
  const tables = banks.map(bank => {
    const rows = bank
      .balances()
      .map(
        one =>
          `<tr><td>${escape(one.owner)}<td>${one.branch}<td>${one.account}<td align=right>${yuan(one.balanceFen)}`,
      )
    return `<h2>${NAMES.bank}: ${bank.name}, ${bank.today()}</h2><table border=1 cellpadding=4>${rows.join('')}</table>`
  })
  return `<!doctype html><meta charset=utf-8><title>Simulators</title><h1>Simulators of the outside world</h1>
${tables.join('\n')}<h2>${NAMES.tax}</h2><p>${tax.count} invoices marked</p>
<h2>${NAMES.registry}</h2><p>${register.count} registrations</p>`
}
