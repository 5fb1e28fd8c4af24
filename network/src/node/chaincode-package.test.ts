import { gunzipSync } from 'node:zlib'
import { expect } from 'chai'
import { chaincodePackage, labelOf } from './chaincode-package.ts'

describe('the package of a chaincode service', () => {
  it('has an id that depends on the label alone', () => {
    const built = chaincodePackage('probe_1.0')
    // Written down so that a change of the bytes, which would orphan running chaincode, is noticed.
    expect(built.packageId).to.equal(
      'probe_1.0:2ea3b0c6eb2aeb2c089e8b8fc89edffaff99209c7bcbdee26b6a35501231398e',
    )
    expect(labelOf(built.packageId)).to.equal('probe_1.0')
  })

  it('holds the metadata that makes Fabric treat it as a service', () => {
    const tar = gunzipSync(chaincodePackage('probe_1.0').bytes).toString('latin1')
    expect(tar).to.include('{"type":"ccaas","label":"probe_1.0"}')
    expect(tar.indexOf('metadata.json')).to.equal(0)
    expect(tar.slice(257, 262)).to.equal('ustar')
  })

  it('refuses a label that is none', () => {
    expect(() => chaincodePackage('../x')).to.throw(/label/)
  })
})
