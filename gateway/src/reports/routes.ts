import type { Handlers } from '../platform/http/bind.ts'
import { scopeOf, type Services } from '../services.ts'
import { chainReport, reconciliationReport } from './reconciliation.ts'
import { worklist } from './worklist.ts'

type Names = 'reports.reconciliation' | 'reports.chain' | 'worklist.get'

export function reportHandlers(services: Services): Handlers<Names> {
  return {
    'reports.reconciliation': async ({ caller, query }) =>
      reconciliationReport(services, scopeOf(caller), query),
    'reports.chain': async () => chainReport(services),
    'worklist.get': async ({ caller, query }) => worklist(services, caller, query.limit),
  }
}
