// The parts of ECharts that the console draws with; nothing else is loaded.
import { BarChart, LineChart } from 'echarts/charts'
import { GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from 'echarts/components'
import { init, use, type EChartsType } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'

use([BarChart, LineChart, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, SVGRenderer])

export const draw = (holder: HTMLElement): EChartsType => init(holder, undefined, { renderer: 'svg' })
export type { EChartsType }
