/** The two pictures of the overview, computed from the report. */
import type { ReconciliationReport } from '@triflow/gateway/client'
import type { EChartsCoreOption } from 'echarts/core'
import { flowColour, outcomeColour } from '../design/theme.ts'
import { formatFenShort } from '../format/index.ts'

export interface Bar {
  readonly name: string
  readonly fen: string
  readonly colour: string
}

export function flowBars(report: ReconciliationReport, name: (key: string) => string): Bar[] {
  const { orderedFen, receivedFen, invoicedFen, paidFen } = report.threeFlows
  return [
    { name: name('ordered'), fen: orderedFen, colour: flowColour.information },
    { name: name('received'), fen: receivedFen, colour: flowColour.goods },
    { name: name('invoiced'), fen: invoicedFen, colour: flowColour.information },
    { name: name('paid'), fen: paidFen, colour: flowColour.funds },
  ]
}

/** Lengths of bars are drawn from numbers; the labels are exact. */
export function flowPicture(bars: readonly Bar[], language: string): EChartsCoreOption {
  return {
    grid: { left: 8, right: 90, top: 8, bottom: 8, containLabel: true },
    xAxis: { type: 'value', show: false },
    yAxis: {
      type: 'category',
      inverse: true,
      data: bars.map(bar => bar.name),
      axisLine: { show: false },
      axisTick: { show: false },
    },
    series: [
      {
        type: 'bar',
        barWidth: 22,
        data: bars.map(bar => ({
          value: Number(BigInt(bar.fen) / 100n),
          itemStyle: { color: bar.colour, borderRadius: 4 },
          label: { show: true, position: 'right', formatter: formatFenShort(bar.fen, language) },
        })),
      },
    ],
  }
}

export interface Slice {
  readonly name: string
  readonly count: number
  readonly colour: string
}

export function verdictSlices(
  report: ReconciliationReport,
  name: (key: string) => string,
): Slice[] {
  const slices: [keyof typeof outcomeColour, number][] = [
    ['MATCHED', report.matched.count],
    ['WITHIN_TOLERANCE', report.withinTolerance.count],
    ['OVERRIDDEN', report.overridden.count],
    ['EXCEPTION', report.exceptions.count],
    ['NONE', report.unmatched.count],
  ]
  return slices
    .filter(([, count]) => count > 0)
    .map(([key, count]) => ({ name: name(key), count, colour: outcomeColour[key] }))
}

export function verdictPicture(slices: readonly Slice[]): EChartsCoreOption {
  return {
    legend: { orient: 'vertical', right: 0, top: 'middle' },
    series: [
      {
        type: 'pie',
        radius: ['48%', '74%'],
        center: ['36%', '50%'],
        label: { formatter: '{c}' },
        data: slices.map(slice => ({
          name: slice.name,
          value: slice.count,
          itemStyle: { color: slice.colour },
        })),
      },
    ],
  }
}
