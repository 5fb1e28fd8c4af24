import { sha256 } from '@noble/hashes/sha2'
import { concatBytes } from './bytes.ts'
import { TAG, writeDer, writeUnsigned } from './der.ts'

export interface BlockHeaderFields {
  readonly number: bigint
  /** Empty for block 0. */
  readonly previousHash: Uint8Array
  readonly dataHash: Uint8Array
}

/** DER of a block header: the bytes Fabric hashes, and the last part of what a vote signs. */
export function blockHeaderBytes(header: BlockHeaderFields): Uint8Array {
  return writeDer(
    TAG.sequence,
    concatBytes(
      writeUnsigned(header.number),
      writeDer(TAG.octetString, header.previousHash),
      writeDer(TAG.octetString, header.dataHash),
    ),
  )
}

export function hashHeader(header: BlockHeaderFields): Uint8Array {
  return sha256(blockHeaderBytes(header))
}

/** SHA-256 over the entries one after the other, as Fabric has it. */
export function hashEntries(entries: readonly Uint8Array[]): Uint8Array {
  const digest = sha256.create()
  for (const entry of entries) digest.update(entry)
  return digest.digest()
}
