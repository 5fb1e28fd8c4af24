/**
 * The outside world's data sources on one machine: twelve, in one process, simulated and saying so.
 *
 * One seeded world stands behind them. What happened is made once (`life.ts`) from traits that nobody sees
 * (`traits.ts`): deals, instalments, bills, taxes. Each source only speaks of it (`speak/`): a firm that pays late is
 * late at its bank, in the credit bureau, at the power company, and before the court when it was too late for too long.
 *
 * Invariants: the same seed, first day and population give the same records; a later clock only adds records behind
 * those that were there; no person's number, code or place can be a real one's.
 *
 * May import node, express and the generator; nothing of the product, whose catalogue is so checked by somebody else.
 */
export { type Actor, type Population } from './actors.ts'
export { type Faults } from './faults.ts'
export { type Deal } from './life.ts'
export {
  startSourcesSimulator,
  type SourcesSimulator,
  type SourcesSimulatorOptions,
} from './server.ts'
export { VOICES, type VoiceName } from './speak/index.ts'
export { createSourceWorld, type Said, type SourceWorld, type WorldOptions } from './stream.ts'
export { type TradeScale } from './trade.ts'
export { type Traits } from './traits.ts'
