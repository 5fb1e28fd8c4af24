import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Config } from '../../platform/config.ts'
import { CodedError } from '../../platform/faults.ts'
import { derOf, issueCertificate } from './certificate.ts'

export interface EnrolmentRequest {
  readonly commonName: string
  readonly publicKeyPem: string
  readonly attributes: Readonly<Record<string, string>>
}

/** The port behind which a certificate authority stands; the private key never crosses it. */
export interface EnrolmentAuthority {
  enrol(request: EnrolmentRequest): Promise<string>
}

const LIFE_DAYS = 365
const DAY_MS = 24 * 3600 * 1000

/** An authority whose key lies in a folder of this organisation: the pilot, or a small member. */
function folderAuthority(files: { certificateFile: string; keyFile: string }): EnrolmentAuthority {
  const certificateDer = derOf(readFileSync(files.certificateFile, 'utf8'))
  const key = createPrivateKey(readFileSync(files.keyFile, 'utf8'))
  return {
    async enrol(request) {
      const now = Date.now()
      return issueCertificate(
        { certificateDer, key },
        {
          commonName: request.commonName,
          publicKey: createPublicKey(request.publicKeyPem),
          attributes: request.attributes,
          // Clocks of peers may be a little behind ours.
          notBefore: new Date(now - 5 * 60_000),
          notAfter: new Date(now + LIFE_DAYS * DAY_MS),
        },
      )
    },
  }
}

/** An authority that is a service of its own: POST of the request, a PEM certificate as the answer. */
function httpAuthority(service: { url: string; token: string }): EnrolmentAuthority {
  return {
    async enrol(request) {
      const answer = await fetch(service.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${service.token}`,
        },
        body: JSON.stringify(request),
        signal: AbortSignal.timeout(10_000),
      })
      if (!answer.ok) throw new CodedError('ENROLMENT_FAILED', { status: 502 })
      return answer.text()
    },
  }
}

export function createAuthority(config: Config['enrolment']): EnrolmentAuthority {
  return config.kind === 'folder' ? folderAuthority(config) : httpAuthority(config)
}

export function generateKeyPair(): { privateKeyPem: string; publicKeyPem: string } {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    privateKeyPem: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKeyPem: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }
}
