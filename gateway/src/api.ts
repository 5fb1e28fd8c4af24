import { sessionRoutes } from './sessions/api.ts'
import { networkRoutes } from './network/api.ts'
import { userRoutes } from './users/api.ts'
import { memberRoutes } from './members/api.ts'
import { documentRoutes } from './documents/api.ts'
import { importRoutes } from './imports/api.ts'
import { tradeRoutes } from './trade/api.ts'
import { reconciliationRoutes } from './reconciliation/api.ts'
import { receivableRoutes } from './receivables/api.ts'
import { financingRoutes } from './financing/api.ts'
import { settlementRoutes } from './settlement/api.ts'
import { analysisRoutes } from './lakehouse/analysis/api.ts'
import { lakeDocumentRoutes } from './lakehouse/documents/api.ts'
import { lakeRoutes } from './lakehouse/api.ts'
import { kpiRoutes } from './lakehouse/marts/api.ts'
import { sourceRoutes } from './lakehouse/sources/api.ts'
import { privacyRoutes } from './lakehouse/privacy/api.ts'
import { featureRoutes } from './lakehouse/features/api.ts'
import { reportRoutes } from './reports/api.ts'
import { behaviourRoutes } from './behaviour/api.ts'
import { operationRoutes } from './operations/api.ts'

/** The whole public interface, by name. A handler exists for each name or the program does not compile. */
export const api = {
  ...sessionRoutes,
  ...networkRoutes,
  ...userRoutes,
  ...memberRoutes,
  ...documentRoutes,
  ...importRoutes,
  ...tradeRoutes,
  ...reconciliationRoutes,
  ...receivableRoutes,
  ...financingRoutes,
  ...settlementRoutes,
  ...reportRoutes,
  ...lakeRoutes,
  ...kpiRoutes,
  ...behaviourRoutes,
  ...sourceRoutes,
  ...analysisRoutes,
  ...privacyRoutes,
  ...featureRoutes,
  ...lakeDocumentRoutes,
  ...operationRoutes,
}

export type Api = typeof api
export type RouteName = keyof Api
