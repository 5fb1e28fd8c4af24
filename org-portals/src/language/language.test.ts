import { expect } from 'chai'
import { EXCEPTION_CODES } from '@triflow/chaincode/model'
import { en } from './en.ts'
import { zh } from './zh.ts'

type Tree = { readonly [key: string]: string | Tree }

/** Every text of a language by its key. */
function textsOf(tree: Tree, path = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[`${path}${key}`, value]] : textsOf(value, `${path}${key}.`),
  )
}

const placesOf = (text: string) => [...text.matchAll(/{{(\w+)}}/g)].map(([, name]) => name).sort()
const texts = { en: new Map(textsOf(en)), zh: new Map(textsOf(zh)) }

describe('The texts of the portals', () => {
  it('exist in both languages, with the same places for figures', () => {
    expect([...texts.zh.keys()].sort()).to.deep.equal([...texts.en.keys()].sort())
    for (const [key, text] of texts.en) {
      if (key.endsWith('_one')) continue
      expect(placesOf(texts.zh.get(key) ?? ''), key).to.deep.equal(placesOf(text))
    }
  })

  it('are Chinese in Chinese and not in English', () => {
    for (const [key, text] of texts.en) expect(text, key).to.not.match(/\p{Script=Han}/u)
    for (const [key, text] of texts.zh)
      if (text.replace(/{{\w+}}/g, '').trim() !== '' && text !== '、')
        expect(text, key).to.match(/\p{Script=Han}/u)
  })

  it('name every reason for which a contract refuses to match an invoice', () => {
    const named = Object.keys(en.invoice.exception)
    expect(EXCEPTION_CODES.filter(code => !named.includes(code))).to.deep.equal([])
  })
})
