import { importAttemptsMigration, importMigration } from './imports/schema.ts'
import { eventsMigration } from './lakehouse/events/schema.ts'
import { lakeAnalysisMigration } from './lakehouse/analysis/schema.ts'
import { lakeDocumentsMigration } from './lakehouse/documents/owed.ts'
import { lakeMigration, lakeStreamMigration } from './lakehouse/journal.ts'
import { lateConsentsMigration, sourcesMigration } from './lakehouse/sources/consents.ts'
import { featureMigration } from './lakehouse/features/schema.ts'
import { operationMigration, storedTransactionMigration } from './operations/schema.ts'
import { lakePrivacyMigration, withdrawnConsentsMigration } from './lakehouse/privacy/schema.ts'
import type { Migration } from './platform/database/migrate.ts'
import { idempotencyMigration } from './platform/http/idempotency.ts'
import { reconciliationMigration } from './reconciliation/schema.ts'
import { oneTimePasswordMigration, userMigration } from './users/schema.ts'

/** The tables that are the service’s own; the read model has a schema and migrations of its own. */
export const APP_MIGRATIONS: readonly Migration[] = [
  userMigration,
  idempotencyMigration,
  operationMigration,
  importMigration,
  reconciliationMigration,
  importAttemptsMigration,
  oneTimePasswordMigration,
  storedTransactionMigration,
  lakeMigration,
  lakeStreamMigration,
  eventsMigration,
  sourcesMigration,
  lakeAnalysisMigration,
  lakePrivacyMigration,
  featureMigration,
  lakeDocumentsMigration,
  lateConsentsMigration,
  withdrawnConsentsMigration,
]
