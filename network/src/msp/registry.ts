import { createPublicKey, hash, verify, type KeyObject } from 'node:crypto'
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
/**
 * Signatures checked on the spot in one turn of the event loop; more go to the thread pool. A trip
 * to the pool and back costs as much processor time as the check (70 us) when it goes alone, and
 * so many checks hold up nothing else for long.
 */
const ON_THE_SPOT_MAX = 16

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
  #checkedThisTurn = 0

  constructor(organizations: ReadonlyMap<string, Organization>) {
    this.#organizations = organizations
    this.mspIds = new Set(organizations.keys())
  }

  identify(serializedIdentity: Uint8Array): Identity | MspFault {
    if (serializedIdentity.length > IDENTITY_BYTES_MAX) {
      return fault('IDENTITY_MALFORMED', 'identity is too large')
    }
    const key = hash('sha256', serializedIdentity, 'base64')
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
    return this.#note(digest, verify('sha256', message, key, signature))
  }

  async verify(identity: Identity, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    const key = this.#keyOf(identity)
    if (!isWellFormed(key, signature)) return false
    const digest = digestOf(identity, message, signature)
    if (this.#signatures.get(digest)) return true
    const pending = this.#pending.get(digest)
    if (pending) return pending
    if (this.#mayCheckNow()) return this.#note(digest, verify('sha256', message, key, signature))
    const checking = verifyOnPool('sha256', message, key, signature)
    this.#pending.set(digest, checking)
    try {
      return this.#note(digest, await checking)
    } finally {
      this.#pending.delete(digest)
    }
  }

  #note(digest: string, holds: boolean): boolean {
    if (holds) this.#signatures.set(digest, true)
    return holds
  }

  #mayCheckNow(): boolean {
    if (this.#checkedThisTurn >= ON_THE_SPOT_MAX) return false
    if (this.#checkedThisTurn === 0) setImmediate(() => void (this.#checkedThisTurn = 0))
    this.#checkedThisTurn += 1
    return true
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

/** The signature is short: its length in one byte keeps it apart from the message. */
function digestOf(identity: Identity, message: Uint8Array, signature: Uint8Array): string {
  const head = Buffer.from(identity.id + String.fromCharCode(signature.length), 'latin1')
  return hash('sha256', Buffer.concat([head, signature, message]), 'base64')
}
