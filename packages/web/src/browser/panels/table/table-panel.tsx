import {
  cacheFieldDisplayNames,
  getFrameDisplayName,
  PanelPlugin,
  type PanelProps,
  type SelectableValue,
} from '@grafana/data'
import type { TableCellHeight, TableSortByFieldState } from '@grafana/schema'
import { Combobox } from '@grafana/ui'
import { TableNG } from '@grafana/ui/unstable'
import type { ReactNode } from 'react'
import { customFieldOptions, panelOptions } from '../common/options.ts'
import { PanelMessage } from '../common/panel-message.tsx'

interface TableOptions {
  readonly frameIndex: number
  readonly showHeader: boolean
  readonly showTypeIcons: boolean
  readonly sortBy: TableSortByFieldState[]
  readonly cellHeight: TableCellHeight
  readonly enablePagination: boolean
  readonly frozenColumns?: { readonly left?: number }
}

const defaults: TableOptions = {
  frameIndex: 0,
  showHeader: true,
  showTypeIcons: false,
  sortBy: [],
  cellHeight: 'sm' as TableCellHeight,
  enablePagination: false,
}

const fieldDefaults = {
  align: 'auto',
  cellOptions: { type: 'auto' },
  displayMode: undefined,
  width: undefined,
  minWidth: undefined,
  wrapHeaderText: false,
  wrapText: false,
  inspect: false,
  filterable: undefined,
  hidden: false,
  hideFrom: { viz: false },
  hideHeader: false,
  footer: undefined,
  tooltip: undefined,
}

const pickerHeight = 40

function TablePanel(props: PanelProps<TableOptions>): ReactNode {
  const { data, options, width, height, timeRange, fieldConfig, onOptionsChange } = props
  const frames = data.series
  // Without a row there is nothing that headers could be for.
  if (frames.every(({ fields, length }) => fields.length === 0 || length === 0)) {
    return <PanelMessage data={data} noValue={fieldConfig.defaults.noValue} />
  }
  cacheFieldDisplayNames(frames)
  const index = Math.min(options.frameIndex, frames.length - 1)
  const frame = frames[index]
  if (!frame) return <PanelMessage data={data} />
  const table = (
    <TableNG
      data={frame}
      width={width}
      height={frames.length > 1 ? height - pickerHeight : height}
      timeRange={timeRange}
      noHeader={!options.showHeader}
      showTypeIcons={options.showTypeIcons}
      resizable
      initialSortBy={options.sortBy}
      cellHeight={options.cellHeight}
      enablePagination={options.enablePagination}
      frozenColumns={options.frozenColumns?.left ?? 0}
      structureRev={data.structureRev ?? 0}
      fieldConfig={fieldConfig}
    />
  )
  if (frames.length === 1) return table
  const choices = frames.map((item, value): SelectableValue<number> & { label: string; value: number } => ({
    label: getFrameDisplayName(item, value),
    value,
  }))
  return (
    <div>
      <div style={{ height: height - pickerHeight }}>{table}</div>
      <div style={{ padding: '4px 8px' }}>
        <Combobox
          options={choices}
          value={index}
          onChange={({ value }) => onOptionsChange({ ...options, frameIndex: value })}
        />
      </div>
    </div>
  )
}

export const plugin = panelOptions(new PanelPlugin<TableOptions>(TablePanel), defaults)
  .useFieldConfig({ useCustomConfig: customFieldOptions(fieldDefaults) })
  .setNoPadding()
