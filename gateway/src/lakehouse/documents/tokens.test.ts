import { expect } from 'chai'
import fc from 'fast-check'
import { fold } from './fold.ts'
import { partsOf } from './question.ts'
import { snippetOf } from './snippet.ts'
import { tokensOf, wordsOfFolded } from './tokens.ts'

const covered = (query: string): string[][] =>
  partsOf(query).map(({ words }) => words.map(({ word }) => word))

describe('the words of a text', () => {
  it('hold every word of the dictionary, wherever it stands, and every character', () => {
    expect(tokensOf('应收账款')).to.have.members(['应', '收', '账', '款', '应收', '收账', '账款'])
    expect(tokensOf('法定代表人马梓涵')).to.include.members(['法定代表', '马', '梓', '涵'])
    expect(tokensOf('深圳市华星电子有限公司')).to.include.members(['深圳', '电子', '有限公司'])
  })

  it('keep numbers and amounts whole', () => {
    expect(tokensOf('发票24442000000123456789号')).to.include('24442000000123456789')
    expect(tokensOf('合计1,234,567.89元')).to.include('1234567.89')
    expect(tokensOf('1234567.89')).to.deep.equal(['1234567.89'])
    expect(tokensOf('税号91440300MA5DABCD9X')).to.include('91440300ma5dabcd9x')
    expect(tokensOf('HT-2026-000118')).to.deep.equal(['ht', '2026', '000118'])
  })

  it('are the same in half and full width, in upper and lower case', () => {
    expect(tokensOf('ＨＴ－２０２６　Ｉｎｖｏｉｃｅ')).to.deep.equal(tokensOf('ht-2026 INVOICE'))
  })

  it('leave traditional and simplified apart', () => {
    expect(tokensOf('應收賬款')).to.not.include.members(['应收'])
    expect(tokensOf('應')).to.deep.equal(['應'])
  })

  it('leave out what is in nearly every text', () => {
    expect(tokensOf('的 和 the OF')).to.deep.equal([])
    expect(tokensOf('！？，。 \u0000')).to.deep.equal([])
  })

  it('cut a word without end', () => {
    expect(tokensOf('a'.repeat(130)).map(word => word.length)).to.deep.equal([64, 64, 2])
  })

  it('stand in the folded text where they say', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), text => {
        const { text: folded, origin } = fold(text)
        expect(origin.length).to.equal(folded.length + 1)
        expect([...origin]).to.deep.equal([...origin].sort((a, b) => a - b))
        for (const { word, at, length } of wordsOfFolded(folded))
          expect(folded.slice(at, at + length).replaceAll(',', '')).to.equal(word)
      }),
      { numRuns: 500 },
    )
  })

  it('are there again in a text around them: what is asked is in what answers', () => {
    const piece = fc.constantFrom(
      ...'应收账款 转让 马梓涵 人马 有限公司 之 2026 发票 HT-01 东莞市'.split(' '),
    )
    fc.assert(
      fc.property(
        fc.array(piece),
        fc.array(piece, { minLength: 1, maxLength: 4 }),
        (before, asked) => {
          const query = asked.join('')
          const text = `${before.join('')}。${query}。${before.join('')}`
          const held = new Set(tokensOf(text))
          for (const words of covered(query))
            for (const word of words) expect(held).to.include(word)
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('a question', () => {
  it('is covered by few words, part by part', () => {
    expect(covered('应收账款转让 深圳')).to.deep.equal([['应收', '账款', '转让'], ['深圳']])
    expect(covered('有限公司')).to.deep.equal([['有限公司']])
    expect(covered('的　。 HT-2026')).to.deep.equal([['ht', '2026']])
  })

  it('too long is refused', () => {
    expect(() => partsOf('应'.repeat(257)))
      .to.throw()
      .with.property('code', 'QUERY_TOO_LONG')
    expect(() => partsOf('a b c d e f g h i j k l m n o p q r s'))
      .to.throw()
      .with.property('code', 'QUERY_TOO_LONG')
  })
})

describe('a snippet', () => {
  const marked = (text: string, query: string): string[] => {
    const snippet = snippetOf(text, partsOf(query))
    return snippet.marks.map(([from, to]) => snippet.text.slice(from, to))
  }

  it('marks what was asked, as it was written', () => {
    expect(marked('合同ＨＴ－２０２６号', 'ht-2026')).to.deep.equal(['ＨＴ－２０２６'])
    expect(marked(`${'前'.repeat(500)}应收账\n款转让${'后'.repeat(500)}`, '账款')).to.deep.equal([
      '账\n款',
    ])
    expect(marked('深圳的应收账款', '账款 深圳')).to.deep.equal(['深圳', '账款'])
  })

  it('marks a Latin word or a number only as a whole', () => {
    expect(marked('1234 12 123', '12')).to.deep.equal(['12'])
  })

  it('of a text that is marked nowhere is its beginning', () => {
    expect(snippetOf('甲'.repeat(200), partsOf('乙'))).to.deep.equal({
      text: '甲'.repeat(120),
      marks: [],
    })
  })

  it('lies in the text and marks in order, whatever the text is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.nat(290), (text, from) => {
        const asked = text.slice(from, from + 4)
        const { text: shown, marks } = snippetOf(text, partsOf(asked))
        let last = 0
        for (const [begin, end] of marks) {
          expect(begin).to.be.at.least(last)
          expect(end).to.be.above(begin)
          last = end
        }
        expect(last).to.be.at.most(shown.length)
      }),
      { numRuns: 500 },
    )
  })
})
