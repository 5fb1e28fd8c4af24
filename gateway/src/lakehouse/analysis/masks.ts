/**
 * What stands in a view instead of a value. A pseudonym is HMAC-SHA256 under a key that never
 * leaves the gateway: equal values stay equal, so joins and counts hold, and nobody without the key
 * can try names until one fits. It does not hide how often a value occurs, and whoever can write a
 * known value into the lake can look for its pseudonym; keys differ by role and member, so
 * pseudonyms of two readers cannot be laid side by side.
 */
import { createHmac } from 'node:crypto'

export const KINDS = ['NAME', 'ID_NUMBER', 'ACCOUNT', 'PHONE', 'ADDRESS', 'USER', 'TEXT'] as const
/**
 * USER is a person at work with this gateway: a user, a session, what they opened. TEXT is what people wrote freely:
 * it may hold any of the others.
 */
export type SensitiveKind = (typeof KINDS)[number]
export type Kind = SensitiveKind | 'PLAIN'

export const MASKS = ['PLAIN', 'PSEUDONYM', 'PARTIAL', 'HIDDEN'] as const
export type Mask = (typeof MASKS)[number]

/** 96 bits: no two values of a lake meet by chance. */
const PSEUDONYM_LETTERS = 24
const BLOCK_BYTES = 64

/** The key of one reader: of a role, for a member, in one organisation's lake. */
export const readerKey = (secret: Uint8Array, reader: string): Buffer =>
  createHmac('sha256', secret).update(`triflow/analysis/${reader}`).digest()

const padded = (key: Buffer, byte: number): string => {
  const block = Buffer.alloc(BLOCK_BYTES)
  key.copy(block)
  return Buffer.from(block.map(one => one ^ byte)).toString('hex')
}

/**
 * HMAC out of the one hash that the engine has. The kind is part of the message: a name is no
 * account.
 */
export function pseudonymSql(column: string, kind: SensitiveKind, key: Buffer): string {
  const message = `encode('${kind}:' || CAST(${column} AS VARCHAR))`
  const inner = `sha256(unhex('${padded(key, 0x36)}') || ${message})`
  const outer = `sha256(unhex('${padded(key, 0x5c)}') || unhex(${inner}))`
  return `left(${outer}, ${PSEUDONYM_LETTERS})`
}

/** The same in this process, for those who must name a row to somebody who holds the value. */
export const pseudonymOf = (value: string, kind: SensitiveKind, key: Buffer): string =>
  createHmac('sha256', key).update(`${kind}:${value}`).digest('hex').slice(0, PSEUDONYM_LETTERS)

/** Too short a value is hidden whole: three letters shown of four are no mask. */
const shown = (column: string, part: { head: number; tail: number; atLeast: number }): string => {
  const text = `CAST(${column} AS VARCHAR)`
  const tail = part.tail > 0 ? ` || right(${text}, ${part.tail})` : ''
  const visible = `left(${text}, ${part.head}) || '****'${tail}`
  return `CASE WHEN ${column} IS NULL THEN NULL
    WHEN length(${text}) < ${part.atLeast} THEN '****' ELSE ${visible} END`
}

const PARTS: Readonly<Record<Exclude<SensitiveKind, 'TEXT'>, Parameters<typeof shown>[1]>> = {
  NAME: { head: 1, tail: 0, atLeast: 2 },
  ID_NUMBER: { head: 3, tail: 2, atLeast: 12 },
  ACCOUNT: { head: 0, tail: 4, atLeast: 10 },
  PHONE: { head: 3, tail: 2, atLeast: 9 },
  ADDRESS: { head: 3, tail: 0, atLeast: 8 },
  USER: { head: 0, tail: 0, atLeast: 1 },
}

/** @param column the quoted name. */
export function maskSql(
  column: string,
  how: { kind: Kind; type: string; mask: Mask; key: Buffer },
): string {
  const { kind, mask } = how
  if (kind === 'PLAIN' || mask === 'PLAIN') return column
  if (mask === 'HIDDEN' || kind === 'TEXT') return `CAST(NULL AS ${how.type})`
  if (mask === 'PSEUDONYM') return pseudonymSql(column, kind, how.key)
  return shown(column, PARTS[kind])
}
