import { createHash } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import {
  addDays,
  addMonths,
  amountFen,
  businessDay,
  CALENDAR_CN,
  canonicalJson,
  commitmentOf,
  creditCodeCheck,
  dayNumber,
  dayOfNumber,
  daysBetween,
  decodePrivate,
  decodeState,
  invoiceId,
  isCreditCode,
  isLocalDate,
  localDate,
  opening,
  parseFault,
  CodedError,
  readOpening,
  rollForward,
  saltOf,
  sealValue,
} from './index.ts'

describe('unified social credit codes', () => {
  it('accepts the example of the standard and codes in public registers', () => {
    for (const code of ['91350100M000100Y43', '914403001922038216', '91330100799655058B'])
      expect(isCreditCode(code), code).to.equal(true)
  })

  it('notices every single wrong letter', () => {
    const good = '91350100M000100Y43'
    for (let index = 0; index < good.length; index += 1)
      for (const letter of '0123456789ABCDEFGHJKLMNPQRTUWXY')
        if (letter !== good[index]) {
          const bad = good.slice(0, index) + letter + good.slice(index + 1)
          expect(isCreditCode(bad), bad).to.equal(false)
        }
  })

  it('refuses the letters I, O, S, V, Z, lower case and wrong lengths', () => {
    expect(creditCodeCheck('9135010OM000100Y4')).to.equal(undefined)
    for (const bad of ['', '91350100m000100Y43', '91350100M000100Y4', '91350100M000100Y433'])
      expect(isCreditCode(bad)).to.equal(false)
  })
})

describe('invoice fingerprints', () => {
  const document = {
    code: '',
    number: '26312000000000000001',
    issuedOn: localDate('2026-03-01'),
    totalFen: amountFen(11_300n),
  }
  const base = { consortiumKey: '11'.repeat(32), sellerTaxId: '91350100M000100Y43', document }

  it('two sellers with the same invoice number do not collide', () => {
    expect(invoiceId(base)).to.not.equal(invoiceId({ ...base, sellerTaxId: '914403001922038216' }))
  })
  it('depends on number, code, date, total and key, and on nothing else', () => {
    const change = (part: Partial<typeof document>) =>
      invoiceId({ ...base, document: { ...document, ...part } })
    const all = [
      invoiceId(base),
      change({ number: '2' }),
      change({ code: '3' }),
      change({ issuedOn: localDate('2026-03-02') }),
      change({ totalFen: amountFen(1n) }),
      invoiceId({ ...base, consortiumKey: '22'.repeat(32) }),
    ]
    expect(new Set(all).size).to.equal(all.length)
    const withMore = { ...document, buyer: 'someone' }
    expect(invoiceId({ ...base, document: withMore })).to.equal(invoiceId(base))
  })
})

describe('canonical values and commitments', () => {
  it('equal values have equal bytes, whatever the order of their members', () => {
    expect(canonicalJson({ b: 1, a: [true, null, 'x'], c: 5n, d: undefined })).to.equal(
      '{"a":[true,null,"x"],"b":1,"c":"5"}',
    )
  })
  it('refuses floats, unsafe integers and what JSON cannot say', () => {
    for (const bad of [1.5, Number.NaN, 2 ** 60, -0, () => 1, Symbol('x'), undefined])
      expect(() => canonicalJson({ bad })).to.satisfy((run: () => unknown) => {
        try {
          run()
          return bad === undefined
        } catch (error) {
          return error instanceof CodedError && error.fault.code === 'VALUE_NOT_CANONICAL'
        }
      })
  })
  it('a commitment is the SHA-256 that a peer keeps of the stored bytes, Chinese text included', () => {
    const text = sealValue({ usedFen: 7n, note: '钢材' }, 'ab'.repeat(32), 'U:x')
    const expected = createHash('sha256').update(text, 'utf8').digest('hex')
    expect(commitmentOf(text)).to.equal(expected)
  })
  it('salts differ by record and by transaction, so equal amounts have different commitments', () => {
    const salts = ['R:a', 'R:b'].flatMap(key => [
      saltOf('ab'.repeat(32), key),
      saltOf('cd'.repeat(32), key),
    ])
    expect(new Set(salts).size).to.equal(4)
  })
  it('decodes what it sealed, and refuses members it does not know', () => {
    const text = sealValue({ usedFen: 7n }, 'ab'.repeat(32), 'U:x')
    expect(readOpening('usage', text).usedFen).to.equal(7n)
    expect(decodePrivate('U:x', text).kind).to.equal('usage')
    const smuggled = text.replace('{', '{"evil":1,')
    expect(() => decodePrivate('U:x', smuggled)).to.throw('REQUEST_MALFORMED')
    expect(() => decodePrivate('R:x', opening('{}'))).to.throw('REQUEST_MALFORMED')
    expect(() => decodeState('W:x', '{}')).to.throw('REQUEST_MALFORMED')
    expect(() => decodeState('U:x', '{}')).to.throw('REQUEST_MALFORMED')
  })
})

describe('coded errors', () => {
  it('survive the text of an endorser and keep their details', () => {
    const { message } = new CodedError({ code: 'SPLIT_SUM', left: 5n })
    const wrapped = `10 ABORTED: chaincode response 500, ${message}`
    expect(parseFault(wrapped)).to.deep.equal({ code: 'SPLIT_SUM', left: '5' })
  })
  it('other texts are not ours', () => {
    for (const text of ['', 'ERROR {}', 'UNKNOWN {"a":1}', 'SPLIT_SUM', 'SPLIT_SUM {'])
      expect(parseFault(text)).to.equal(undefined)
  })
})

describe('calendar days', () => {
  it('count as the calendar does, over 400 years', () => {
    fc.assert(
      fc.property(fc.integer({ min: -100_000, max: 100_000 }), number => {
        const day = dayOfNumber(number)
        const expected = new Date(number * 86_400_000).toISOString().slice(0, 10)
        expect(day).to.equal(expected)
        expect(dayNumber(day)).to.equal(number)
      }),
      { seed: 1, numRuns: 2_000 },
    )
  })
  it('know which days exist', () => {
    expect(['2024-02-29', '2000-02-29', '2026-12-31'].every(isLocalDate)).to.equal(true)
    for (const bad of [
      '2026-02-29',
      '1900-02-29',
      '2026-13-01',
      '2026-00-10',
      '2026-1-1',
      '20260101',
    ])
      expect(isLocalDate(bad), bad).to.equal(false)
  })
  it('182 days from 1 January to 2 July; month ends are clamped', () => {
    expect(daysBetween(localDate('2026-01-01'), localDate('2026-07-02'))).to.equal(182)
    expect(addMonths(localDate('2026-08-31'), 6)).to.equal('2027-02-28')
    expect(addMonths(localDate('2026-11-30'), 3)).to.equal('2027-02-28')
    expect(addDays(localDate('2026-12-31'), 1)).to.equal('2027-01-01')
  })
  it('the business day turns at midnight in China, and the pilot may move it', () => {
    const beforeMidnight = Date.UTC(2026, 4, 28, 15, 59, 59) / 1_000
    expect(businessDay({ epochSeconds: beforeMidnight, offsetDays: 0 })).to.equal('2026-05-28')
    expect(businessDay({ epochSeconds: beforeMidnight + 1, offsetDays: 0 })).to.equal('2026-05-29')
    expect(businessDay({ epochSeconds: beforeMidnight, offsetDays: 3 })).to.equal('2026-05-31')
  })
  it('a due date in the National Day week is paid on 8 October; a worked Saturday is a business day', () => {
    expect(rollForward(localDate('2026-10-03'), CALENDAR_CN)).to.equal('2026-10-08')
    expect(rollForward(localDate('2026-02-14'), CALENDAR_CN)).to.equal('2026-02-14')
    expect(rollForward(localDate('2026-02-15'), CALENDAR_CN)).to.equal('2026-02-24')
  })
})
