import type { Handlers } from '../../platform/http/bind.ts'
import { unknownObject } from '../../platform/faults.ts'
import type { Services } from '../../services.ts'
import type { KpiSummary } from './api.ts'
import { findKpi, KPIS } from './catalogue.ts'
import { tablesOf, type Kpi } from './kpi.ts'
import { createKpiReader } from './reader.ts'

export function kpiHandlers({ config, database }: Services): Handlers<'kpis.list' | 'kpis.get'> {
  const reader = createKpiReader({ config, database })
  return {
    'kpis.list': async () => ({ items: KPIS.map(summaryOf) }),
    'kpis.get': async ({ params }) => {
      const kpi = findKpi(params.name)
      if (!kpi) throw unknownObject('figure')
      const { rows, query, asOf } = await reader.ask(kpi)
      return { ...summaryOf(kpi), rows: [...rows], query, tables: tablesOf(query), asOf }
    },
  }
}

function summaryOf({ name, version, words, about, target, columns, chart }: Kpi): KpiSummary {
  const { y, ...rest } = chart
  return {
    name,
    version,
    words,
    about,
    ...(target ? { target } : {}),
    columns: { ...columns },
    chart: { ...rest, y: [...y] },
  }
}
