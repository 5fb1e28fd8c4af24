import { expect } from 'chai'
import { maskBody, maskText } from '../mask.ts'
import { SOURCE_NAMES, type Source } from '../source.ts'
import { CATALOGUE, PULLED } from './index.ts'

const sources = Object.values<Source>(CATALOGUE)

describe('the catalogue of sources', () => {
  it('has thirteen, each under its own name, of which the ledger alone is not pulled', () => {
    expect(sources.map(({ name }) => name)).to.deep.equal([...SOURCE_NAMES])
    expect(sources).to.have.length(13)
    expect(PULLED).to.have.length(12)
    expect(CATALOGUE.ledger_behaviour.origin).to.equal('LEDGER')
  })

  it('says everything in two languages, and on which ground a record of each subject is kept', () => {
    for (const source of sources) {
      const said = [source.words, ...Object.values(source.fields).map(({ words }) => words)]
      for (const { zh, en } of said) {
        expect(zh, source.name).to.match(/\p{Script=Han}/u)
        expect(en, source.name).to.match(/^[\x20-\x7e]+$/)
      }
      const bases = Object.values(source.consent)
      expect(bases, source.name).to.not.be.empty
      for (const { grounds } of bases) expect(grounds, source.name).to.not.be.empty
    }
  })

  it('has a required day or instant as event time of every source', () => {
    for (const { name, fields, eventField } of sources) {
      expect(fields[eventField]?.required, name).to.equal(true)
      expect(fields[eventField]?.column, name).to.be.oneOf(['DATE', 'TIMESTAMP'])
    }
  })

  it('asks persons before anything that is not a public record is kept, and for social behaviour opt-in', () => {
    for (const { name, consent } of sources)
      if (consent.PERSON) expect(consent.PERSON.kind, name).to.not.equal('CONTRACT')
    expect(CATALOGUE.social_behaviour.consent).to.have.nested.property('PERSON.kind', 'OPT_IN')
  })

  it('hides every field whose name speaks of a person, an account, a phone or a place', () => {
    const telling =
      /name$|representative|phone|address|account$|place|remittance|note$|Party|lender/i
    for (const { name, fields } of sources)
      for (const [field, { masking }] of Object.entries(fields))
        if (telling.test(field)) expect(masking, `${name}.${field}`).to.not.equal('NONE')
  })
})

describe('masking', () => {
  it('leaves of each kind what its rule says, and nothing of a text too short to hide in', () => {
    expect(maskText('NAME', '张小明')).to.equal('张**')
    expect(maskText('ID_NUMBER', '310101199001011234')).to.equal('310*************34')
    expect(maskText('ACCOUNT', '6217000012345678901')).to.equal('***************8901')
    expect(maskText('PHONE', '13800001111')).to.equal('138****1111')
    expect(maskText('ADDRESS', '江苏省苏州市工业园区星湖街1号')).to.equal('江苏省苏州市***')
    expect(maskText('FREE_TEXT', '货款 张小明')).to.equal('***')
    expect(maskText('PHONE', '1234567')).to.equal('*******')
    expect(maskText('NAME', '张')).to.equal('*')
    expect(maskText('NONE', 'x')).to.equal('x')
  })

  it('leaves out of a body what the catalogue does not know', () => {
    const body = { shop: 'S-1', orders: 3, secret: 'x' }
    expect(maskBody(CATALOGUE.ecommerce, body)).to.deep.equal({ shop: 'S-1', orders: 3 })
  })
})
