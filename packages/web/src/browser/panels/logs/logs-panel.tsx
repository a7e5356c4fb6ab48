import { PanelPlugin, type PanelProps } from '@grafana/data'
import type { ReactNode } from 'react'
import { LogList } from '../../logs/log-list.tsx'
import { logLinesOf } from '../../logs/log-line.ts'
import { panelOptions } from '../common/options.ts'
import { PanelMessage } from '../common/panel-message.tsx'

interface LogsOptions {
  readonly showTime: boolean
  readonly showLabels: boolean
  readonly showCommonLabels: boolean
  readonly wrapLogMessage: boolean
  readonly prettifyLogMessage: boolean
  readonly enableLogDetails: boolean
  readonly dedupStrategy: 'none' | 'exact' | 'numbers' | 'signature'
  readonly sortOrder: 'Descending' | 'Ascending'
}

const defaults: LogsOptions = {
  showTime: false,
  showLabels: false,
  showCommonLabels: false,
  wrapLogMessage: false,
  prettifyLogMessage: false,
  enableLogDetails: true,
  dedupStrategy: 'none',
  sortOrder: 'Descending',
}

function LogsPanel({ data, options, width, height, timeZone, fieldConfig }: PanelProps<LogsOptions>): ReactNode {
  const lines = logLinesOf(data.series)
  if (lines.length === 0) return <PanelMessage data={data} noValue={fieldConfig.defaults.noValue} />
  return (
    <LogList
      lines={lines}
      width={width}
      height={height}
      timeZone={timeZone}
      showTime={options.showTime}
      showLabels={options.showLabels}
      wrap={options.wrapLogMessage}
      prettify={options.prettifyLogMessage}
      canExpand={options.enableLogDetails}
      order={options.sortOrder}
    />
  )
}

export const plugin = panelOptions(new PanelPlugin<LogsOptions>(LogsPanel), defaults).setNoPadding()
