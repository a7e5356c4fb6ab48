import { FieldColorModeId, FieldConfigProperty, PanelPlugin, type PanelProps } from '@grafana/data'
import { TooltipDisplayMode } from '@grafana/schema'
import { EventBusPlugin, TimeSeries, TooltipPlugin2, usePanelContext } from '@grafana/ui'
import type { ReactNode } from 'react'
import { customFieldOptions, panelOptions } from '../common/options.ts'
import { PanelMessage } from '../common/panel-message.tsx'
import { EventMarkers } from './event-markers.tsx'
import { ExemplarPoints } from './exemplar-points.tsx'
import { drawableFrames, eventFrames, exemplarFrames } from './frames.ts'
import { defaults, fieldDefaults, type TimeSeriesOptions } from './options.ts'
import { SeriesTooltip } from './series-tooltip.tsx'

/** The library's hover modes: at a point, or at a whole column of points. */
const hoverOne = 0
const hoverAll = 1

export function TimeSeriesPanel(props: PanelProps<TimeSeriesOptions>): ReactNode {
  const { data, options, width, height, timeRange, timeZone, onChangeTimeRange, fieldConfig } = props
  const { sync, eventsScope, eventBus } = usePanelContext()
  const frames = drawableFrames(data.series)
  if (frames.length === 0) return <PanelMessage data={data} noValue={fieldConfig.defaults.noValue} />
  const hasTooltip = options.tooltip.mode !== TooltipDisplayMode.None
  const isMulti = options.tooltip.mode === TooltipDisplayMode.Multi
  return (
    <TimeSeries
      frames={frames}
      structureRev={data.structureRev ?? 0}
      width={width}
      height={height}
      timeRange={timeRange}
      timeZone={timeZone}
      legend={options.legend}
      options={options}
    >
      {(config, aligned) => (
        <>
          <EventBusPlugin config={config} eventBus={eventBus} frame={aligned} />
          {hasTooltip && (
            <TooltipPlugin2
              config={config}
              hoverMode={isMulti ? hoverAll : hoverOne}
              {...(sync ? { syncMode: sync() } : {})}
              syncScope={eventsScope}
              clientZoom
              queryZoom={({ from, to }) => onChangeTimeRange({ from, to })}
              {...(options.tooltip.maxWidth ? { maxWidth: options.tooltip.maxWidth } : {})}
              render={(_plot, indexes, seriesIndex, isPinned, _dismiss, _range, viaSync) => (
                <SeriesTooltip
                  frame={aligned}
                  indexes={indexes}
                  seriesIndex={seriesIndex}
                  isPinned={isPinned}
                  isMulti={isMulti || viaSync}
                  sort={options.tooltip.sort}
                  hideZeros={options.tooltip.hideZeros === true}
                  timeZone={timeZone}
                />
              )}
            />
          )}
          <EventMarkers config={config} frames={eventFrames(data.annotations)} timeZone={timeZone} />
          <ExemplarPoints config={config} frames={exemplarFrames(data.annotations)} timeZone={timeZone} />
        </>
      )}
    </TimeSeries>
  )
}

export const plugin = panelOptions(
  new PanelPlugin<TimeSeriesOptions>(TimeSeriesPanel).useFieldConfig({
    standardOptions: { [FieldConfigProperty.Color]: { defaultValue: { mode: FieldColorModeId.PaletteClassic } } },
    useCustomConfig: customFieldOptions(fieldDefaults),
  }),
  defaults,
).setDataSupport({ annotations: true, alertStates: false })
