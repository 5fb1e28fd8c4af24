/** Unified social credit codes (GB 32100-2015) and the fingerprint by which an invoice is known once. */
import { hexToBytes, bytesToHex } from '@noble/hashes/utils'
import { sha256 } from '@noble/hashes/sha2'
import type { HashHex, RecordId } from './brand.ts'
import { canonicalJson } from './canonical.ts'
import { hmacHex } from './commitment.ts'
import type { Invoice } from './documents.ts'
import { refuse } from './fault.ts'

const ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY'
const WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]

/** The 18th character for the first 17, or undefined where one of them is not of the alphabet. */
export const creditCodeCheck = (first17: string): string | undefined => {
  const values = [...first17].map(letter => ALPHABET.indexOf(letter))
  if (values.length !== 17 || values.includes(-1)) return undefined
  const sum = values.reduce((all, value, index) => all + value * (WEIGHTS[index] as number), 0)
  return ALPHABET[(31 - (sum % 31)) % 31]
}

export const isCreditCode = (code: string): boolean =>
  code.length === 18 && creditCodeCheck(code.slice(0, 17)) === code[17]

/** What makes an invoice the same invoice, whoever submits it (domain: duplicate financing). */
export type InvoiceIdentity = Pick<Invoice, 'code' | 'number' | 'issuedOn' | 'totalFen'>

const requireCreditCode = (code: string): string =>
  isCreditCode(code) ? code : refuse('CREDIT_CODE_INVALID')

/** Keyed hash of a taxpayer; the buyer's gateway recomputes it from its own master records. */
export const sellerTag = (consortiumKey: string, sellerTaxId: string): HashHex =>
  hmacHex(consortiumKey, `seller\n${requireCreditCode(sellerTaxId)}`)

/**
 * The record id of an invoice is its fingerprint: an HMAC under the consortium key over seller, code,
 * number, date and total. Set once because a key exists once; a holder of the key could test guesses, which
 * docs/concepts/privacy.md says openly.
 */
export const invoiceId = (input: {
  consortiumKey: string
  sellerTaxId: string
  document: InvoiceIdentity
}): RecordId => {
  const { code, number, issuedOn, totalFen } = input.document
  const seller = sellerTag(input.consortiumKey, input.sellerTaxId)
  return hmacHex(
    input.consortiumKey,
    `invoice\n${canonicalJson({ seller, code, number, issuedOn, totalFen })}`,
  )
}

/** A keyed record id for any other document, so that a second import of it meets the first. */
export const documentId = (keyHex: string, kind: string, parts: readonly string[]): RecordId =>
  hmacHex(keyHex, `${kind}\n${canonicalJson(parts)}`).slice(0, 40)

/** What the policy stores of the consortium key. */
export const consortiumKeyHash = (consortiumKey: string): HashHex =>
  bytesToHex(sha256(hexToBytes(consortiumKey)))
