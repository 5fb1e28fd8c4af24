import { createPublicKey, verify } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { verifyCertificate } from '../proof/index.ts'
import { verifyEcdsa } from '../proof/ecdsa.ts'
import { parseCertificate, pemToDer, type Certificate } from '../proof/x509.ts'
import { createMsp, createSigner, isMspFault } from './index.ts'
import { forge, organizationOf, type Forged } from './testing/forge.ts'

const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)

/** Two implementations judge the same bytes: the browser's in JavaScript, the node's in OpenSSL. */
describe('the proof’s cryptography and the node’s', () => {
  let root: Forged
  let leaves: Forged[]

  before(async () => {
    console.log(`    agreement: TEST_SEED=${SEED}`)
    root = await forge({ commonName: 'ca', isCa: true, curve: 'P-384' })
    leaves = [
      await forge({ commonName: 'small', units: ['client'], issuer: root }),
      await forge({ commonName: 'large', units: ['client'], issuer: root, curve: 'P-384' }),
    ]
  })

  it('agree on signatures, sound or spoilt', () => {
    const organizations = new Map([['Org1MSP', organizationOf('Org1MSP', [root])]])
    const msp = createMsp({ organizations, ordererOrganizations: new Map() })
    for (const leaf of leaves) {
      const signer = createSigner({ mspId: 'Org1MSP', ...leaf })
      const identity = msp.identify(signer.identity)
      if (isMspFault(identity)) throw new Error(identity.detail)
      const { publicKey: key } = parseCertificate(identity.certificate)
      if (!key) throw new Error('no key')
      fc.assert(
        fc.property(
          fc.uint8Array({ maxLength: 200 }),
          fc.nat(200),
          fc.nat(255),
          (message, at, mask) => {
            const signature = signer.sign(message)
            const spoilt = Uint8Array.from(signature)
            spoilt[at % spoilt.length] = (spoilt[at % spoilt.length] ?? 0) ^ mask
            const native = msp.verifySync(identity, message, spoilt)
            return (
              native === verifyEcdsa({ key, message, signature: spoilt }) && native === (mask === 0)
            )
          },
        ),
        { seed: SEED, numRuns: 60 },
      )
    }
  })

  it('agree on certificates, sound or spoilt', () => {
    const rootCerts = [pemToDer(root.certificatePem)]
    const rootKey = createPublicKey(root.certificatePem)
    for (const leaf of leaves) {
      const der = pemToDer(leaf.certificatePem)
      for (let index = 0; index < der.length; index += 5) {
        const spoilt = Uint8Array.from(der)
        spoilt[index] = (spoilt[index] ?? 0) ^ (1 << (index % 8))
        const verdict = verifyCertificate({ certificate: spoilt, rootCerts, intermediateCerts: [] })
        expect(verdict.ok, `byte ${index}`).to.equal(false)
        expect(isSigned(spoilt, rootKey)).to.equal(false)
      }
      const sound = verifyCertificate({ certificate: der, rootCerts, intermediateCerts: [] })
      expect(sound.ok && sound.value.commonName).to.equal(leaf === leaves[0] ? 'small' : 'large')
    }
  })

  it('name what is wrong with a certificate', () => {
    const rootCerts = [pemToDer(root.certificatePem)]
    const check = (certificate: Uint8Array, at?: number) => {
      const options = { certificate, rootCerts, intermediateCerts: [] }
      const verdict = verifyCertificate(at === undefined ? options : { ...options, at })
      return verdict.ok ? 'OK' : verdict.code
    }
    const [leaf = root] = leaves
    expect(check(pemToDer(leaf.certificatePem))).to.equal('OK')
    expect(check(pemToDer(root.certificatePem))).to.equal('CERTIFICATE_IS_CA')
    expect(check(pemToDer(leaf.certificatePem), Date.UTC(2040, 0))).to.equal('CERTIFICATE_VALIDITY')
    expect(check(Uint8Array.of(0x30, 0x03, 1, 2))).to.equal('CERTIFICATE_MALFORMED')
  })
})

/** OpenSSL's opinion of the signature; bytes it cannot even read are not signed. */
function isSigned(der: Uint8Array, rootKey: ReturnType<typeof createPublicKey>): boolean {
  let certificate: Certificate
  try {
    certificate = parseCertificate(der)
  } catch {
    return false
  }
  const { signedPart, signature, signatureHash } = certificate
  return signatureHash !== undefined && verify(signatureHash, signedPart, rootKey, signature)
}
