/**
 * Stores and reads encrypted documents. A reference is what callers keep: it holds no secret that
 * a reader's private key does not guard.
 */
import { createHash, randomBytes } from 'node:crypto'
import { VaultFault } from './faults.ts'
import type { Keyring, WrappedKey } from './keyring.ts'
import { connectIpfs, type IpfsNode } from './node.ts'
import { decryptSegments, encryptSegments, type ByteSource } from './segments.ts'

export interface VaultReference {
  /** Content address of the ciphertext (CIDv1). */
  readonly cid: string
  /** SHA-256 of the plaintext, lower-case hex. */
  readonly sha256: string
  /** Length of the plaintext. */
  readonly bytes: number
  readonly keys: readonly WrappedKey[]
}

export interface Vault {
  /** Encrypts, stores and pins; `readers` are organisations beside the own one. */
  put(
    source: ByteSource | Uint8Array,
    options?: { readers?: readonly string[] },
  ): Promise<VaultReference>
  /** Plaintext, segment by verified segment; throws VAULT_TAMPERED if the whole is not what was put. */
  get(reference: VaultReference): AsyncIterable<Uint8Array>
  /** The same document for more readers: only the key is wrapped again, the content stays. */
  share(reference: VaultReference, readers: readonly string[]): VaultReference
  node: IpfsNode
}

export interface VaultOptions {
  readonly apiUrl: string
  readonly keyring: Keyring
}

async function* metered(
  source: ByteSource,
  onBytes: (piece: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const piece of source) {
    onBytes(piece)
    yield piece
  }
}

export function createVault({ apiUrl, keyring }: VaultOptions): Vault {
  const node = connectIpfs(apiUrl)

  function wrapAll(key: Uint8Array, cid: string, readers: Iterable<string>): WrappedKey[] {
    return [...new Set(readers)].map(reader => keyring.wrap(key, { reader, cid }))
  }

  return {
    node,
    async put(source, { readers = [] } = {}) {
      const everyReader = [keyring.organization, ...readers]
      const unknown = everyReader.find(reader => !keyring.readers.includes(reader))
      if (unknown) throw new VaultFault('VAULT_READER_UNKNOWN', { reader: unknown })
      const key = randomBytes(32)
      const hash = createHash('sha256')
      let bytes = 0
      const plaintext = metered(source instanceof Uint8Array ? [source] : source, piece => {
        hash.update(piece)
        bytes += piece.length
      })
      const { cid } = await node.add(encryptSegments(key, plaintext))
      return { cid, sha256: hash.digest('hex'), bytes, keys: wrapAll(key, cid, everyReader) }
    },
    async *get(reference) {
      const key = keyring.unwrap(reference.keys, reference.cid)
      const hash = createHash('sha256')
      for await (const piece of decryptSegments(key, node.cat(reference.cid))) {
        hash.update(piece)
        yield piece
      }
      if (hash.digest('hex') !== reference.sha256) {
        throw new VaultFault('VAULT_TAMPERED', { cid: reference.cid })
      }
    },
    share(reference, readers) {
      const key = keyring.unwrap(reference.keys, reference.cid)
      const kept = reference.keys.filter(entry => !readers.includes(entry.reader))
      return { ...reference, keys: [...kept, ...wrapAll(key, reference.cid, readers)] }
    },
  }
}
