import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import fc from 'fast-check'
import { common } from '@hyperledger/fabric-protos'
import {
  compileApplicationPolicy,
  compileChannelPolicy,
  compilePolicy,
  parsePolicyText,
  PolicySyntaxError,
  readChannelConfig,
  signedByRole,
} from './index.ts'
import type { Identity, Role } from './types.ts'

const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
const GENESIS = new URL('../proof/fixtures/fabric-genesis.block', import.meta.url)

function signer(mspId: string, role: Role, name = 'a'): Identity {
  return {
    mspId,
    pem: '',
    bytes: new Uint8Array(0),
    certificate: new Uint8Array(0),
    id: `${mspId}/${role}/${name}`,
    roles: new Set<Role>(['member', role]),
    commonName: name,
    organizationalUnits: [role],
    attributes: {},
    notBefore: 0,
    notAfter: 0,
    certifiersIdentifier: new Uint8Array(0),
  }
}

const peer = (mspId: string, name = 'a') => signer(mspId, 'peer', name)
const policy = (text: string) => compilePolicy(parsePolicyText(text))
const layoutsOf = (text: string, available?: ReadonlyMap<string, number>) =>
  policy(text)
    .layouts(available)
    .map(layout => Object.fromEntries(layout))

describe('the policy language', () => {
  it('reads the three gates, both quotes, and a quoted threshold', () => {
    for (const text of [
      "AND('A.member', 'B.peer')",
      "outof(2,'A.member','B.peer')",
      'And("A.member", "B.peer")',
      "OutOf(2, 'A.member', 'B.peer')",
      "OUTOF('2', 'A.member', 'B.peer')",
    ]) {
      expect(Buffer.from(parsePolicyText(text))).to.deep.equal(
        Buffer.from(parsePolicyText("AND('A.member','B.peer')")),
      )
    }
  })

  it('refuses what is no policy, and says where', () => {
    for (const text of [
      '',
      "'A.member'",
      'AND()',
      "AND('A.member'",
      "AND('A.member',)",
      "AND('A.member')x",
      "NOT('A.member')",
      "AND('A.king')",
      "AND('A')",
      'AND(A.member)',
      "OutOf('A.member')",
      "OutOf(3, 'A.member')",
      "OutOf(-1, 'A.member')",
      "OutOf(1.5, 'A.member', 'B.member')",
      "aNd('A.member')",
      "and('A.member', 'B.member')",
      "AND('A.member';'B.member')",
    ]) {
      expect(() => parsePolicyText(text), text).to.throw(PolicySyntaxError)
    }
  })

  it('is not slowed or broken by deep nesting', () => {
    expect(() => parsePolicyText(`${'AND('.repeat(20_000)}`)).to.throw(PolicySyntaxError)
  })

  it('encodes as Fabric’s own parser does', () => {
    const config = readChannelConfig(new Uint8Array(readFileSync(GENESIS)))
    const readers = config.policies.get('/Channel/Application/Org1/Readers')
    if (readers?.kind !== 'signature') throw new Error('no signature policy')
    const text = "OR('Org1MSP.admin','Org1MSP.peer','Org1MSP.client')"
    expect(Buffer.from(parsePolicyText(text))).to.deep.equal(Buffer.from(readers.envelope))
  })
})

describe('signature policies', () => {
  it('need what they say', () => {
    const both = policy("AND('A.peer', 'B.peer')")
    expect(both.evaluate([peer('A'), peer('B')])).to.equal(true)
    expect(both.evaluate([peer('A')])).to.equal(false)
    expect(both.evaluate([peer('A'), signer('B', 'client')])).to.equal(false)
    expect(policy("OutOf(0, 'A.peer')").evaluate([])).to.equal(true)
    expect(policy("OutOf(2, 'A.peer')").evaluate([peer('A')])).to.equal(false)
  })

  it('count one identity once, however often it signs', () => {
    const two = policy("OutOf(2, 'A.peer', 'A.peer')")
    expect(two.evaluate([peer('A'), peer('A')])).to.equal(false)
    expect(two.evaluate([peer('A'), peer('A', 'b')])).to.equal(true)
    expect(policy("AND('A.member', 'A.peer')").evaluate([peer('A')])).to.equal(false)
  })

  it('take signers greedily in the order of rules, as Fabric does', () => {
    const text = "AND('A.member', 'A.peer')"
    const client = signer('A', 'client')
    expect(policy(text).evaluate([client, peer('A')])).to.equal(true)
    // The peer is taken for the first principal, and nobody is left for the second.
    expect(policy(text).evaluate([peer('A'), client])).to.equal(false)
  })

  it('give back the signers a failed branch took', () => {
    const text = "OR(AND('A.peer', 'B.peer'), 'A.peer')"
    expect(policy(text).evaluate([peer('A')])).to.equal(true)
  })

  it('refuse malformed bytes with one code', () => {
    for (const hex of ['ff', '0801', '12020803', '1206120408011200']) {
      expect(() => compilePolicy(Buffer.from(hex, 'hex')), hex).to.throw('POLICY_MALFORMED')
    }
    expect(() => compilePolicy(new Uint8Array(0))).to.throw('POLICY_MALFORMED')
  })

  it('never grow laxer with fewer signers', () => {
    const names = fc.subarray(['A', 'B', 'C', 'D'], { minLength: 1 })
    fc.assert(
      fc.property(names, fc.nat(4), fc.subarray(['A', 'B', 'C', 'D']), (orgs, n, present) => {
        const compiled = compilePolicy(signedByRole('peer', orgs, n))
        const signers = present.map(org => peer(org))
        const satisfied = present.filter(org => orgs.includes(org)).length >= n
        return compiled.evaluate(signers) === satisfied
      }),
      { seed: SEED },
    )
  })
})

describe('layouts for the planning of endorsements', () => {
  it('are the minimal sets of organisations', () => {
    expect(layoutsOf("OutOf(2, 'A.peer', 'B.peer', 'C.member')")).to.deep.equal([
      { A: 1, B: 1 },
      { A: 1, C: 1 },
      { B: 1, C: 1 },
    ])
    expect(layoutsOf("OR('A.peer', AND('A.peer', 'B.peer'))")).to.deep.equal([{ A: 1 }])
    expect(layoutsOf("AND('A.peer', 'A.peer')")).to.deep.equal([{ A: 2 }])
  })

  it('leave out what peers cannot sign and what is not there', () => {
    expect(layoutsOf("OR('A.admin', 'B.peer')")).to.deep.equal([{ B: 1 }])
    expect(layoutsOf("AND('A.client', 'B.peer')")).to.deep.equal([])
    const available = new Map([
      ['A', 1],
      ['C', 3],
    ])
    expect(layoutsOf("OutOf(2, 'A.peer', 'B.peer', 'C.peer')", available)).to.deep.equal([
      { A: 1, C: 1 },
    ])
    expect(layoutsOf("AND('A.peer', 'A.peer')", available)).to.deep.equal([])
  })

  it('stay bounded for many organisations', () => {
    const orgs = Array.from({ length: 30 }, (_, index) => `O${index}`)
    const layouts = compilePolicy(signedByRole('peer', orgs, 16)).layouts()
    expect(layouts.length).to.be.within(1, 256)
  })

  it('satisfy the policy they were made from', () => {
    const principal = fc
      .tuple(fc.constantFrom('A', 'B', 'C'), fc.constantFrom('peer', 'member'))
      .map(([org, role]) => `'${org}.${role}'`)
    const { rule } = fc.letrec<{ rule: string; gate: string }>(tie => ({
      rule: fc.oneof({ maxDepth: 3 }, principal, tie('gate')),
      gate: fc
        .tuple(
          fc.integer({ min: 1, max: 3 }),
          fc.array(tie('rule'), { minLength: 1, maxLength: 3 }),
        )
        .map(([n, rules]) => `OutOf(${Math.min(n, rules.length)}, ${rules.join(', ')})`),
    }))
    fc.assert(
      fc.property(fc.array(rule, { minLength: 1, maxLength: 3 }), rules => {
        const compiled = policy(`AND(${rules.join(', ')})`)
        return compiled.layouts().every(layout => {
          const signers = [...layout].flatMap(([org, count]) =>
            Array.from({ length: count }, (_, index) => peer(org, String(index))),
          )
          return compiled.evaluate(signers)
        })
      }),
      { seed: SEED },
    )
  })
})

describe('policies of the channel configuration', () => {
  const config = readChannelConfig(new Uint8Array(readFileSync(GENESIS)))

  it('resolve ANY, ALL and MAJORITY over the organisations', () => {
    expect(compileChannelPolicy(config, 'Endorsement').evaluate([peer('Org1MSP')])).to.equal(true)
    const writers = compileChannelPolicy(config, '/Channel/Application/Writers')
    expect(writers.evaluate([signer('Org1MSP', 'client')])).to.equal(true)
    expect(writers.evaluate([peer('Org1MSP')])).to.equal(false)
    const admins = compileChannelPolicy(config, '/Channel/Orderer/Admins')
    const some = ['Ord1MSP', 'Ord2MSP', 'Ord3MSP'].map(org => signer(org, 'admin'))
    expect(admins.evaluate(some)).to.equal(true)
    expect(admins.evaluate(some.slice(1))).to.equal(false)
  })

  it('reject everybody under a path that does not exist', () => {
    const nobody = compileChannelPolicy(config, '/Channel/Application/Nothing')
    expect(nobody.evaluate([peer('Org1MSP')])).to.equal(false)
    expect(nobody.layouts()).to.deep.equal([])
  })

  it('are reached by an application policy’s reference', () => {
    const reference = new common.ApplicationPolicy()
    reference.setChannelConfigPolicyReference('/Channel/Application/Endorsement')
    const compiled = compileApplicationPolicy(config, reference.serializeBinary())
    expect(compiled.evaluate([peer('Org1MSP')])).to.equal(true)
    expect(() => compileApplicationPolicy(config, new Uint8Array(0))).to.throw('POLICY_MALFORMED')
  })
})

before(() => {
  console.log(`    policies: TEST_SEED=${SEED}`)
})
