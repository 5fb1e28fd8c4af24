import { peer } from '@hyperledger/fabric-protos'
import { expect } from 'chai'
import fc from 'fast-check'
import type { Layout } from '../../msp/index.ts'
import type { Candidate } from './endorsers.ts'
import { combine } from './layouts.ts'
import { EndorsementPlan, MISMATCH } from './plan.ts'

const layout = (counts: Record<string, number>): Layout => new Map(Object.entries(counts))
const plain = (layouts: readonly Layout[]) => layouts.map(l => Object.fromEntries(l))

const candidate = (name: string, mspId: string): Candidate => ({
  name,
  mspId,
  endpoint: `${name}:1`,
  height: 1,
  chaincodes: ['cc'],
  isLocal: false,
})

function response(endorser: string, payload = 'same'): peer.ProposalResponse {
  const endorsement = new peer.Endorsement()
  endorsement.setEndorser(Buffer.from(endorser))
  const answer = new peer.ProposalResponse()
  answer.setPayload(Buffer.from(payload))
  answer.setEndorsement(endorsement)
  return answer
}

describe('alternatives of endorsement', () => {
  it('let one signature count for every policy', () => {
    const chaincode = [layout({ A: 1, B: 1 }), layout({ A: 1, C: 1 }), layout({ B: 1, C: 1 })]
    const key = [layout({ C: 1 })]
    expect(plain(combine([chaincode, key]))).to.deep.equal([
      { A: 1, C: 1 },
      { B: 1, C: 1 },
    ])
  })

  it('are none when one policy has none', () => {
    expect(combine([[layout({ A: 1 })], []])).to.be.empty
    expect(combine([])).to.be.empty
  })

  it('satisfy every policy they were made of, and none contains another', () => {
    const organization = fc.constantFrom('A', 'B', 'C', 'D')
    const anyLayout = fc
      .dictionary(organization, fc.integer({ min: 1, max: 2 }), { minKeys: 1 })
      .map(layout)
    const policies = fc.array(fc.array(anyLayout, { minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 3,
    })
    const covers = (big: Layout, small: Layout): boolean =>
      [...small].every(([mspId, count]) => (big.get(mspId) ?? 0) >= count)
    fc.assert(
      fc.property(policies, all => {
        const combined = combine(all)
        expect(combined).to.not.be.empty
        for (const one of combined) {
          for (const policy of all) expect(policy.some(l => covers(one, l))).to.equal(true)
          expect(combined.filter(other => covers(one, other))).to.have.length(1)
        }
      }),
      { seed: Number(process.env['SEED'] ?? Date.now() % 1_000_000) },
    )
  })
})

describe('the plan of an endorsement', () => {
  const peers = [
    candidate('a0', 'A'),
    candidate('b0', 'B'),
    candidate('b1', 'B'),
    candidate('c0', 'C'),
  ]
  const [a0, b0, b1, c0] = peers as [Candidate, Candidate, Candidate, Candidate]

  it('counts an endorsement collected before, and asks for the rest', () => {
    const plan = new EndorsementPlan({ layouts: [layout({ A: 1, B: 1 })], candidates: peers })
    expect(plan.accept(a0, response('a0'))).to.equal(true)
    expect(plan.next()).to.deep.equal([b0])
    plan.accept(b0, response('b0'))
    expect(plan.result?.endorsements).to.have.length(2)
    expect(plan.next()).to.be.empty
  })

  it('takes a stand-in of the same organisation, then another alternative', () => {
    const layouts = [layout({ A: 1, B: 1 }), layout({ A: 1, C: 1 })]
    const plan = new EndorsementPlan({ layouts, candidates: peers })
    plan.accept(a0, response('a0'))
    expect(plan.next()).to.deep.equal([b0])
    plan.note(b0, 'down')
    expect(plan.standIn(b0)).to.equal(b1)
    expect(plan.accept(b1, response('b1', 'different'))).to.equal(false)
    expect(plan.standIn(b1)).to.equal(undefined)
    plan.abandon('B')
    expect(plan.next()).to.deep.equal([c0])
    plan.accept(c0, response('c0'))
    expect(plan.result?.endorsements).to.have.length(2)
    expect(plan.answers.map(a => a.message)).to.deep.equal(['down', MISMATCH])
  })

  it('has no result when no alternative is left', () => {
    const plan = new EndorsementPlan({ layouts: [layout({ D: 1 })], candidates: peers })
    expect(plan.next()).to.be.empty
    expect(plan.result).to.equal(undefined)
  })

  it('does not count one endorser twice', () => {
    const plan = new EndorsementPlan({ layouts: [layout({ B: 2 })], candidates: peers })
    plan.next()
    plan.accept(b0, response('same key'))
    plan.accept(b1, response('same key'))
    expect(plan.result?.endorsements).to.have.length(1)
  })
})
