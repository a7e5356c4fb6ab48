import { PanelPlugin, type FieldDisplay, type PanelProps } from '@grafana/data'
import { BarGaugeSizing } from '@grafana/schema'
import { sharedSingleStatMigrationHandler, useTheme2, VizRepeater, type VizRepeaterRenderValueProps } from '@grafana/ui'
import type { ReactNode } from 'react'
import { displayValues, singleValueDefaults, type SingleValueOptions } from '../common/display-values.ts'
import { panelOptions } from '../common/options.ts'
import { PanelMessage } from '../common/panel-message.tsx'
import { ValueLink } from '../common/value-link.tsx'
import { GaugeDial } from './gauge-dial.tsx'

interface GaugeOptions extends SingleValueOptions {
  readonly showThresholdLabels: boolean
  readonly showThresholdMarkers: boolean
  readonly sizing: BarGaugeSizing
  readonly minVizWidth: number
  readonly minVizHeight: number
}

const defaults: GaugeOptions = {
  ...singleValueDefaults,
  showThresholdLabels: false,
  showThresholdMarkers: true,
  sizing: BarGaugeSizing.Auto,
  minVizWidth: 75,
  minVizHeight: 75,
}

function GaugePanel(props: PanelProps<GaugeOptions>): ReactNode {
  const { data, options, width, height, renderCounter, fieldConfig } = props
  const theme = useTheme2()
  if (data.series.length === 0) return <PanelMessage data={data} noValue={fieldConfig.defaults.noValue} />
  const renderValue = ({ value, width, height, count }: VizRepeaterRenderValueProps<FieldDisplay>) => (
    <ValueLink value={value}>
      {({ openMenu }) => (
        <GaugeDial
          value={value}
          width={width}
          height={height}
          showTitle={count > 1 || value.field.displayName !== undefined}
          showThresholdMarkers={options.showThresholdMarkers}
          showThresholdLabels={options.showThresholdLabels}
          onClick={openMenu}
        />
      )}
    </ValueLink>
  )
  return (
    <VizRepeater
      getValues={() => displayValues(props, theme)}
      renderValue={renderValue}
      source={data}
      width={width}
      height={height}
      orientation={options.orientation}
      renderCounter={renderCounter}
      minVizWidth={options.minVizWidth}
      minVizHeight={options.minVizHeight}
      autoGrid
    />
  )
}

export const plugin = panelOptions(new PanelPlugin<GaugeOptions>(GaugePanel), defaults)
  .useFieldConfig()
  .setMigrationHandler(sharedSingleStatMigrationHandler)
