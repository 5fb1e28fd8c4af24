/** Byte keys of the LMDB tables: text parts are length-prefixed, numbers big-endian. */

/** LMDB holds no longer key. */
export const KEY_BYTES_LIMIT = 1_978

/**
 * Stands for every place whose name does not fit its length byte. No table can hold such a key,
 * so nothing is found there; without it, a long name would read as another place's.
 */
const NOWHERE = Buffer.alloc(KEY_BYTES_LIMIT + 1, 0xff)
const NAME_BYTES_MAX = 255

const BLOCK_BYTES = 6
const TX_BYTES = 4
export const PLACE_BYTES = BLOCK_BYTES + TX_BYTES

export const blockKey = (number: number): Buffer => {
  const key = Buffer.allocUnsafe(BLOCK_BYTES)
  key.writeUIntBE(number, 0, BLOCK_BYTES)
  return key
}

export const readBlockNumber = (key: Buffer, at = 0): number => key.readUIntBE(at, BLOCK_BYTES)

/** Block and transaction number, in ledger order. */
export const placeKey = (block: number, tx: number): Buffer => {
  const key = Buffer.allocUnsafe(PLACE_BYTES)
  key.writeUIntBE(block, 0, BLOCK_BYTES)
  key.writeUInt32BE(tx, BLOCK_BYTES)
  return key
}

export const readPlace = (key: Buffer, at: number): { block: number; tx: number } => ({
  block: key.readUIntBE(at, BLOCK_BYTES),
  tx: key.readUInt32BE(at + BLOCK_BYTES),
})

/** `[length][namespace]`: no namespace is a prefix of another. */
export const namespacePrefix = (namespace: string): Buffer => {
  const size = Buffer.byteLength(namespace, 'utf8')
  if (size > NAME_BYTES_MAX) return NOWHERE
  const key = Buffer.allocUnsafe(1 + size)
  key[0] = size
  key.write(namespace, 1, 'utf8')
  return key
}

export const stateKey = (namespace: string, key: string): Buffer => {
  const size = Buffer.byteLength(namespace, 'utf8')
  if (size > NAME_BYTES_MAX) return NOWHERE
  const bytes = Buffer.allocUnsafe(1 + size + Buffer.byteLength(key, 'utf8'))
  bytes[0] = size
  bytes.write(namespace, 1, 'utf8')
  bytes.write(key, 1 + size, 'utf8')
  return bytes
}

/** `[length][namespace][length][collection]`, with room for what follows. */
const collectionKey = (namespace: string, collection: string, room: number): Buffer => {
  const namespaceSize = Buffer.byteLength(namespace, 'utf8')
  const collectionSize = Buffer.byteLength(collection, 'utf8')
  if (namespaceSize > NAME_BYTES_MAX || collectionSize > NAME_BYTES_MAX) return NOWHERE
  const key = Buffer.allocUnsafe(2 + namespaceSize + collectionSize + room)
  key[0] = namespaceSize
  key.write(namespace, 1, 'utf8')
  key[1 + namespaceSize] = collectionSize
  key.write(collection, 2 + namespaceSize, 'utf8')
  return key
}

export const collectionPrefix = (namespace: string, collection: string): Buffer =>
  collectionKey(namespace, collection, 0)

export const hashedKey = (place: {
  readonly namespace: string
  readonly collection: string
  readonly keyHash: Uint8Array
}): Buffer => {
  const key = collectionKey(place.namespace, place.collection, place.keyHash.length)
  if (key === NOWHERE) return key
  key.set(place.keyHash, key.length - place.keyHash.length)
  return key
}

export const privateOrderKey = (namespace: string, collection: string, key: string): Buffer =>
  Buffer.concat([collectionPrefix(namespace, collection), Buffer.from(key, 'utf8')])

/** A collection's write set of one transaction: ledger order first. */
export const writeSetKey = (
  place: { readonly block: number; readonly tx: number },
  namespace: string,
  collection: string,
): Buffer =>
  Buffer.concat([placeKey(place.block, place.tx), collectionPrefix(namespace, collection)])

export interface WriteSetPlace {
  readonly block: number
  readonly tx: number
  readonly namespace: string
  readonly collection: string
}

export const readWriteSetKey = (key: Buffer): WriteSetPlace => {
  const { block, tx } = readPlace(key, 0)
  const namespaceEnd = PLACE_BYTES + 1 + (key[PLACE_BYTES] as number)
  const collectionEnd = namespaceEnd + 1 + (key[namespaceEnd] as number)
  return {
    block,
    tx,
    namespace: key.toString('utf8', PLACE_BYTES + 1, namespaceEnd),
    collection: key.toString('utf8', namespaceEnd + 1, collectionEnd),
  }
}

/** `[namespace][length][key]`, with room for a place. */
const historyRow = (namespace: string, key: string, room: number): Buffer => {
  const namespaceSize = Buffer.byteLength(namespace, 'utf8')
  const keySize = Buffer.byteLength(key, 'utf8')
  if (namespaceSize > NAME_BYTES_MAX || keySize > KEY_BYTES_LIMIT) return NOWHERE
  const row = Buffer.allocUnsafe(3 + namespaceSize + keySize + room)
  row[0] = namespaceSize
  row.write(namespace, 1, 'utf8')
  row.writeUInt16BE(keySize, 1 + namespaceSize)
  row.write(key, 3 + namespaceSize, 'utf8')
  return row
}

export const historyPrefix = (namespace: string, key: string): Buffer =>
  historyRow(namespace, key, 0)

/** A key's changes lie together, oldest first. */
export const historyKey = (
  namespace: string,
  key: string,
  place: { readonly block: number; readonly tx: number },
): Buffer => {
  const row = historyRow(namespace, key, PLACE_BYTES)
  row.writeUIntBE(place.block, row.length - PLACE_BYTES, BLOCK_BYTES)
  row.writeUInt32BE(place.tx, row.length - TX_BYTES)
  return row
}

/** Transaction ids are 32 bytes in hex; only such ids are ever indexed. */
export const transactionKey = (txId: string): Buffer | undefined =>
  /^[0-9a-f]{64}$/.test(txId) ? Buffer.from(txId, 'hex') : undefined

/** The first key after every key that starts with the prefix; undefined: to the end. */
export const afterPrefix = (prefix: Buffer): Buffer | undefined => {
  const end = Buffer.from(prefix)
  for (let at = end.length - 1; at >= 0; at -= 1) {
    const byte = end[at] as number
    if (byte < 0xff) {
      end[at] = byte + 1
      return end.subarray(0, at + 1)
    }
  }
  return undefined
}
