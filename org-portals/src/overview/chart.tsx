/** A chart with the words a screen reader needs. */
import { BarChart, PieChart } from 'echarts/charts'
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components'
import { init, use, type EChartsCoreOption } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import { Card } from 'antd'
import { useEffect, useRef } from 'react'

use([BarChart, PieChart, GridComponent, LegendComponent, TooltipComponent, SVGRenderer])

interface ChartProps {
  readonly title: string
  /** The figures in words, read out instead of the picture. */
  readonly words: string
  readonly option: EChartsCoreOption
}

export function Chart({ title, words, option }: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!place.current) return
    const chart = init(place.current, undefined, { renderer: 'svg' })
    chart.setOption({ animationDuration: 300, ...option })
    const resizing = new ResizeObserver(() => chart.resize())
    resizing.observe(place.current)
    return () => {
      resizing.disconnect()
      chart.dispose()
    }
  }, [option])
  return (
    <Card size="small" title={title}>
      <div ref={place} role="img" aria-label={`${title}: ${words}`} style={{ height: 260 }} />
    </Card>
  )
}
