import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { createIdentity, lowS } from './signer.ts'

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

function sOf(der: Uint8Array): bigint {
  const r = der[3] ?? 0
  const start = 4 + r + 2
  return BigInt(`0x${Buffer.from(der.subarray(start)).toString('hex')}`)
}

describe('signatures for the ledger', () => {
  it('verify, and their s is never in the upper half', async () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const privateKeyPem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const identity = createIdentity({ mspId: 'CoreMSP', certificatePem: '', privateKeyPem })
    const key = createPublicKey(privateKeyPem)
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async message => {
        const signature = await identity.sign(message)
        expect(verify('sha256', message, key, signature)).to.equal(true)
        expect(sOf(signature) <= ORDER / 2n).to.equal(true)
      }),
      { numRuns: 50 },
    )
  })

  it('a high s is replaced by its mirror', () => {
    const raw = Buffer.alloc(64)
    raw[31] = 1
    Buffer.from((ORDER - 5n).toString(16).padStart(64, '0'), 'hex').copy(raw, 32)
    expect(sOf(lowS(raw))).to.equal(5n)
  })
})
