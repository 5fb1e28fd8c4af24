/**
 * Keys of the vault. Each organisation has one X25519 key pair; a document key is wrapped for a
 * reader by an ephemeral key agreement, HKDF-SHA-256 and AES-256-GCM. The reader's name and the
 * document's content address are bound into the wrap, so it cannot be moved to another document.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'
import { VaultFault } from './faults.ts'

/** A key pair in base64url: 32 raw bytes each (RFC 7748). */
export interface VaultKey {
  readonly publicKey: string
  readonly privateKey: string
}

/** A document key as one reader can open it; base64url of ephemeral key (32), ciphertext (32), tag (16). */
export interface WrappedKey {
  readonly reader: string
  readonly wrapped: string
}

export interface Keyring {
  readonly organization: string
  /** Organisations for which a document key can be wrapped. */
  readonly readers: readonly string[]
  wrap(documentKey: Uint8Array, context: WrapContext): WrappedKey
  unwrap(keys: readonly WrappedKey[], cid: string): Uint8Array
}

interface WrapContext {
  readonly reader: string
  readonly cid: string
}

export function generateVaultKey(): VaultKey {
  const { publicKey, privateKey } = generateKeyPairSync('x25519')
  return {
    publicKey: String(publicKey.export({ format: 'jwk' }).x),
    privateKey: String(privateKey.export({ format: 'jwk' }).d),
  }
}

function publicKeyOf(x: string): KeyObject {
  return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'X25519', x } })
}

function wrappingKey(shared: Buffer, ephemeral: Buffer, { reader, cid }: WrapContext): Buffer {
  const purpose = `triflow vault v1|${reader}|${cid}`
  return Buffer.from(hkdfSync('sha256', shared, ephemeral, purpose, 32))
}

// The wrapping key is used once (a fresh ephemeral key for every wrap), so a fixed nonce is safe.
const NONCE = Buffer.alloc(12)

function wrapFor(receiver: KeyObject, documentKey: Uint8Array, context: WrapContext): WrappedKey {
  const ephemeral = generateKeyPairSync('x25519')
  const point = Buffer.from(String(ephemeral.publicKey.export({ format: 'jwk' }).x), 'base64url')
  const shared = diffieHellman({ privateKey: ephemeral.privateKey, publicKey: receiver })
  const cipher = createCipheriv('aes-256-gcm', wrappingKey(shared, point, context), NONCE)
  const sealed = Buffer.concat([cipher.update(documentKey), cipher.final(), cipher.getAuthTag()])
  return { reader: context.reader, wrapped: Buffer.concat([point, sealed]).toString('base64url') }
}

function unwrapWith(own: KeyObject, wrapped: string, context: WrapContext): Uint8Array {
  const bytes = Buffer.from(wrapped, 'base64url')
  if (bytes.length !== 80) throw new VaultFault('VAULT_TAMPERED', { key: context.reader })
  const point = bytes.subarray(0, 32)
  try {
    const shared = diffieHellman({
      privateKey: own,
      publicKey: publicKeyOf(point.toString('base64url')),
    })
    const decipher = createDecipheriv('aes-256-gcm', wrappingKey(shared, point, context), NONCE)
    decipher.setAuthTag(bytes.subarray(64))
    return Buffer.concat([decipher.update(bytes.subarray(32, 64)), decipher.final()])
  } catch {
    throw new VaultFault('VAULT_TAMPERED', { key: context.reader })
  }
}

export interface KeyringOptions {
  readonly organization: string
  readonly key: VaultKey
  /** Public keys of every organisation that may be made a reader, by its name; base64url. */
  readonly publicKeys: Readonly<Record<string, string>>
}

export function createKeyring({ organization, key, publicKeys }: KeyringOptions): Keyring {
  const own = createPrivateKey({
    format: 'jwk',
    key: { kty: 'OKP', crv: 'X25519', x: key.publicKey, d: key.privateKey },
  })
  const receivers = new Map(Object.entries(publicKeys).map(([name, x]) => [name, publicKeyOf(x)]))
  receivers.set(organization, publicKeyOf(key.publicKey))
  return {
    organization,
    readers: [...receivers.keys()],
    wrap(documentKey, context) {
      const receiver = receivers.get(context.reader)
      if (!receiver) throw new VaultFault('VAULT_READER_UNKNOWN', { reader: context.reader })
      return wrapFor(receiver, documentKey, context)
    },
    unwrap(keys, cid) {
      const mine = keys.find(entry => entry.reader === organization)
      if (!mine) throw new VaultFault('VAULT_NOT_A_READER', { organization, cid })
      return unwrapWith(own, mine.wrapped, { reader: organization, cid })
    },
  }
}
