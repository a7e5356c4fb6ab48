import {
  applyFieldOverrides,
  EventBusSrv,
  FieldColorModeId,
  getPanelOptionsWithDefaults,
  LoadingState,
  type AbsoluteTimeRange,
  type DataFrame,
  type FieldConfigSource,
  type InterpolateFunction,
  type PanelData,
  type PanelPlugin,
  type TimeRange,
} from '@grafana/data'
import { PanelContextProvider, useTheme2 } from '@grafana/ui'
import { useMemo, useState, type ReactNode } from 'react'
import { useAsync } from '../app/use-async.ts'
import { interpolate } from '../grafana/template-service.ts'
import { importPanel } from '../panels/registry.ts'
import { withCellVariables } from './data-context.ts'

interface Props {
  readonly type: string
  readonly frames: readonly DataFrame[]
  readonly annotations?: readonly DataFrame[]
  readonly options?: object
  readonly fieldConfig?: FieldConfigSource
  readonly width: number
  readonly height: number
  readonly timeRange: TimeRange
  readonly timeZone: string
  readonly onChangeTimeRange?: (range: AbsoluteTimeRange) => void
}

const plainFieldConfig: FieldConfigSource = {
  defaults: { color: { mode: FieldColorModeId.PaletteClassic } },
  overrides: [],
}

/** One panel outside of a dashboard: the same components, fed with frames. */
export function PanelView(props: Props): ReactNode {
  const [state] = useAsync(() => importPanel(props.type), [props.type])
  if (state.kind === 'error') throw state.error
  return state.kind === 'ready' ? <Loaded {...props} plugin={state.value} /> : <div style={{ height: props.height }} />
}

function Loaded(props: Props & { readonly plugin: PanelPlugin }): ReactNode {
  const { plugin, frames, annotations, options, fieldConfig, width, height, timeRange, timeZone } = props
  const theme = useTheme2()
  const [eventBus] = useState(() => new EventBusSrv())
  const withDefaults = useMemo(
    () =>
      getPanelOptionsWithDefaults({
        plugin,
        currentOptions: { ...options },
        currentFieldConfig: fieldConfig ?? plainFieldConfig,
        isAfterPluginChange: false,
      }),
    [plugin, options, fieldConfig],
  )
  const data = useMemo((): PanelData => {
    const series = applyFieldOverrides({
      data: [...frames],
      fieldConfig: withDefaults.fieldConfig,
      fieldConfigRegistry: plugin.fieldConfigRegistry,
      replaceVariables,
      theme,
      timeZone,
    })
    return {
      state: LoadingState.Done,
      series,
      timeRange,
      structureRev: nextRevision(),
      annotations: [...(annotations ?? [])],
    }
  }, [frames, annotations, withDefaults, plugin, theme, timeZone, timeRange])
  const Panel = plugin.panel
  if (!Panel) return null
  return (
    <PanelContextProvider value={{ eventsScope: 'explore', eventBus }}>
      <div style={{ width, height }}>
        <Panel
          id={1}
          title=""
          transparent={false}
          data={data}
          options={withDefaults.options as object}
          fieldConfig={withDefaults.fieldConfig}
          width={width}
          height={height}
          timeRange={timeRange}
          timeZone={timeZone}
          renderCounter={0}
          eventBus={eventBus}
          replaceVariables={replaceVariables}
          onOptionsChange={() => undefined}
          onFieldConfigChange={() => undefined}
          onChangeTimeRange={props.onChangeTimeRange ?? (() => undefined)}
        />
      </div>
    </PanelContextProvider>
  )
}

/** Every answer counts as a new structure: Explore's queries differ each time. */
let revision = 0
const nextRevision = (): number => ++revision

const replaceVariables: InterpolateFunction = (text, scopedVars) => interpolate(text, withCellVariables(scopedVars))
