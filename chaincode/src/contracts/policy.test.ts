import { createRequire } from 'node:module'
import { expect } from 'chai'
import { satisfiesPolicy } from '../testing/policyReader.ts'
import { endorsedBy, endorsedByAll, endorsedByOneAndAnother, majority } from './policy.ts'

type Helper = { addOrgs(role: string, ...organizations: string[]): void; getPolicy(): Uint8Array }
const { KeyEndorsementPolicy } = createRequire(import.meta.url)('fabric-shim') as {
  KeyEndorsementPolicy: new () => Helper
}
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const signedBy = (policy: Uint8Array, ...organizations: string[]): boolean =>
  satisfiesPolicy(policy, new Set(organizations))

describe('key-level policies', () => {
  it('"all of" has the very bytes of the shim’s own helper', () => {
    for (const organizations of [['AMSP'], ['AMSP', 'BMSP'], ['BankAMSP', 'CoreMSP', 'DMSP']]) {
      const helper = new KeyEndorsementPolicy()
      helper.addOrgs('PEER', ...organizations)
      expect(hex(endorsedByAll(organizations))).to.equal(hex(helper.getPolicy()))
    }
  })
  it('a majority of four is three, of five is three', () => {
    expect([1, 2, 3, 4, 5].map(majority)).to.deep.equal([1, 2, 2, 3, 3])
    const policy = endorsedBy(['A', 'B', 'C', 'D'], 3)
    expect(signedBy(policy, 'A', 'B')).to.equal(false)
    expect(signedBy(policy, 'A', 'B', 'D')).to.equal(true)
  })
  it('a member’s record needs its own organisation and another', () => {
    const policy = endorsedByOneAndAnother('A', ['A', 'B', 'C'])
    expect(signedBy(policy, 'A')).to.equal(false)
    expect(signedBy(policy, 'B', 'C')).to.equal(false)
    expect(signedBy(policy, 'A', 'C')).to.equal(true)
  })
})
