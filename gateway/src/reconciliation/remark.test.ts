import { expect } from 'chai'
import { decodePrivate } from '@triflow/chaincode/model'
import { remarkOf } from './remark.ts'

describe('a remark typed beside a reason', () => {
  it('is what the ledger takes, whatever was pasted', () => {
    const pasted = ['two\nlines\tand a bell\u0007', 'e\u0301tage', `${'x'.repeat(399)}\u{1F4B0}`]
    for (const text of pasted) {
      const value = JSON.stringify({ text: remarkOf(text), salt: '0'.repeat(64) })
      expect(() => decodePrivate('W:0123456789abcdef', value)).to.not.throw()
    }
    expect(remarkOf('two\nlines')).to.equal('two lines')
  })
})
