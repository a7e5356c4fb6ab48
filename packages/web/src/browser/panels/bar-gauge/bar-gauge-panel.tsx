import {
  getDisplayValueAlignmentFactors,
  PanelPlugin,
  type DisplayValueAlignmentFactors,
  type FieldDisplay,
  type PanelProps,
} from '@grafana/data'
import { BarGaugeNamePlacement, BarGaugeSizing, BarGaugeValueMode, VizOrientation } from '@grafana/schema'
import {
  BarGauge,
  BarGaugeDisplayMode,
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

interface BarGaugeOptions extends SingleValueOptions {
  readonly displayMode: BarGaugeDisplayMode
  readonly valueMode: BarGaugeValueMode
  readonly namePlacement: BarGaugeNamePlacement
  readonly showUnfilled: boolean
  readonly sizing: BarGaugeSizing
  readonly minVizWidth: number
  readonly minVizHeight: number
  readonly maxVizHeight: number
}

const defaults: BarGaugeOptions = {
  ...singleValueDefaults,
  displayMode: BarGaugeDisplayMode.Gradient,
  valueMode: BarGaugeValueMode.Color,
  namePlacement: BarGaugeNamePlacement.Auto,
  showUnfilled: true,
  sizing: BarGaugeSizing.Auto,
  minVizWidth: 8,
  minVizHeight: 16,
  maxVizHeight: 300,
}

function BarGaugePanel(props: PanelProps<BarGaugeOptions>): ReactNode {
  const { data, options, width, height, renderCounter, fieldConfig } = props
  const theme = useTheme2()
  if (data.series.length === 0) return <PanelMessage data={data} noValue={fieldConfig.defaults.noValue} />
  const renderValue = (item: VizRepeaterRenderValueProps<FieldDisplay, DisplayValueAlignmentFactors>) => {
    const { value, width, height, orientation, alignmentFactors } = item
    const processor = value.view?.getFieldDisplayProcessor(value.colIndex ?? 0)
    return (
      <ValueLink value={value}>
        {({ openMenu, targetClassName }) => (
          <BarGauge
            theme={theme}
            width={width}
            height={height}
            orientation={orientation}
            field={value.field}
            value={value.display}
            displayMode={options.displayMode}
            valueDisplayMode={options.valueMode}
            namePlacement={options.namePlacement}
            showUnfilled={options.showUnfilled}
            isOverflow={false}
            itemSpacing={10}
            lcdCellWidth={12}
            {...(processor ? { display: processor } : {})}
            {...(options.text ? { text: options.text } : {})}
            {...(alignmentFactors ? { alignmentFactors } : {})}
            {...(openMenu ? { onClick: openMenu } : {})}
            {...(targetClassName ? { className: targetClassName } : {})}
          />
        )}
      </ValueLink>
    )
  }
  return (
    <VizRepeater
      getValues={() => displayValues(props, theme)}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={renderValue}
      source={data}
      width={width}
      height={height}
      orientation={options.orientation === VizOrientation.Auto ? VizOrientation.Horizontal : options.orientation}
      renderCounter={renderCounter}
      itemSpacing={10}
      minVizWidth={options.minVizWidth}
      minVizHeight={options.minVizHeight}
      maxVizHeight={options.maxVizHeight}
    />
  )
}

export const plugin = panelOptions(new PanelPlugin<BarGaugeOptions>(BarGaugePanel), defaults)
  .useFieldConfig()
  .setMigrationHandler(sharedSingleStatMigrationHandler)
