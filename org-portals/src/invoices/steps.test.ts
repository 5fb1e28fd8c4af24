import type { Invoice, Principal } from '@triflow/gateway/client'
import { expect } from 'chai'
import { matchWanted, nextStep } from './steps.ts'

const invoice = (part: Partial<Invoice>) =>
  ({
    buyer: { memberId: 'core' },
    match: 'MATCHED',
    approval: 'SUBMITTED',
    eligibleFen: '100',
    ...part,
  }) as Invoice
const person = (role: 'maker' | 'checker', memberId = 'core') =>
  ({ memberId, roles: [role] }) as unknown as Principal

describe('What a person may do with an invoice', () => {
  it('the buyer’s maker proposes, its checker confirms, nobody else anything', () => {
    const proposed = invoice({ approval: 'PROPOSED' })
    expect(nextStep(person('maker'), invoice({}))).to.equal('CONFIRM_PROPOSE')
    expect(nextStep(person('checker'), invoice({}))).to.equal(undefined)
    expect(nextStep(person('checker'), proposed)).to.equal('CONFIRM_APPROVE')
    expect(nextStep(person('maker'), proposed)).to.equal(undefined)
    expect(nextStep(person('maker', 'seller'), invoice({}))).to.equal(undefined)
  })

  it('is nothing where the flows do not agree or nothing is eligible', () => {
    for (const part of [{ match: 'EXCEPTION' }, { match: 'NONE' }, { eligibleFen: '0' }] as const)
      expect(nextStep(person('maker'), invoice(part))).to.equal(undefined)
  })

  it('reads a verdict from the address, and nothing that is none', () => {
    expect(matchWanted(new URLSearchParams('match=EXCEPTION'))).to.equal('EXCEPTION')
    expect(matchWanted(new URLSearchParams('match=<b>'))).to.equal(undefined)
    expect(matchWanted(new URLSearchParams())).to.equal(undefined)
  })
})
