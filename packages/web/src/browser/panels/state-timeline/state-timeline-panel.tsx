import { FieldColorModeId, FieldConfigProperty, PanelPlugin, type Field, type PanelProps } from '@grafana/data'
import { useMemo, type ReactNode } from 'react'
import { customFieldOptions, panelOptions } from '../common/options.ts'
import { appearanceKey } from '../timeline/appearance.ts'
import { timelineDefaults, timelineFieldDefaults, type TimelineOptions } from '../timeline/options.ts'
import { timelineRows } from '../timeline/segments.ts'
import { TimelinePanel } from '../timeline/timeline-panel.tsx'

interface StateTimelineOptions extends TimelineOptions {
  readonly mergeValues: boolean
}

const defaults: StateTimelineOptions = { ...timelineDefaults, alignValue: 'left', mergeValues: true }

/** States over time: a value holds until the next one. */
function StateTimelinePanel(props: PanelProps<StateTimelineOptions>): ReactNode {
  const { data, timeRange, options } = props
  const rows = useMemo(
    () =>
      timelineRows(data.series, {
        fromMs: timeRange.from.valueOf(),
        toMs: timeRange.to.valueOf(),
        ...(options.mergeValues ? { keyOf: appearanceKey } : {}),
        spanNulls,
      }),
    [data.series, timeRange, options.mergeValues],
  )
  return <TimelinePanel {...props} rows={rows} columnWidth={1} />
}

function spanNulls(field: Field): boolean | number {
  return (field.config.custom as { spanNulls?: boolean | number } | undefined)?.spanNulls ?? false
}

export const plugin = panelOptions(
  new PanelPlugin<StateTimelineOptions>(StateTimelinePanel).useFieldConfig({
    standardOptions: {
      [FieldConfigProperty.Color]: { defaultValue: { mode: FieldColorModeId.ContinuousGrYlRd } },
    },
    useCustomConfig: customFieldOptions({ ...timelineFieldDefaults, spanNulls: false, insertNulls: false }),
  }),
  defaults,
)
