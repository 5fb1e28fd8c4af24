import { expect } from 'chai'
import {
  createSourceWorld,
  type Actor,
  type Said,
  type SourceWorld,
  type VoiceName,
} from './index.ts'

const NOW = Date.parse('2026-11-01T00:00:00Z')

const days = (from: unknown, to: unknown): number =>
  (Date.parse(String(to)) - Date.parse(String(from))) / 86_400_000

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, one) => sum + one, 0) / Math.max(1, numbers.length)

/** What one source alone would say of how late each subject is; nothing here reads a trait. */
type Measure = (records: readonly Said[], world: SourceWorld) => ReadonlyMap<string, number>

function perSubject(rows: readonly (readonly [subject: string, value: number])[]) {
  const groups = new Map<string, number[]>()
  for (const [subject, value] of rows) groups.set(subject, [...(groups.get(subject) ?? []), value])
  return new Map([...groups].map(([subject, values]) => [subject, mean(values)]))
}

const MEASURES: Readonly<Partial<Record<VoiceName, Measure>>> = {
  bank_statements(records, world) {
    const invoices = world.said('vat_invoices', NOW)
    const dueOn = new Map(invoices.map(({ body }) => [body['number'], body['payableOn']]))
    return perSubject(
      records
        .filter(({ body }) => body['purpose'] === 'TRADE' && body['direction'] === 'DBIT')
        .map(({ subject, body }) => [
          subject.id,
          days(dueOn.get(body['documentNumber']), body['bookedOn']),
        ]),
    )
  },
  credit_bureau: records =>
    perSubject(records.map(({ subject, body }) => [subject.id, Number(body['overdueDays'])])),
  utilities: records =>
    perSubject(
      records
        .filter(({ body }) => body['paidOn'] !== undefined)
        .map(({ subject, body }) => [subject.id, days(body['dueOn'], body['paidOn'])]),
    ),
  tax_filings: records =>
    perSubject(
      records
        .filter(({ body }) => body['paidOn'] !== undefined)
        .map(({ subject, body }) => [subject.id, days(body['dueOn'], body['paidOn'])]),
    ),
  ecommerce: records =>
    perSubject(records.map(({ subject, body }) => [subject.id, Number(body['lateShipmentsPpm'])])),
}

/** Spearman's rank correlation over the subjects that both know. */
function agreement(one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): number {
  const both = [...one.keys()].filter(subject => other.has(subject))
  const ranks = (values: ReadonlyMap<string, number>): number[] => {
    const sorted = both.map(subject => values.get(subject) ?? 0).sort((a, b) => a - b)
    return both.map(subject => sorted.indexOf(values.get(subject) ?? 0))
  }
  const [a, b] = [ranks(one), ranks(other)]
  const [ma, mb] = [mean(a), mean(b)]
  const sum = (f: (at: number) => number): number => mean(both.map((_, at) => f(at)))
  const spread = (values: number[], m: number): number =>
    Math.sqrt(sum(at => ((values[at] ?? 0) - m) ** 2))
  return sum(at => ((a[at] ?? 0) - ma) * ((b[at] ?? 0) - mb)) / (spread(a, ma) * spread(b, mb))
}

const isLate = ({ traits }: Actor): boolean => traits.daysLate >= 25
const isPrompt = ({ traits }: Actor): boolean =>
  traits.daysLate <= 4 && traits.distressFrom === undefined

for (const seed of ['lake-1', 'lake-2', 'lake-3'])
  describe(`the sources of one world agree with each other (seed ${seed})`, function () {
    this.timeout(60_000)
    const world = createSourceWorld({
      seed,
      first: '2025-11-01',
      population: { firms: 60, shopkeepers: 80, farmers: 40 },
    })
    const said = (source: VoiceName): readonly Said[] => world.said(source, NOW)
    const scored = world.actors.filter(({ role }) => role !== 'CORE')
    const idsOf = (group: readonly Actor[]) => new Set(group.map(({ subject }) => subject.id))
    const lastOf = (records: readonly Said[]): Said[] => [
      ...new Map([...records].sort((a, b) => a.revision - b.revision).map(r => [r.id, r])).values(),
    ]

    it('who pays late is late in each of them', () => {
      const [late, prompt] = [idsOf(scored.filter(isLate)), idsOf(scored.filter(isPrompt))]
      expect(Math.min(late.size, prompt.size)).to.be.above(10)
      for (const [source, measure] of Object.entries(MEASURES)) {
        const found = measure(said(source as VoiceName), world)
        const of = (group: Set<string>) =>
          [...found].filter(([subject]) => group.has(subject)).map(([, value]) => value)
        const [worstPrompt, meanLate] = [Math.max(...of(prompt)), mean(of(late))]
        expect(meanLate, `${source}, seed ${seed}`).to.be.above(worstPrompt)
      }
    })

    it('any two of them put the subjects in much the same order, without knowing why', () => {
      const found = Object.entries(MEASURES).map(
        ([source, measure]) => [source, measure(said(source as VoiceName), world)] as const,
      )
      for (const [source, one] of found)
        for (const [other, two] of found)
          if (source < other)
            expect(agreement(one, two), `${source} and ${other}, seed ${seed}`).to.be.above(0.45)
    })

    it('courts know those who were too late for too long, and nobody who pays in time', () => {
      const sued = (group: readonly Actor[]) => {
        const ids = idsOf(group)
        const known = new Set(said('court_records').map(({ subject }) => subject.id))
        return group.length === 0 ? 0 : [...ids].filter(id => known.has(id)).length / ids.size
      }
      expect(sued(scored.filter(isPrompt)), `seed ${seed}`).to.equal(0)
      expect(sued(scored.filter(isLate)), `seed ${seed}`).to.be.above(0.25)
      const listed = said('court_records').filter(
        ({ body }) => body['stage'] === 'DISHONEST_LISTED',
      )
      const distressed = idsOf(scored.filter(({ traits }) => traits.distressFrom !== undefined))
      expect(listed, `seed ${seed}`).to.not.be.empty
      for (const { subject } of listed) expect(distressed.has(subject.id)).to.equal(true)
    })

    it('a lawsuit names an invoice that was unpaid on that day, by bank and tax office alike', () => {
      const paid = new Map(
        said('bank_statements')
          .filter(({ body }) => body['direction'] === 'DBIT')
          .map(({ body }) => [body['documentNumber'], String(body['bookedOn'])]),
      )
      const invoices = new Map(said('vat_invoices').map(({ body }) => [body['number'], body]))
      const opened = said('court_records').filter(
        ({ body }) => body['stage'] === 'ACCEPTED' && body['cause'] === 'SALE_CONTRACT',
      )
      expect(opened, `seed ${seed}`).to.not.be.empty
      for (const { body, subject } of opened) {
        const invoice = invoices.get(body['documentNumber'])
        expect(invoice).to.include({ buyerCode: subject.id, totalFen: body['amountFen'] })
        expect(days(invoice?.['payableOn'], body['stageOn'])).to.be.at.least(60)
        expect((paid.get(body['documentNumber']) ?? '9999') > String(body['stageOn'])).to.equal(
          true,
        )
      }
    })

    it('who writes invoices without goods has fewer waybills and less power than invoices', () => {
      const shipped = new Set(said('logistics').map(({ body }) => body['documentNumber']))
      const sold = said('vat_invoices').filter(({ body }) => body['side'] === 'SELLER')
      const carried = perSubject(
        sold
          .filter(({ body }) => String(body['issuedOn']) < '2026-10-01')
          .map(({ subject, body }) => [subject.id, shipped.has(body['number']) ? 1 : 0]),
      )
      const firms = scored.filter(({ subject }) => subject.kind === 'MEMBER')
      const ghosts = idsOf(firms.filter(({ traits }) => traits.isGhost))
      expect(ghosts.size, `seed ${seed}`).to.be.above(0)
      for (const [subject, share] of carried)
        if (ghosts.has(subject)) expect(share, `seed ${seed}`).to.be.below(0.75)
        else expect(share, `seed ${seed}`).to.equal(1)

      const total = (records: readonly Said[], field: string) =>
        new Map([
          ...perSubject(records.map(({ subject, body }) => [subject.id, Number(body[field])])),
        ])
      const units = total(
        said('utilities').filter(({ revision }) => revision === 1),
        'usageUnits',
      )
      const sales = total(lastOf(said('tax_filings')), 'salesFen')
      const ratio = (group: readonly Actor[]) =>
        mean(group.map(({ subject: { id } }) => (units.get(id) ?? 0) / (sales.get(id) ?? 1)))
      const [ghostly, honest] = [true, false].map(is =>
        ratio(firms.filter(({ traits }) => traits.isGhost === is)),
      )
      expect(ghostly, `seed ${seed}`).to.be.below((honest ?? 0) * 0.75)
    })

    it('distress is a decline at the meter, on the tax return, in the shop and in the register', () => {
      const distressed = scored.filter(
        ({ traits }) => traits.distressFrom !== undefined && traits.distressFrom < '2026-05-01',
      )
      expect(distressed, `seed ${seed}`).to.not.be.empty
      const change = (source: VoiceName, field: string, group: readonly Actor[]) => {
        const ids = idsOf(group)
        const rows = lastOf(said(source)).filter(({ subject }) => ids.has(subject.id))
        const of = (from: string, to: string) =>
          mean(
            rows
              .filter(({ body }) => String(body['period']) >= from && String(body['period']) <= to)
              .map(({ body }) => Number(body[field])),
          )
        return of('2026-08', '2026-09') / of('2025-11', '2025-12')
      }
      const well = scored.filter(({ traits }) => traits.distressFrom === undefined)
      for (const [source, field] of [
        ['utilities', 'usageUnits'],
        ['ecommerce', 'salesFen'],
      ] as const)
        expect(change(source, field, distressed), `${source}, seed ${seed}`).to.be.below(
          0.8 * change(source, field, well),
        )
      const abnormal = new Set(
        said('business_registry')
          .filter(({ body }) => body['status'] === 'ABNORMAL')
          .map(({ subject }) => subject.id),
      )
      for (const { subject } of distressed.filter(one => one.subject.kind === 'MEMBER'))
        expect(abnormal.has(subject.id), `seed ${seed}`).to.equal(true)
      for (const { subject } of well) expect(abnormal.has(subject.id)).to.equal(false)
    })
  })
