import { PanelPlugin, type FieldDisplay, type PanelProps } from '@grafana/data'
import type { PercentChangeColorMode } from '@grafana/schema'
import {
  BigValue,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  BigValueTextMode,
  sharedSingleStatMigrationHandler,
  useTheme2,
  VizRepeater,
  type VizRepeaterRenderValueProps,
} from '@grafana/ui'
import type { ReactNode } from 'react'
import { displayValues, singleValueDefaults, type SingleValueOptions } from '../common/display-values.ts'
import { panelOptions } from '../common/options.ts'
import { PanelMessage } from '../common/panel-message.tsx'
import { ValueLink } from '../common/value-link.tsx'

interface StatOptions extends SingleValueOptions {
  readonly colorMode: BigValueColorMode
  readonly graphMode: BigValueGraphMode
  readonly textMode: BigValueTextMode
  readonly justifyMode: BigValueJustifyMode
  readonly wideLayout: boolean
  readonly showPercentChange: boolean
  readonly percentChangeColorMode: PercentChangeColorMode
}

const defaults: StatOptions = {
  ...singleValueDefaults,
  colorMode: BigValueColorMode.Value,
  graphMode: BigValueGraphMode.Area,
  textMode: BigValueTextMode.Auto,
  justifyMode: BigValueJustifyMode.Auto,
  wideLayout: true,
  showPercentChange: false,
  percentChangeColorMode: 'standard' as PercentChangeColorMode,
}

function StatPanel(props: PanelProps<StatOptions>): ReactNode {
  const { data, options, width, height, renderCounter, fieldConfig } = props
  const theme = useTheme2()
  if (data.series.length === 0 && !fieldConfig.defaults.noValue) return <PanelMessage data={data} />
  const renderValue = ({ value, width, height, count }: VizRepeaterRenderValueProps<FieldDisplay>) => (
    <ValueLink value={value}>
      {({ openMenu, targetClassName }) => (
        <BigValue
          theme={theme}
          width={width}
          height={height}
          count={count}
          value={value.display}
          colorMode={options.colorMode}
          graphMode={options.graphMode}
          textMode={options.textMode}
          justifyMode={options.justifyMode}
          disableWideLayout={!options.wideLayout}
          percentChangeColorMode={options.percentChangeColorMode}
          hasLinks={value.hasLinks}
          {...(value.sparkline ? { sparkline: value.sparkline } : {})}
          {...(options.text ? { text: options.text } : {})}
          {...(openMenu ? { onClick: openMenu } : {})}
          {...(targetClassName ? { className: targetClassName } : {})}
        />
      )}
    </ValueLink>
  )
  return (
    <VizRepeater
      getValues={() => displayValues(props, theme, options.graphMode !== BigValueGraphMode.None)}
      renderValue={renderValue}
      source={data}
      width={width}
      height={height}
      orientation={options.orientation}
      renderCounter={renderCounter}
      itemSpacing={3}
      autoGrid
    />
  )
}

export const plugin = panelOptions(new PanelPlugin<StatOptions>(StatPanel), defaults)
  .useFieldConfig()
  .setNoPadding()
  .setMigrationHandler(sharedSingleStatMigrationHandler)
