import { behaviourHandlers } from './behaviour/routes.ts'
import { documentHandlers } from './documents/routes.ts'
import { financingHandlers } from './financing/routes.ts'
import { importHandlers } from './imports/routes.ts'
import type { Importer } from './imports/upload.ts'
import { kpiHandlers } from './lakehouse/marts/routes.ts'
import type { Analysts } from './lakehouse/analysis/analysts.ts'
import { analysisHandlers } from './lakehouse/analysis/routes.ts'
import { privacyHandlers } from './lakehouse/privacy/routes.ts'
import { featureHandlers } from './lakehouse/features/routes.ts'
import { lakeDocumentHandlers } from './lakehouse/documents/routes.ts'
import { lakeHandlers } from './lakehouse/routes.ts'
import { sourceHandlers } from './lakehouse/sources/routes.ts'
import { memberHandlers } from './members/routes.ts'
import { networkHandlers } from './network/routes.ts'
import { operationHandlers } from './operations/routes.ts'
import type { Handlers } from './platform/http/bind.ts'
import { receivableHandlers } from './receivables/routes.ts'
import { reconciliationHandlers } from './reconciliation/routes.ts'
import { reportHandlers } from './reports/routes.ts'
import type { Services } from './services.ts'
import { sessionHandlers } from './sessions/routes.ts'
import type { Sessions } from './sessions/sessions.ts'
import { settlementHandlers } from './settlement/routes.ts'
import { tradeHandlers } from './trade/routes.ts'
import { userHandlers } from './users/routes.ts'

/** A handler for every route; making them also defines the operations, so a worker needs them too. */
export function createHandlers(
  services: Services,
  parts: { importer: Importer; sessions: Sessions; analysts: Analysts },
): Handlers {
  return {
    ...sessionHandlers(parts.sessions),
    ...networkHandlers(services),
    ...userHandlers(services.users),
    ...memberHandlers(services),
    ...documentHandlers(services),
    ...importHandlers(services, parts.importer),
    ...tradeHandlers(services),
    ...reconciliationHandlers(services),
    ...receivableHandlers(services),
    ...financingHandlers(services),
    ...settlementHandlers(services),
    ...reportHandlers(services),
    ...lakeHandlers(services),
    ...kpiHandlers(services),
    ...behaviourHandlers(services),
    ...sourceHandlers(services),
    ...analysisHandlers(parts.analysts),
    ...privacyHandlers(services),
    ...featureHandlers(services),
    ...lakeDocumentHandlers(services),
    ...operationHandlers(services),
  }
}
