import { dateTimeFormat } from '@grafana/data'
import type { ReactNode } from 'react'
import { bootData } from '../app/boot-data.ts'
import { formatSeconds } from './rules.ts'

/** How long ago, in one or two units; the moment itself when pointed at. */
export function TimeAgo({ time, suffix = ' ago' }: { readonly time: string; readonly suffix?: string }): ReactNode {
  const timeMs = Date.parse(time)
  if (!Number.isFinite(timeMs) || timeMs <= 0) return 'never'
  return <span title={dateTimeFormat(timeMs, { timeZone: bootData.user.timezone })}>{ago(timeMs) + suffix}</span>
}

export function FormattedTime({ time }: { readonly time: string }): ReactNode {
  return <span title={time}>{dateTimeFormat(Date.parse(time), { timeZone: bootData.user.timezone })}</span>
}

function ago(timeMs: number): string {
  return roughly(Math.max(0, (Date.now() - timeMs) / 1000))
}

/** Two units are enough: `3d4h`, `5m12s`. */
export function roughly(seconds: number): string {
  if (seconds < 1) return '0s'
  return (formatSeconds(seconds).match(/\d+[a-z]+/g) ?? []).slice(0, 2).join('')
}
