import { documentHandlers } from './documents/routes.ts'
import { financingHandlers } from './financing/routes.ts'
import { importHandlers } from './imports/routes.ts'
import type { Importer } from './imports/upload.ts'
import { lakeDocumentHandlers } from './lakehouse/documents/routes.ts'
import { lakeHandlers } from './lakehouse/routes.ts'
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
  parts: { importer: Importer; sessions: Sessions },
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
    ...lakeDocumentHandlers(services),
    ...operationHandlers(services),
  }
}
