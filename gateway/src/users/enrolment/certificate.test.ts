import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { expect } from 'chai'
import { derOf, issueCertificate } from './certificate.ts'
import { elements, encode, integer, oid, time } from './der.ts'
import { generateKeyPair } from './authority.ts'

/** A self-made root: the first certificate is issued by a name that is taken from nowhere else. */
function authority() {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  // The issuer’s certificate is only read for its name and key id; any certificate will do.
  const seed = issueCertificate(
    { certificateDer: minimalCertificate(), key: pair.privateKey },
    {
      commonName: 'ca.core.example',
      publicKey: pair.publicKey,
      attributes: {},
      notBefore: new Date('2026-01-01'),
      notAfter: new Date('2036-01-01'),
    },
  )
  return { certificateDer: derOf(seed), key: pair.privateKey, publicKey: pair.publicKey }
}

function minimalCertificate(): Buffer {
  const empty = encode(0x30)
  const body = encode(0x30, encode(0xa0), integer(Buffer.from([1])), empty, empty, empty, empty)
  return encode(0x30, body)
}

describe('certificates of users', () => {
  const keys = generateKeyPair()
  const issuer = authority()
  const pem = issueCertificate(issuer, {
    commonName: 'u0011',
    publicKey: createPublicKey(keys.publicKeyPem),
    attributes: { role: 'maker', memberId: 'm1234' },
    notBefore: new Date('2026-01-01'),
    notAfter: new Date('2027-01-01'),
  })
  const certificate = new X509Certificate(pem)

  it('are signed by the authority over the user’s own key', () => {
    expect(certificate.verify(issuer.publicKey)).to.equal(true)
    expect(certificate.publicKey.export({ type: 'spki', format: 'pem' })).to.equal(
      keys.publicKeyPem,
    )
    expect(certificate.issuer).to.equal(new X509Certificate(issuer.certificateDer).subject)
  })

  it('carry the role and the pseudonym, and no name of a person', () => {
    expect(certificate.subject).to.equal('OU=client\nCN=u0011')
    expect(
      certificate.raw.includes(Buffer.from('{"attrs":{"role":"maker","memberId":"m1234"}}')),
    ).to.equal(true)
  })

  it('are of an end entity that may only sign', () => {
    expect(certificate.ca).to.equal(false)
    expect(certificate.validTo).to.contain('2027')
  })

  it('long lengths, large arcs and far years are encoded as DER wants', () => {
    expect(elements(encode(0x04, Buffer.alloc(300)))[0]?.content.length).to.equal(300)
    expect(oid('1.2.840.10045.4.3.2').toString('hex')).to.equal('06082a8648ce3d040302')
    expect(time(new Date('2051-02-03T00:00:00Z'))[0]).to.equal(0x18)
    expect(() => elements(Buffer.from([0x30, 0x05, 0x01]))).to.throw(RangeError)
  })
})
