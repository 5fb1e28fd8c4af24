import { badDebt, coverage, fundedVolume, retention, satisfaction } from './business.ts'
import { auditEffort, costPerCase } from './cost.ts'
import type { Kpi } from './kpi.ts'
import { approvalTime, automatedShare } from './time.ts'

export const KPIS: readonly Kpi[] = [
  approvalTime,
  automatedShare,
  costPerCase,
  coverage,
  badDebt,
  retention,
  fundedVolume,
  satisfaction,
  auditEffort,
]

export const findKpi = (name: string): Kpi | undefined => KPIS.find(kpi => kpi.name === name)
