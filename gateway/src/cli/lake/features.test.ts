import { expect } from 'chai'
import { parseDecisions } from './features.ts'

describe('a file of decisions', () => {
  it('is read by the names of its columns, in any order and beside others', () => {
    const text =
      '\ufeffnote,at,member\nx,2026-01-31T12:00:00Z,m1\n\n,2026-01-31T20:00:00+08:00,m2\n'
    const atMs = Date.UTC(2026, 0, 31, 12)
    expect(parseDecisions(text)).to.deep.equal([
      { member: 'm1', atMs },
      { member: 'm2', atMs },
    ])
  })

  it('is refused with the line that has no member or no instant', () => {
    const text = 'member,at\nm1,2026-01-31T12:00:00Z\nm2,31.1.2026\n'
    expect(() => parseDecisions(text)).to.throw('line 3')
    expect(() => parseDecisions('member\nm1\n')).to.throw('line 2')
  })
})
