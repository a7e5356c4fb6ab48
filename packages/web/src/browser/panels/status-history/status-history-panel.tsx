import { FieldColorModeId, FieldConfigProperty, PanelPlugin, type PanelProps } from '@grafana/data'
import { useMemo, type ReactNode } from 'react'
import { customFieldOptions, panelOptions } from '../common/options.ts'
import { timelineDefaults, timelineFieldDefaults, type TimelineOptions } from '../timeline/options.ts'
import { cellsOf, timelineRows } from '../timeline/segments.ts'
import { TimelinePanel } from '../timeline/timeline-panel.tsx'

interface StatusHistoryOptions extends TimelineOptions {
  readonly colWidth: number
}

const defaults: StatusHistoryOptions = { ...timelineDefaults, colWidth: 0.9 }

/** Each sample by itself, in a cell of the width between two samples. */
function StatusHistoryPanel(props: PanelProps<StatusHistoryOptions>): ReactNode {
  const { data, timeRange, options } = props
  const rows = useMemo(() => {
    const range = { fromMs: timeRange.from.valueOf(), toMs: timeRange.to.valueOf() }
    return timelineRows(data.series, range).map((row) => {
      const times = row.frame.fields.find(({ type }) => (type as string) === 'time')?.values ?? []
      return { ...row, segments: cellsOf(times as number[], row.field, range) }
    })
  }, [data.series, timeRange])
  return <TimelinePanel {...props} rows={rows} columnWidth={options.colWidth} />
}

export const plugin = panelOptions(
  new PanelPlugin<StatusHistoryOptions>(StatusHistoryPanel).useFieldConfig({
    standardOptions: {
      [FieldConfigProperty.Color]: { defaultValue: { mode: FieldColorModeId.ContinuousGrYlRd } },
    },
    useCustomConfig: customFieldOptions({ ...timelineFieldDefaults, lineWidth: 1 }),
  }),
  defaults,
)
