import { expect } from 'chai'
import { CATALOGUE } from './catalogue/index.ts'
import { check } from './check.ts'
import { customsRecord, PERSON, type RawRecord } from './testing.ts'

const ARRIVED = '2026-10-20T00:00:00.000Z'
const customs = (change: Partial<Record<keyof RawRecord, unknown>>) =>
  check(CATALOGUE.customs, { ...customsRecord('D-1'), ...change }, ARRIVED)
const body = (change: Readonly<Record<string, unknown>>) =>
  customs({ body: { ...customsRecord('D-1').body, ...change } })
const why = (checked: ReturnType<typeof customs>) =>
  'code' in checked ? `${checked.code} ${checked.path}`.trim() : 'KEPT'

describe('the check of a record', () => {
  it('keeps a good one with both of its times', () => {
    const checked = customs({})
    expect(why(checked)).to.equal('KEPT')
    expect(checked).to.deep.include({ drift: [] })
    expect(checked).to.have.nested.property('record.eventAt', '2026-10-05T02:00:00.000Z')
    expect(checked).to.have.nested.property('record.arrivedAt', ARRIVED)
  })

  it('says of a bad one what is wrong, and where', () => {
    expect(why(check(CATALOGUE.customs, 'text', ARRIVED))).to.equal('NOT_AN_OBJECT')
    expect(why(check(CATALOGUE.customs, [1], ARRIVED))).to.equal('NOT_AN_OBJECT')
    expect(why(customs({ id: '' }))).to.equal('KEY_INVALID id')
    expect(why(customs({ revision: 0 }))).to.equal('KEY_INVALID revision')
    expect(why(customs({ subject: { kind: 'MEMBER', id: '91310115MA1K4ABC4X' } }))).to.equal(
      'SUBJECT_INVALID subject',
    )
    expect(why(customs({ subject: PERSON }))).to.equal('SUBJECT_KIND subject.kind')
    expect(why(customs({ eventAt: 'yesterday' }))).to.equal('EVENT_TIME_INVALID eventAt')
    expect(why(customs({ body: null }))).to.equal('FIELD_INVALID body')
    expect(why(body({ valueFen: undefined }))).to.equal('FIELD_MISSING body.valueFen')
    expect(why(body({ hsCode: 'a b' }))).to.equal('FIELD_INVALID body.hsCode')
    expect(why(body({ status: 'LOST' }))).to.equal('FIELD_INVALID body.status')
  })

  it('takes money as whole fen that a number holds exactly, and nothing else', () => {
    for (const valueFen of [1.5, '100', 2 ** 53, Infinity, null])
      expect(why(body({ valueFen })), String(valueFen)).to.equal('FIELD_INVALID body.valueFen')
    expect(why(body({ valueFen: 2 ** 53 - 1 }))).to.equal('KEPT')
    expect(why(body({ valueFen: -1 }))).to.equal('KEPT')
  })

  it('takes days that the calendar has', () => {
    for (const statusOn of ['2026-02-30', '2026-1-5', '5 October', '0000-01-01'])
      expect(why(body({ statusOn })), statusOn).to.equal('FIELD_INVALID body.statusOn')
  })

  it('refuses an event time that its own field denies, by the calendar of China', () => {
    expect(why(customs({ eventAt: '2026-10-05T16:00:00.000Z' }))).to.equal(
      'EVENT_TIME_MISMATCH body.statusOn',
    )
    expect(why(customs({ eventAt: '2026-10-04T16:00:00.000Z' }))).to.equal('KEPT')
  })

  it('refuses what has not happened yet: a feature must not see the future', () => {
    const late = customsRecord('D-1', '2026-10-22')
    expect(why(check(CATALOGUE.customs, late, ARRIVED))).to.equal('EVENT_IN_FUTURE eventAt')
  })

  it('refuses text that the catalogue could not store: one record must not hold up its batch', () => {
    const land = CATALOGUE.land_production
    for (const crop of ['水稻\0', '\ud800'])
      expect(land.fields.crop.schema.safeParse(crop).success).to.equal(false)
    expect(land.fields.crop.schema.safeParse('水稻').success).to.equal(true)
  })

  it('keeps a record without the field that the schema does not have, and names the field', () => {
    const checked = body({ vessel: 'MSC', ['\0']: 1, ['__proto__x']: 2 })
    expect(checked)
      .to.have.property('drift')
      .that.deep.equals(['vessel', '(unprintable)', '__proto__x'])
    expect(checked).to.not.have.nested.property('record.body.vessel')
  })

  it('is not led astray by names that every object has', () => {
    const raw = JSON.parse(
      JSON.stringify(customsRecord('D-1')).replace(
        '"valueFen":12345600',
        '"__proto__":{"valueFen":1}',
      ),
    ) as unknown
    expect(why(check(CATALOGUE.customs, raw, ARRIVED))).to.equal('FIELD_MISSING body.valueFen')
  })

  it('sees the same content whatever order its fields came in, and without what drifted', () => {
    const { body: fields } = customsRecord('D-1')
    const print = (one: ReturnType<typeof customs>) => ('code' in one ? '' : one.record.fingerprint)
    const turned = Object.fromEntries(Object.entries(fields).reverse())
    expect(print(customs({ body: turned })))
      .to.equal(print(customs({})))
      .and.not.equal('')
    expect(print(body({ vessel: 'MSC' }))).to.equal(print(customs({})))
    expect(print(body({ releasedOn: null }))).to.equal(print(customs({})))
    expect(print(body({ weightKg: 1 }))).to.not.equal(print(customs({})))
  })
})
