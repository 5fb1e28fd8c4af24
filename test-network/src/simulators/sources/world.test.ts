import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { CATALOGUE, type SourceName } from '@triflow/gateway/lakehouse/sources'
import { generateYear } from '../../generator/index.ts'
import { createSourceWorld, VOICES, type Said, type VoiceName, type WorldOptions } from './index.ts'

const OPTIONS: WorldOptions = {
  seed: 'world-1',
  first: '2025-11-01',
  population: { firms: 10, shopkeepers: 10, farmers: 8 },
}
const DAY_MS = 86_400_000
const at = (text: string): number => Date.parse(text)
const names = Object.keys(VOICES) as VoiceName[]

const digest = (options: WorldOptions, atMs: number): string => {
  const world = createSourceWorld(options)
  const hash = createHash('sha256')
  for (const name of names) hash.update(JSON.stringify(world.said(name, atMs)))
  return hash.digest('hex')
}

describe(`the world behind the sources (seed ${OPTIONS.seed})`, function () {
  this.timeout(30_000)
  const world = createSourceWorld(OPTIONS)
  const now = at('2026-08-20T00:00:00Z')
  const said = (name: VoiceName): readonly Said[] => world.said(name, now)

  it('speaks through every source of the catalogue that is pulled, and through no other', () => {
    const pulled = Object.values(CATALOGUE).filter(({ origin }) => origin === 'PULLED')
    expect([...names].sort()).to.deep.equal(pulled.map(({ name }): SourceName => name).sort())
  })

  it('is the same for the same seed, and another for another', () => {
    const until = at('2026-02-10T00:00:00Z')
    expect(digest(OPTIONS, until)).to.equal(digest(OPTIONS, until))
    expect(digest({ ...OPTIONS, seed: 'world-2' }, until)).to.not.equal(digest(OPTIONS, until))
  })

  it('only adds behind what was there when the clock goes on, in whatever steps it is asked', () => {
    const stepped = createSourceWorld(OPTIONS)
    for (const name of names) {
      let before: readonly Said[] = []
      for (const day of ['2025-11-02', '2025-12-31', '2026-01-01', '2026-03-15', '2026-08-20']) {
        const now = stepped.said(name, at(`${day}T00:00:00Z`))
        expect(now.slice(0, before.length), `${name} on ${day}`).to.deep.equal(before)
        before = now
      }
      expect(before, name).to.deep.equal(said(name))
      expect(before.length, name).to.be.above(10)
    }
  })

  it('knows nothing before it happened, and some of it days later than the rest', () => {
    for (const name of names) {
      const delays = said(name)
        .filter(({ eventAt }) => eventAt > OPTIONS.first)
        .map(({ eventAt, knownAtMs }) => knownAtMs - at(eventAt))
      expect(Math.min(...delays), name).to.be.above(0)
      // Of changes in the register there are too few for one of them to be late for certain.
      if (name !== 'business_registry')
        expect(Math.max(...delays) - Math.min(...delays), name).to.be.above(2.9 * DAY_MS)
    }
  })

  it('tells of events out of their order, by days, where they are many', () => {
    for (const name of ['bank_statements', 'vat_invoices', 'logistics', 'utilities'] as const) {
      const records = said(name)
      const isBehind = records.some((one, index) => {
        const before = records[index - 1]
        return before !== undefined && at(one.eventAt) < at(before.eventAt) - 2 * DAY_MS
      })
      expect(isBehind, name).to.equal(true)
    }
  })

  it('corrects itself: sources whose records have states come to second revisions', () => {
    for (const name of names.filter(one => !['bank_statements', 'social_behaviour'].includes(one)))
      expect(
        said(name).some(({ revision }) => revision > 1),
        name,
      ).to.equal(true)
  })

  it('says each revision once', () => {
    for (const name of names) {
      const keys = said(name).map(({ id, revision }) => `${id}/${revision}`)
      expect(new Set(keys).size, name).to.equal(keys.length)
    }
  })

  it('keeps the balance of every account: each entry leaves what was there and what it brings', () => {
    const byAccount = new Map<string, Said[]>()
    for (const entry of said('bank_statements')) {
      const account = String(entry.body['account'])
      byAccount.set(account, [...(byAccount.get(account) ?? []), entry])
    }
    const order = ({ body }: Said): string => `${body['bookedOn']} ${body['entryReference']}`
    let checked = 0
    for (const entries of byAccount.values()) {
      const sorted = entries.sort((a, b) => (order(a) < order(b) ? -1 : 1))
      // Entries of the last days may still be on their way: only what lies before is whole.
      const whole = sorted.filter(({ body }) => String(body['bookedOn']) < '2026-08-01')
      for (const [index, { body }] of whole.entries()) {
        const before = whole[index - 1]
        if (!before) continue
        const sign = body['direction'] === 'CRDT' ? 1 : -1
        const moved = Number(body['balanceFen']) - Number(before.body['balanceFen'])
        expect(moved).to.equal(sign * Number(body['amountFen']))
        checked += 1
      }
    }
    expect(checked).to.be.above(500)
  })

  it('books a payment between two of its firms on both accounts on the same day, against one invoice', () => {
    const trade = said('bank_statements').filter(({ body }) => body['purpose'] === 'TRADE')
    const invoices = new Map(said('vat_invoices').map(({ body }) => [body['number'], body]))
    const credits = new Map(
      trade
        .filter(({ body }) => body['direction'] === 'CRDT')
        .map(({ body }) => [body['documentNumber'], body]),
    )
    let pairs = 0
    for (const { body } of trade.filter(one => one.body['direction'] === 'DBIT')) {
      const invoice = invoices.get(body['documentNumber'])
      if (String(body['bookedOn']) > '2026-08-01') continue
      expect(invoice?.['totalFen']).to.equal(body['amountFen'])
      const credit = credits.get(body['documentNumber'])
      if (!credit) continue
      expect([credit['bookedOn'], credit['amountFen']]).to.deep.equal([
        body['bookedOn'],
        body['amountFen'],
      ])
      pairs += 1
    }
    expect(pairs).to.be.above(20)
  })

  it('has nobody in it who could be real: no region, no network, no phone of that number exists', () => {
    for (const actor of world.actors) {
      expect(actor.phone).to.match(/^100/)
      if (actor.subject.kind === 'PERSON') expect(actor.code).to.match(/^000000/)
    }
  })

  it('has the very invoices and payments of the generated year, where that is given', () => {
    const directory = mkdtempSync(path.join(os.tmpdir(), 'triflow-trade-'))
    try {
      const trade = { last: '2026-10-31', invoices: 300 }
      const { truth } = generateYear({ directory, seed: OPTIONS.seed, ...trade })
      const given = createSourceWorld({ ...OPTIONS, trade })
      const known = new Map(
        given
          .said('vat_invoices', at('2026-12-31T00:00:00Z'))
          .filter(({ body }) => body['side'] === 'SELLER')
          .map(({ body }) => [body['number'], body]),
      )
      const paid = given
        .said('bank_statements', at('2026-12-31T00:00:00Z'))
        .filter(({ body }) => body['direction'] === 'CRDT')
        .map(({ body }) => body['documentNumber'])
      const accepted = truth.rows.filter(({ judgement }) => judgement !== 'REFUSED')
      expect(accepted).to.not.be.empty
      for (const { number, grossFen, seller } of accepted)
        expect(known.get(number)).to.include({ sellerCode: seller, totalFen: Number(grossFen) })
      const settled = accepted.filter(({ number }) => paid.includes(number))
      expect(settled.length).to.be.above(accepted.length / 2)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
