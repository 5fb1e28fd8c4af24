import { expect } from 'chai'
import { CURVE_ORDER, readSignature, writeSignature } from '../proof/ecdsa.ts'
import { createMsp, createSigner, hasExpired, isMspFault, serializeIdentity } from './index.ts'
import {
  forge,
  x509,
  forgeKeys,
  forgeRevocationList,
  organizationOf,
  type Forged,
} from './testing/forge.ts'
import type { Identity, Msp, MspDefinition, MspFault, OrganizationConfig } from './types.ts'

function mspOf(...organizations: OrganizationConfig[]): Msp {
  const byId = new Map(organizations.map(one => [one.mspId, one]))
  return createMsp({ organizations: byId, ordererOrganizations: new Map() })
}

function accepted(outcome: Identity | MspFault): Identity {
  if (isMspFault(outcome)) throw new Error(`${outcome.fault}: ${outcome.detail}`)
  return outcome
}

const faultOf = (outcome: Identity | MspFault) => (isMspFault(outcome) ? outcome.fault : 'NONE')

describe('the membership service', () => {
  let root: Forged
  let client: Forged
  let msp: Msp
  const identify = (one: Forged, mspId = 'Org1MSP', by = msp) =>
    by.identify(serializeIdentity(mspId, one.certificatePem))
  const with1 = (more: Partial<MspDefinition>, ...roots: Forged[]) =>
    mspOf(organizationOf('Org1MSP', roots.length > 0 ? roots : [root], more))

  before(async () => {
    root = await forge({ commonName: 'ca.org1', isCa: true })
    client = await forge({ commonName: 'alice', units: ['client'], issuer: root })
    msp = with1({})
  })

  describe('identities', () => {
    it('accepts a certificate of the organisation and reads its role from the NodeOU', () => {
      const identity = accepted(identify(client))
      expect([...identity.roles]).to.have.members(['member', 'client'])
      expect(identity.commonName).to.equal('alice')
      expect(identify(client)).to.equal(identity)
    })

    it('refuses an organisation it does not know, and a certificate of another', async () => {
      expect(faultOf(identify(client, 'Org9MSP'))).to.equal('MSP_UNKNOWN')
      const foreign = await forge({ commonName: 'ca.org2', isCa: true })
      const stranger = await forge({ commonName: 'bob', units: ['client'], issuer: foreign })
      expect(faultOf(identify(stranger))).to.equal('CERTIFICATE_CHAIN_INVALID')
    })

    it('refuses a foreign CA that carries the name of the organisation’s own', async () => {
      const impostor = await forge({ commonName: 'ca.org1', isCa: true })
      const forged = await forge({ commonName: 'alice', units: ['client'], issuer: impostor })
      const outcome = identify(forged)
      expect(isMspFault(outcome) && outcome.detail).to.match(/CERTIFICATE_SIGNATURE/)
    })

    it('refuses a CA certificate as a signer, and a self-signed one', async () => {
      expect(faultOf(identify(root))).to.equal('CERTIFICATE_IS_CA')
      const own = await forge({ commonName: 'alice', units: ['client'] })
      expect(faultOf(identify(own))).to.equal('CERTIFICATE_CHAIN_INVALID')
    })

    it('refuses a client that issues certificates with its own key', async () => {
      const issued = await forge({ commonName: 'mallory', units: ['admin'], issuer: client })
      expect(faultOf(identify(issued))).to.equal('CERTIFICATE_CHAIN_INVALID')
      const smuggled = with1({ intermediateCerts: [] })
      expect(faultOf(identify(issued, 'Org1MSP', smuggled))).to.equal('CERTIFICATE_CHAIN_INVALID')
    })

    it('refuses bytes that are no identity without throwing', () => {
      expect(faultOf(msp.identify(Uint8Array.of(1, 2, 3)))).to.equal('IDENTITY_MALFORMED')
      expect(faultOf(msp.identify(new Uint8Array(70_000)))).to.equal('IDENTITY_MALFORMED')
      expect(faultOf(msp.identify(serializeIdentity('Org1MSP', 'junk')))).to.equal(
        'CERTIFICATE_MALFORMED',
      )
      const bundle = client.certificatePem + root.certificatePem
      expect(faultOf(msp.identify(serializeIdentity('Org1MSP', bundle)))).to.equal(
        'CERTIFICATE_MALFORMED',
      )
    })

    it('accepts no certificate with any one byte changed', () => {
      const der = Buffer.from(client.certificate.rawData)
      for (let index = 0; index < der.length; index++) {
        const changed = Buffer.from(der)
        changed[index] = (changed[index] ?? 0) ^ (1 << (index % 8))
        const text = `-----BEGIN CERTIFICATE-----\n${changed.toString('base64')}\n-----END CERTIFICATE-----\n`
        expect(
          faultOf(msp.identify(serializeIdentity('Org1MSP', text))),
          `byte ${index}`,
        ).not.to.equal('NONE')
      }
    })

    it('gives every spelling of one certificate the same id', () => {
      const identity = accepted(identify(client))
      const respelled = client.certificatePem
        .replace(/\n(?!-)/g, '')
        .replace('-----MII', '-----\nMII')
      const other = accepted(msp.identify(serializeIdentity('Org1MSP', respelled)))
      expect(other).not.to.equal(identity)
      expect(other.id).to.equal(identity.id)
      const twin = accepted(msp.identify(serializeIdentity('Org1MSP', twinOf(client))))
      expect(twin.id).to.equal(identity.id)
    })

    it('refuses keys on curves nobody verifies', async () => {
      const large = await forge({
        commonName: 'x',
        units: ['client'],
        issuer: root,
        curve: 'P-521',
      })
      expect(faultOf(identify(large))).to.equal('CERTIFICATE_KEY_UNSUPPORTED')
    })
  })

  describe('time', () => {
    it('does not read the clock: replicas agree on blocks whenever they validate them', async () => {
      const old = await forge({
        commonName: 'old',
        units: ['client'],
        issuer: root,
        notBefore: '2026-01-01T00:00:00Z',
        notAfter: '2026-02-01T00:00:00Z',
      })
      const identity = accepted(identify(old))
      expect(hasExpired(identity, Date.parse('2026-01-15T00:00:00Z'))).to.equal(false)
      expect(hasExpired(identity, Date.parse('2026-03-01T00:00:00Z'))).to.equal(true)
      expect(hasExpired(identity, Date.parse('2025-12-31T00:00:00Z'))).to.equal(true)
    })

    it('refuses a certificate issued outside its issuer’s own validity', async () => {
      const late = await forge({
        commonName: 'late',
        units: ['client'],
        issuer: root,
        notBefore: '2037-01-01T00:00:00Z',
        notAfter: '2038-01-01T00:00:00Z',
      })
      const outcome = identify(late)
      expect(isMspFault(outcome) && outcome.detail).to.match(/CERTIFICATE_VALIDITY/)
    })
  })

  describe('roles', () => {
    it('refuses a certificate without a role unit or with two', async () => {
      for (const units of [[], ['sales'], ['client', 'admin'], ['client', 'client']]) {
        const odd = await forge({ commonName: 'odd', units, issuer: root })
        expect(faultOf(identify(odd)), units.join()).to.equal('CERTIFICATE_ROLE_INVALID')
      }
    })

    it('binds a role unit to its CA', async () => {
      const second = await forge({ commonName: 'ca2.org1', isCa: true })
      const bound = with1(
        {
          nodeOus: [
            { role: 'client', organizationalUnit: 'client', certificatePem: root.certificatePem },
          ],
        },
        root,
        second,
      )
      const other = await forge({ commonName: 'bob', units: ['client'], issuer: second })
      expect(faultOf(identify(other, 'Org1MSP', bound))).to.equal('CERTIFICATE_ROLE_INVALID')
      expect(faultOf(identify(client, 'Org1MSP', bound))).to.equal('NONE')
    })

    it('knows listed administrators where NodeOUs are off, and members only besides', () => {
      const plain = with1({ nodeOus: [], admins: [client.certificatePem] })
      const identity = accepted(identify(client, 'Org1MSP', plain))
      expect([...identity.roles]).to.have.members(['member', 'admin'])
    })

    it('reads Fabric CA’s attributes and refuses malformed ones', async () => {
      const attribute = (json: string) =>
        new x509.Extension('1.2.3.4.5.6.7.8.1', false, Buffer.from(json))
      const issue = (json: string) =>
        forge({ commonName: 'a', units: ['client'], issuer: root, extensions: [attribute(json)] })
      const holder = await issue('{"attrs":{"role":"maker","__proto__":"x"}}')
      const { attributes } = accepted(identify(holder))
      expect(attributes['role']).to.equal('maker')
      expect(attributes['toString']).to.equal(undefined)
      for (const json of ['{', '[]', '{"attrs":{"role":1}}', '{"attrs":null}']) {
        expect(faultOf(identify(await issue(json)))).to.equal('CERTIFICATE_MALFORMED')
      }
    })
  })

  describe('chains', () => {
    let intermediate: Forged
    before(async () => {
      intermediate = await forge({
        commonName: 'ica.org1',
        isCa: true,
        issuer: root,
        pathLength: 0,
      })
    })
    const deep = () => with1({ intermediateCerts: [intermediate.certificatePem] })

    it('accepts an identity of an intermediate CA', async () => {
      const user = await forge({ commonName: 'carol', units: ['peer'], issuer: intermediate })
      expect([...accepted(identify(user, 'Org1MSP', deep())).roles]).to.include('peer')
      expect(faultOf(identify(user))).to.equal('CERTIFICATE_CHAIN_INVALID')
    })

    it('refuses an identity of a CA that has CAs below it', () => {
      expect(faultOf(identify(client, 'Org1MSP', deep()))).to.equal('CERTIFICATE_CHAIN_INVALID')
    })

    it('refuses a chain longer than a CA’s path length', async () => {
      const below = await forge({ commonName: 'iica.org1', isCa: true, issuer: intermediate })
      const user = await forge({ commonName: 'u', units: ['client'], issuer: below })
      const tree = with1({
        intermediateCerts: [intermediate.certificatePem, below.certificatePem],
      })
      const outcome = identify(user, 'Org1MSP', tree)
      expect(isMspFault(outcome) && outcome.detail).to.match(/CERTIFICATE_PATH_LENGTH/)
      const flat = await forge({ commonName: 'ca.flat', isCa: true, pathLength: 0 })
      const child = await forge({ commonName: 'ica.flat', isCa: true, issuer: flat })
      const leaf = await forge({ commonName: 'u', units: ['client'], issuer: child })
      const steep = with1({ intermediateCerts: [child.certificatePem] }, flat)
      const refusal = identify(leaf, 'Org1MSP', steep)
      expect(isMspFault(refusal) && refusal.detail).to.match(/CERTIFICATE_PATH_LENGTH/)
    })

    it('refuses a CA that may not sign certificates, is none, or has no key id', async () => {
      const weak = await forge({ commonName: 'ca.weak', isCa: true, keyUsage: 0x01 })
      const user = await forge({ commonName: 'u', units: ['client'], issuer: weak })
      const outcome = identify(user, 'Org1MSP', with1({}, weak))
      expect(isMspFault(outcome) && outcome.detail).to.match(/CERTIFICATE_ISSUER_NOT_CA/)
      expect(() => with1({}, client)).to.throw('CONFIG_CA_INVALID')
      const nameless = await forge({ commonName: 'ca.x', isCa: true, withoutKeyId: true })
      expect(() => with1({}, nameless)).to.throw('subject key identifier')
    })

    it('refuses a critical extension it does not understand, and name constraints', async () => {
      for (const oid of ['1.3.9.9', '2.5.29.30']) {
        const extension = new x509.Extension(oid, true, Buffer.from('0500', 'hex'))
        const odd = await forge({
          commonName: 'odd',
          units: ['client'],
          issuer: root,
          extensions: [extension],
        })
        const outcome = identify(odd)
        expect(isMspFault(outcome) && outcome.detail).to.match(/CERTIFICATE_CONSTRAINT/)
      }
    })

    it('refuses an identity that two chains lead to', async () => {
      const keys = await forgeKeys()
      const one = await forge({ commonName: 'ca.twice', isCa: true, keys })
      const two = await forge({ commonName: 'ca.twice', isCa: true, keys })
      const user = await forge({ commonName: 'u', units: ['client'], issuer: one })
      const both = mspOf(organizationOf('Org1MSP', [one]), organizationOf('Org2MSP', [two]))
      expect(faultOf(both.identify(serializeIdentity('Org1MSP', user.certificatePem)))).to.equal(
        'NONE',
      )
      const outcome = tryIdentify(() => identify(user, 'Org1MSP', with1({}, one, two)))
      expect(outcome).to.match(/AMBIGUOUS/)
    })
  })

  describe('revocation', () => {
    it('refuses a certificate that a list of its own CA names', async () => {
      const list = await forgeRevocationList(root, [client])
      const strict = with1({ revocationLists: [list] })
      expect(faultOf(identify(client, 'Org1MSP', strict))).to.equal('CERTIFICATE_REVOKED')
      const other = await forge({ commonName: 'bob', units: ['client'], issuer: root })
      expect(faultOf(identify(other, 'Org1MSP', strict))).to.equal('NONE')
    })

    it('ignores a list that the CA did not sign', async () => {
      const impostor = await forge({ commonName: 'ca.org1', isCa: true })
      const list = await forgeRevocationList({ ...root, privateKey: impostor.privateKey }, [client])
      expect(faultOf(identify(client, 'Org1MSP', with1({ revocationLists: [list] })))).to.equal(
        'NONE',
      )
    })
  })

  describe('signatures', () => {
    const message = Buffer.from('a transaction')
    const signerOf = (one: Forged) =>
      createSigner({
        mspId: 'Org1MSP',
        certificatePem: one.certificatePem,
        privateKeyPem: one.privateKeyPem,
      })

    it('verifies what a signer of P-256 or P-384 signs, always with low S', async () => {
      const large = await forge({
        commonName: 'l',
        units: ['client'],
        issuer: root,
        curve: 'P-384',
      })
      for (const one of [client, large]) {
        const signer = signerOf(one)
        const identity = accepted(msp.identify(signer.identity))
        for (let round = 0; round < 20; round++) {
          const signature = signer.sign(Buffer.concat([message, Buffer.of(round)]))
          const text = Buffer.concat([message, Buffer.of(round)])
          expect(msp.verifySync(identity, text, signature)).to.equal(true)
          expect(await msp.verify(identity, text, signature)).to.equal(true)
        }
      }
    })

    it('refuses the high twin of a good signature, before and after the good one was seen', async () => {
      const identity = accepted(identify(client))
      const low = signerOf(client).sign(message)
      const { r, s } = readSignature(low)
      const high = writeSignature({ r, s: CURVE_ORDER['P-256'] - s })
      expect(msp.verifySync(identity, message, high)).to.equal(false)
      expect(msp.verifySync(identity, message, low)).to.equal(true)
      expect(msp.verifySync(identity, message, high)).to.equal(false)
      expect(await msp.verify(identity, message, high)).to.equal(false)
    })

    it('refuses another message, another signer, another spelling, and nothing at all', async () => {
      const identity = accepted(identify(client))
      const signature = signerOf(client).sign(message)
      const bob = await forge({ commonName: 'bob', units: ['client'], issuer: root })
      const padded = Buffer.concat([signature, Buffer.of(0)])
      expect(await msp.verify(identity, Buffer.from('another'), signature)).to.equal(false)
      expect(await msp.verify(accepted(identify(bob)), message, signature)).to.equal(false)
      expect(await msp.verify(identity, message, padded)).to.equal(false)
      expect(await msp.verify(identity, message, new Uint8Array(0))).to.equal(false)
      expect(await msp.verify(identity, message, Buffer.from('3006020100020100', 'hex'))).to.equal(
        false,
      )
    })

    it('does not take a cached verdict of one certificate for another with the same key', async () => {
      const keys = await forgeKeys()
      const mine = await forge({ commonName: 'mine', units: ['client'], issuer: root, keys })
      const other = await forge({ commonName: 'other', units: ['client'], issuer: root, keys })
      expect(accepted(identify(mine)).id).not.to.equal(accepted(identify(other)).id)
    })

    it('refuses to sign with a key that is not the certificate’s', () => {
      expect(() => signerOf({ ...client, privateKeyPem: root.privateKeyPem })).to.throw(
        'KEY_MISMATCH',
      )
    })
  })
})

function tryIdentify(act: () => Identity | MspFault): string {
  try {
    const outcome = act()
    return isMspFault(outcome) ? outcome.detail : 'accepted'
  } catch (fault) {
    return fault instanceof Error ? fault.message : String(fault)
  }
}

/** The same certificate with the twin of its signature: another encoding, equally valid. */
function twinOf(one: Forged): string {
  const der = Buffer.from(one.certificate.rawData)
  const signed = Buffer.from(one.certificate.signature)
  const { r, s } = readSignature(new Uint8Array(signed))
  const twin = Buffer.from(writeSignature({ r, s: CURVE_ORDER['P-256'] - s }))
  const head = der.subarray(4, der.length - signed.length - 3)
  const tail = Buffer.concat([Buffer.of(0x03, twin.length + 1, 0), twin])
  const body = Buffer.concat([head, tail])
  const whole = Buffer.concat([Buffer.of(0x30, 0x82, body.length >> 8, body.length & 0xff), body])
  return `-----BEGIN CERTIFICATE-----\n${whole.toString('base64')}\n-----END CERTIFICATE-----\n`
}
