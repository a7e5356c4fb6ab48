import type { GrafanaTheme2 } from '@grafana/data'
import type { LogLevel } from './level.ts'

const colors: Readonly<Record<LogLevel, string>> = {
  critical: 'purple',
  error: 'red',
  warning: 'orange',
  info: 'green',
  debug: 'blue',
  trace: 'light-blue',
  unknown: '#8e8e8e',
}

export function levelColor(level: LogLevel, theme: GrafanaTheme2): string {
  return theme.visualization.getColorByName(colors[level])
}
