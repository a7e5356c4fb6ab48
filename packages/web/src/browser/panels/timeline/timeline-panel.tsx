import type { PanelProps } from '@grafana/data'
import { TooltipDisplayMode } from '@grafana/schema'
import { Pagination, useTheme2, VizLegend, VizLayout } from '@grafana/ui'
import { useMemo, useState, type ReactNode } from 'react'
import { PanelMessage } from '../common/panel-message.tsx'
import { legendOf } from './appearance.ts'
import type { TimelineOptions } from './options.ts'
import type { TimelineRow } from './segments.ts'
import { TimelineView } from './timeline-view.tsx'

const pagerHeight = 36

interface Props<T extends TimelineOptions> extends PanelProps<T> {
  readonly rows: readonly TimelineRow[]
  readonly columnWidth: number
}

/** What state timeline and status history have in common: rows, legend, pages. */
export function TimelinePanel<T extends TimelineOptions>(props: Props<T>): ReactNode {
  const { rows, data, options, width, height, timeRange, timeZone, fieldConfig, onChangeTimeRange } = props
  const theme = useTheme2()
  const [page, setPage] = useState(1)
  const legend = useMemo(
    () =>
      legendOf(
        rows.map(({ field }) => field),
        theme,
      ),
    [rows, theme],
  )
  if (rows.length === 0) return <PanelMessage data={data} noValue={fieldConfig.defaults.noValue} />
  const perPage = options.perPage > 0 ? options.perPage : rows.length
  const pages = Math.ceil(rows.length / perPage)
  const current = Math.min(page, pages)
  const shown = rows.slice((current - 1) * perPage, current * perPage)
  const custom = (fieldConfig.defaults.custom ?? {}) as { fillOpacity?: number; lineWidth?: number }
  const { showLegend, placement } = options.legend
  const legendView =
    showLegend && legend.length > 0 ? (
      <VizLayout.Legend placement={placement} maxHeight="35%" maxWidth="40%">
        <VizLegend
          placement={placement}
          displayMode={options.legend.displayMode}
          items={legend.map(({ text, color }) => ({ label: text, color, yAxis: 1 }))}
          readonly
        />
      </VizLayout.Legend>
    ) : null
  return (
    <VizLayout width={width} height={height} legend={legendView}>
      {(innerWidth: number, innerHeight: number) => (
        <>
          <TimelineView
            rows={shown}
            frames={data.series}
            width={innerWidth}
            height={innerHeight - (pages > 1 ? pagerHeight : 0)}
            timeRange={timeRange}
            timeZone={timeZone}
            rowHeight={options.rowHeight}
            columnWidth={props.columnWidth}
            showValue={options.showValue}
            alignValue={options.alignValue ?? 'center'}
            fillOpacity={custom.fillOpacity ?? 70}
            lineWidth={custom.lineWidth ?? 0}
            hasTooltip={options.tooltip.mode !== TooltipDisplayMode.None}
            onChangeTimeRange={onChangeTimeRange}
          />
          {pages > 1 && <Pagination currentPage={current} numberOfPages={pages} onNavigate={setPage} />}
        </>
      )}
    </VizLayout>
  )
}
