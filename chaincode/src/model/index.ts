/**
 * The model: types, life cycles, money, rules and the client side of every transaction.
 *
 * Browser-safe and pure: it imports @noble/hashes and nothing else, reads no clock, no random, no network.
 * Contracts, gateways and portals share it, so a value is computed the same way wherever it is shown.
 *
 * Invariants: money is a bigint in minor units, rates are parts per million; canonical JSON of equal values
 * has equal bytes; a refusal is a `CodedError` with a code of the closed list `FAULTS`; an operation puts
 * private values into its transient part and names exactly the organisations that may see them.
 */
export * from './brand.ts'
export * from './canonical.ts'
export * from './catalogue.ts'
export * from './balance.ts'
export * from './certificate.ts'
export * from './commitment.ts'
export * from './consistency.ts'
export * from './dates.ts'
export * from './decode.ts'
export * from './documents.ts'
export * from './fault.ts'
export * from './identifiers.ts'
export * from './matching.ts'
export * from './money.ts'
export * from './policy.ts'
export * from './reasons.ts'
export * from './records.ts'
export * from './roles.ts'
export * from './rules.ts'
export { DOCUMENT_SHAPES, PRIVATE_SHAPES, STATE_SHAPES } from './shapes.ts'
export * from './states.ts'
export * as operations from './operations/index.ts'
export type { Operation, Seed } from './operations/index.ts'
export { BATCH_MAX, PRIVATE_FIELD } from './operations/index.ts'
