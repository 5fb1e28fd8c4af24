import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { readdir, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import {
  createMsp,
  createNetworkCrypto,
  isMspFault,
  issueCertificate,
  issueTlsCertificate,
  serializeIdentity,
} from '../index.ts'
import { organizationOf } from '../testing/forge.ts'
import { createTestNetwork, type TestNetwork } from '../testing/network.ts'
import type { Msp } from '../types.ts'

const DOMAIN = 'org1.example.test'
const definition = {
  organizations: [
    { mspId: 'Org1MSP', domain: DOMAIN, peers: [{ name: 'peer0' }], orderer: true, users: 1 },
    { mspId: 'Ord1MSP', domain: 'ord1.example.test', peers: [], orderer: true, users: 0 },
  ],
}

/** What cryptogen writes for the same definition, plus the ordering identity of peer0's node. */
const CRYPTOGEN = `
ca/ca.${DOMAIN}-cert.pem ca/priv_sk
msp/cacerts/ca.${DOMAIN}-cert.pem msp/config.yaml msp/tlscacerts/tlsca.${DOMAIN}-cert.pem
orderers/orderer.${DOMAIN}/msp/cacerts/ca.${DOMAIN}-cert.pem
orderers/orderer.${DOMAIN}/msp/config.yaml orderers/orderer.${DOMAIN}/msp/keystore/priv_sk
orderers/orderer.${DOMAIN}/msp/signcerts/orderer.${DOMAIN}-cert.pem
orderers/orderer.${DOMAIN}/msp/tlscacerts/tlsca.${DOMAIN}-cert.pem
orderers/orderer.${DOMAIN}/tls/ca.crt orderers/orderer.${DOMAIN}/tls/server.crt
orderers/orderer.${DOMAIN}/tls/server.key
peers/peer0.${DOMAIN}/msp/cacerts/ca.${DOMAIN}-cert.pem peers/peer0.${DOMAIN}/msp/config.yaml
peers/peer0.${DOMAIN}/msp/keystore/priv_sk
peers/peer0.${DOMAIN}/msp/signcerts/peer0.${DOMAIN}-cert.pem
peers/peer0.${DOMAIN}/msp/tlscacerts/tlsca.${DOMAIN}-cert.pem
peers/peer0.${DOMAIN}/tls/ca.crt peers/peer0.${DOMAIN}/tls/server.crt
peers/peer0.${DOMAIN}/tls/server.key
tlsca/priv_sk tlsca/tlsca.${DOMAIN}-cert.pem
${['Admin', 'User1']
  .map(user => `users/${user}@${DOMAIN}`)
  .map(
    user => `${user}/msp/cacerts/ca.${DOMAIN}-cert.pem ${user}/msp/config.yaml
${user}/msp/keystore/priv_sk ${user}/msp/signcerts/${path.basename(user)}-cert.pem
${user}/msp/tlscacerts/tlsca.${DOMAIN}-cert.pem
${user}/tls/ca.crt ${user}/tls/client.crt ${user}/tls/client.key`,
  )
  .join('\n')}`
  .trim()
  .split(/\s+/)
  .sort()

describe('the certificate authority', () => {
  let network: TestNetwork
  let msp: Msp
  const place = (...segments: string[]) => path.join('peerOrganizations', DOMAIN, ...segments)
  const inFolder = (...segments: string[]) => path.join(network.folder, place(...segments))

  before(async () => {
    network = await createTestNetwork(definition)
    const organization = await network.organization('peerOrganizations', DOMAIN, 'Org1MSP')
    const config = organizationOf('Org1MSP', [], { rootCerts: organization.rootCerts })
    msp = createMsp({
      organizations: new Map([['Org1MSP', config]]),
      ordererOrganizations: new Map(),
    })
  })
  after(() => network.remove())

  it('writes cryptogen’s folders and files, no more and no fewer', async () => {
    const entries = await readdir(inFolder(), { recursive: true, withFileTypes: true })
    const files = entries
      .filter(entry => entry.isFile())
      .map(entry => path.relative(inFolder(), path.join(entry.parentPath, entry.name)))
    expect(files.sort()).to.deep.equal(CRYPTOGEN)
  })

  it('keeps private keys to their owner, in PKCS#8', async () => {
    for (const file of CRYPTOGEN.filter(name => /priv_sk$|\.key$/.test(name))) {
      expect((await stat(inFolder(file))).mode & 0o777, file).to.equal(0o600)
      expect(await network.read(place(file))).to.match(/^-----BEGIN PRIVATE KEY-----\n/)
    }
  })

  it('gives every identity the one role its folder says', async () => {
    const expected = [
      [`users/User1@${DOMAIN}`, 'client'],
      [`users/Admin@${DOMAIN}`, 'admin'],
      [`peers/peer0.${DOMAIN}`, 'peer'],
      [`orderers/orderer.${DOMAIN}`, 'orderer'],
    ] as const
    for (const [folder, role] of expected) {
      const signer = await network.signer(place(folder), 'Org1MSP')
      const identity = msp.identify(signer.identity)
      if (isMspFault(identity)) throw new Error(identity.detail)
      expect([...identity.roles]).to.have.members(['member', role])
      const text = Buffer.from('text')
      expect(msp.verifySync(identity, text, signer.sign(text))).to.equal(true)
    }
  })

  it('names a node’s TLS certificate for its host, localhost and the loopback', async () => {
    const pem = await network.read(place(`peers/peer0.${DOMAIN}/tls/server.crt`))
    const certificate = new X509Certificate(pem)
    for (const host of [`peer0.${DOMAIN}`, 'localhost']) {
      expect(certificate.checkHost(host), host).to.equal(host)
    }
    expect(certificate.checkIP('127.0.0.1')).to.equal('127.0.0.1')
    const root = new X509Certificate(await network.read(place(`tlsca/tlsca.${DOMAIN}-cert.pem`)))
    expect(certificate.checkIssued(root)).to.equal(true)
    expect(certificate.verify(root.publicKey)).to.equal(true)
  })

  it('leaves an organisation that exists as it is', async () => {
    const before = await network.read(place('ca', `ca.${DOMAIN}-cert.pem`))
    await createNetworkCrypto(definition, network.folder)
    expect(await network.read(place('ca', `ca.${DOMAIN}-cert.pem`))).to.equal(before)
  })

  it('makes an organisation anew whose making was cut short', async () => {
    const domain = 'org2.example.test'
    const more = {
      organizations: [{ mspId: 'Org2MSP', domain, peers: [], users: 1 }],
    }
    const draft = path.join(network.folder, 'peerOrganizations', `${domain}.draft`)
    await createNetworkCrypto({ organizations: [] }, network.folder)
    await writeFile(draft, 'left over')
    await createNetworkCrypto(more, network.folder)
    const names = await readdir(path.join(network.folder, 'peerOrganizations'))
    expect(names.sort()).to.deep.equal([DOMAIN, domain])
  })

  it('enrols a user with a pseudonym and attributes contracts can read', async () => {
    const issued = await issueCertificate({
      caFolder: inFolder('ca'),
      commonName: 'm0123456789abcdef',
      role: 'client',
      attributes: { role: 'maker', memberId: 'm0123456789abcdef' },
    })
    const identity = msp.identify(serializeIdentity('Org1MSP', issued.certificatePem))
    if (isMspFault(identity)) throw new Error(identity.detail)
    expect({ ...identity.attributes }).to.deep.equal({
      'hf.EnrollmentID': 'm0123456789abcdef',
      'hf.Type': 'client',
      role: 'maker',
      memberId: 'm0123456789abcdef',
    })
    expect(issued.privateKeyPem).to.match(/^-----BEGIN PRIVATE KEY-----/)
  })

  it('certifies a key whose private half it never sees', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const publicKeyPem = publicKey.export({ format: 'pem', type: 'spki' }).toString()
    const issued = await issueCertificate({
      caFolder: inFolder('ca'),
      commonName: 'self-held',
      role: 'client',
      publicKeyPem,
    })
    expect(issued.privateKeyPem).to.equal(undefined)
    expect(createPublicKey(issued.certificatePem).equals(publicKey)).to.equal(true)
  })

  it('issues a TLS certificate for a service of the organisation', async () => {
    const issued = await issueTlsCertificate({
      caFolder: inFolder('tlsca'),
      commonName: `cc.${DOMAIN}`,
      hostNames: [`cc.${DOMAIN}`, '127.0.0.1'],
    })
    const certificate = new X509Certificate(issued.certificatePem)
    expect(certificate.checkHost(`cc.${DOMAIN}`)).to.equal(`cc.${DOMAIN}`)
  })
})
