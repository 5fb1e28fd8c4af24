/** Branded primitives: a fen amount, an id or a date cannot be passed where another is meant. */

declare const brand: unique symbol
export type Brand<T, Name extends string> = T & { readonly [brand]: Name }

/** Money in the minor unit of its currency (1 CNY = 100 fen). */
export type AmountFen = Brand<bigint, 'AmountFen'>
/** Parts per million: 36 500 ppm = 3.65 %. */
export type RatePpm = Brand<bigint, 'RatePpm'>
/** Thousandths of the order line's unit of measure; negative on a return. */
export type QuantityMilli = Brand<bigint, 'QuantityMilli'>
/** Millionths of a currency unit per unit of measure (1 CNY = 1 000 000). */
export type PriceMicro = Brand<bigint, 'PriceMicro'>
/** A calendar day `YYYY-MM-DD`, as the parties' contract means it (China Standard Time). */
export type LocalDate = Brand<string, 'LocalDate'>

export type MspId = string
/** A random pseudonym; who stands behind it lives in the parties' own databases. */
export type MemberId = string
/** 16 to 64 characters of [0-9A-Za-z_-]; random or keyed, never a document number. */
export type RecordId = string
/** The exact text a private collection holds for one key; its SHA-256 is the commitment. */
export type Opening = Brand<string, 'Opening'>
/** 64 hexadecimal characters of SHA-256. */
export type HashHex = string

export const amountFen = (value: bigint): AmountFen => value as AmountFen
export const ratePpm = (value: bigint): RatePpm => value as RatePpm
export const quantityMilli = (value: bigint): QuantityMilli => value as QuantityMilli
export const priceMicro = (value: bigint): PriceMicro => value as PriceMicro
export const opening = (text: string): Opening => text as Opening
