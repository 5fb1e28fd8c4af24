/**
 * Thirteen sources of the outside world, pulled into the lake.
 *
 * The catalogue says what each source is: its fields, what hides them, how fresh it has to be, on what legal ground a
 * record is kept. Twelve are pulled over one HTTP interface; the ledger's own behaviour is computed in the lake.
 *
 * Invariants: a record is kept once, or is a dead letter, or is counted as dropped; nothing of a subject is kept that
 * had to say yes and did not; a batch and the position behind it are one transaction; no loop runs without a pause.
 *
 * May import platform/ and the model of the contracts. What is exported here knows nothing of DuckDB; the tables, the
 * sink over the engine, the streams and the routes stand in files of their own (`tables`, `lakeSink`, `start`, `routes`).
 */
export { CATALOGUE, PULLED, sourceOf, type SourceBody } from './catalogue/index.ts'
export { type Field, type Masking } from './fields.ts'
export { maskBody, maskText } from './mask.ts'
export {
  createPuller,
  startSources,
  type Puller,
  type PullerOptions,
  type Sources,
  type SourcesOptions,
} from './puller.ts'
export { createClient, type ClientOptions, type FaultCode, type SourceClient } from './client.ts'
export { type Page } from './screen.ts'
export { TIMING, type Fault, type Outcome, type Timing } from './schedule.ts'
export * from './sink.ts'
export {
  needsConsent,
  SOURCE_NAMES,
  type ConsentBasis,
  type RetentionClass,
  type Source,
  type SourceName,
  type Subject,
} from './source.ts'
export { type SourceStatus } from './status.ts'
