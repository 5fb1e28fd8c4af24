import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { msp } from '@hyperledger/fabric-protos'
import { hasLowS } from '../proof/ecdsa.ts'
import { GenerationCache } from './cache.ts'
import { createOrganization, type Organization } from './organization.ts'
import type {
  ChannelConfig,
  Identity,
  Msp,
  MspDefinition,
  MspFault,
  MspFaultCode,
} from './types.ts'

const IDENTITY_BYTES_MAX = 64 * 1024
const IDENTITIES_MAX = 4096
const SIGNATURES_MAX = 32768

const verifyOnPool = promisify<string, Uint8Array, KeyObject, Uint8Array, boolean>(verify)

export function isMspFault(outcome: Identity | MspFault): outcome is MspFault {
  return 'fault' in outcome
}

/** Whether the certificate is outside its validity at that moment (milliseconds since the epoch). */
export function hasExpired(identity: Identity, atMs: number): boolean {
  return atMs < identity.notBefore || atMs > identity.notAfter
}

function fault(code: MspFaultCode, detail: string): MspFault {
  return { fault: code, detail }
}

/**
 * The membership service of a channel. Throws MspError CONFIG_CA_INVALID when an organisation's
 * CA certificates are unusable.
 */
export function createMsp(
  config: Pick<ChannelConfig, 'organizations' | 'ordererOrganizations'>,
): Msp {
  const definitions: MspDefinition[] = [
    ...config.ordererOrganizations.values(),
    ...config.organizations.values(),
  ]
  return new Registry(new Map(definitions.map(one => [one.mspId, createOrganization(one)])))
}

class Registry implements Msp {
  readonly mspIds: ReadonlySet<string>
  readonly #organizations: ReadonlyMap<string, Organization>
  readonly #identities = new GenerationCache<Identity | MspFault>(IDENTITIES_MAX)
  /** Digests of signatures that hold. Failures are not remembered: they would push out the rest. */
  readonly #signatures = new GenerationCache<true>(SIGNATURES_MAX)
  readonly #pending = new Map<string, Promise<boolean>>()
  readonly #keys = new WeakMap<Identity, KeyObject>()

  constructor(organizations: ReadonlyMap<string, Organization>) {
    this.#organizations = organizations
    this.mspIds = new Set(organizations.keys())
  }

  identify(serializedIdentity: Uint8Array): Identity | MspFault {
    if (serializedIdentity.length > IDENTITY_BYTES_MAX) {
      return fault('IDENTITY_MALFORMED', 'identity is too large')
    }
    const key = createHash('sha256').update(serializedIdentity).digest('base64')
    const known = this.#identities.get(key)
    if (known) return known
    const outcome = this.#identify(Uint8Array.from(serializedIdentity))
    this.#identities.set(key, outcome)
    return outcome
  }

  #identify(bytes: Uint8Array): Identity | MspFault {
    const serialized = readSerialized(bytes)
    if (!serialized) return fault('IDENTITY_MALFORMED', 'not a SerializedIdentity')
    const organization = this.#organizations.get(serialized.getMspid())
    if (!organization) return fault('MSP_UNKNOWN', `no organisation ${serialized.getMspid()}`)
    const pem = Buffer.from(serialized.getIdBytes_asU8()).toString('utf8')
    return organization.identify(bytes, pem)
  }

  verifySync(identity: Identity, message: Uint8Array, signature: Uint8Array): boolean {
    const key = this.#keyOf(identity)
    if (!isWellFormed(key, signature)) return false
    const digest = digestOf(identity, message, signature)
    if (this.#signatures.get(digest)) return true
    const holds = verify('sha256', message, key, signature)
    if (holds) this.#signatures.set(digest, true)
    return holds
  }

  async verify(identity: Identity, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    const key = this.#keyOf(identity)
    if (!isWellFormed(key, signature)) return false
    const digest = digestOf(identity, message, signature)
    if (this.#signatures.get(digest)) return true
    const pending = this.#pending.get(digest)
    if (pending) return pending
    const checking = verifyOnPool('sha256', message, key, signature)
    this.#pending.set(digest, checking)
    try {
      const holds = await checking
      if (holds) this.#signatures.set(digest, true)
      return holds
    } finally {
      this.#pending.delete(digest)
    }
  }

  #keyOf(identity: Identity): KeyObject {
    const known = this.#keys.get(identity)
    if (known) return known
    const key = createPublicKey(identity.pem)
    this.#keys.set(identity, key)
    return key
  }
}

function readSerialized(bytes: Uint8Array): msp.SerializedIdentity | undefined {
  try {
    return msp.SerializedIdentity.deserializeBinary(bytes)
  } catch {
    return undefined
  }
}

/** Strict DER with low S: of the many spellings of one signature, exactly one is accepted. */
function isWellFormed(key: KeyObject, signature: Uint8Array): boolean {
  const isP384 = key.asymmetricKeyDetails?.namedCurve === 'secp384r1'
  return hasLowS(signature, isP384 ? 'P-384' : 'P-256')
}

function digestOf(identity: Identity, message: Uint8Array, signature: Uint8Array): string {
  const messageDigest = createHash('sha256').update(message).digest()
  return createHash('sha256')
    .update(identity.id)
    .update(messageDigest)
    .update(signature)
    .digest('base64')
}
