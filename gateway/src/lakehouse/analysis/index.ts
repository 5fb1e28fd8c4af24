/**
 * The lake for analysts: read-only SQL, exports, saved questions and where a column comes from.
 *
 * A question passes three walls, and each holds if another should not. The text is read by DuckDB
 * itself and is answered only if it is one SELECT over tables of the reader, with functions from a
 * list (check.ts). It runs over views that have already left out and masked (views.ts, masks.ts,
 * policy.ts), so that what a query says never meets what is hidden. And it runs in a process of the
 * reader's own, shut off from files, settings and writing, that is killed when it takes too much
 * (sandbox.ts, child.ts). What leaves the house is k-anonymous (export.ts).
 *
 * Imports: what the families of the lake tell of their tables (`../schema.ts`), coded errors, DuckDB
 * in child.ts alone. A table that no family has described does not exist for anybody.
 *
 * Invariants: no message of the engine after the first row was read reaches a caller; two lakes
 * that differ only in what a reader may not see answer alike (secrecy.test.ts); what is not known
 * is refused. Not hidden: how long an answer takes.
 */
export { lakeCatalogue, type Catalogue, type LedgerOrigin } from './catalogue.ts'
export { ChartSchema, checkChart, type Chart } from './charts.ts'
export { duckLake } from './duckLake.ts'
export { audienceOf, exportRows, type Exported } from './export.ts'
export type { ColumnLineage, QueryLineage } from './lineage.ts'
export {
  ANALYST_ROLES,
  lakePolicy,
  LIMITS,
  type AnalystRole,
  type Policy,
  type Reader,
} from './policy.ts'
export {
  createAnalysis,
  type Analysis,
  type AnalysisLake,
  type AnalysisOptions,
  type Question,
  type QueryAnswer,
} from './query.ts'
export { createReleaseBook, type ReleaseBook, type ReleasedRows } from './releases.ts'
export { checkSavedQuery, parseSavedQuery, runSavedQuery, type SavedQuery } from './saved.ts'
