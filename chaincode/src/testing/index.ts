/** Worlds, stories and attackers for the tests of other workspaces; never imported by the product. */
export * from './world.ts'
export * as story from './story.ts'
export * as financing from './financing.ts'
export * as play from './play.ts'
export { ATTACKS, COLLUSIONS } from './attacks.ts'
export type { Attack } from './attacks.ts'
