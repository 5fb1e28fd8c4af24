/** A key with its certificate, as an organisation has one; and work that dies. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import type { Database } from '../../platform/database/database.ts'
import type { Engine } from '../engine.ts'
import { encode, integer } from '../../users/enrolment/der.ts'
import { issueCertificate } from '../../users/enrolment/certificate.ts'
import type { WorkParts } from './work.ts'

export function selfSigned(): { certificatePem: string; privateKeyPem: string } {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const empty = encode(0x30)
  const fields = [encode(0xa0), integer(Buffer.from([1])), empty, empty, empty, empty]
  const certificateDer = encode(0x30, encode(0x30, ...fields))
  const certificatePem = issueCertificate(
    { certificateDer, key: privateKey },
    {
      commonName: 'gateway',
      publicKey: createPublicKey(privateKey),
      attributes: {},
      notBefore: new Date('2026-01-01'),
      notAfter: new Date('2046-01-01'),
    },
  )
  return {
    certificatePem,
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/** Small and repeatable; tests do not ask more of it. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Dies right after so many effects: each is done, and who did it does not live to know. */
export function mortalParts(parts: WorkParts, effects: number): WorkParts {
  let left = effects
  const dying =
    <A extends unknown[], R>(effect: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      const result = await effect(...args)
      left -= 1
      if (left === 0) throw new Error('killed')
      return result
    }
  const { engine, database } = parts
  return {
    ...parts,
    engine: { ...engine, write: dying(engine.write), alone: dying(engine.alone) } as Engine,
    database: {
      ...database,
      execute: dying(database.execute),
      transaction: dying(database.transaction) as Database['transaction'],
    },
  }
}
