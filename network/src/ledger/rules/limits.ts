/**
 * LMDB keys end at 1,978 bytes. Every place of state fits when its parts keep to these bounds,
 * which simulation and validation check alike; Fabric on LevelDB has no such bound.
 */
export const NAMESPACE_BYTES_MAX = 128
export const COLLECTION_BYTES_MAX = 192
export const KEY_BYTES_MAX = 1_536

export type KeyProblem = 'key is empty' | 'key is too long' | 'key is not Unicode text'

/** For keys read from UTF-8, which are Unicode text by that. */
export const keyFits = (key: string): boolean =>
  key.length > 0 &&
  (key.length * 3 <= KEY_BYTES_MAX || Buffer.byteLength(key, 'utf8') <= KEY_BYTES_MAX)

export const keyProblem = (key: string): KeyProblem | undefined => {
  if (key.length === 0) return 'key is empty'
  if (!keyFits(key)) return 'key is too long'
  return /\p{Cs}/u.test(key) ? 'key is not Unicode text' : undefined
}
