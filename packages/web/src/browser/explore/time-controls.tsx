import { dateTime, type TimeRange } from '@grafana/data'
import { TimeRangePicker } from '@grafana/ui'
import type { ReactNode } from 'react'

interface Props {
  readonly range: TimeRange
  readonly timeZone: string
  readonly onChange: (range: { from: string; to: string }) => void
  readonly onTimeZone: (timeZone: string) => void
}

/** The range picker with its arrows and zoom. */
export function TimeControls({ range, timeZone, onChange, onTimeZone }: Props): ReactNode {
  const [fromMs, toMs] = [range.from.valueOf(), range.to.valueOf()]
  const move = (fromDelta: number, toDelta: number): void =>
    onChange({ from: String(Math.round(fromMs + fromDelta)), to: String(Math.round(toMs + toDelta)) })
  const half = (toMs - fromMs) / 2
  return (
    <TimeRangePicker
      value={range}
      timeZone={timeZone}
      isOnCanvas
      onChange={({ raw }) => onChange({ from: urlTime(raw.from), to: urlTime(raw.to) })}
      onChangeTimeZone={onTimeZone}
      onMoveBackward={() => move(-half, -half)}
      onMoveForward={() => move(half, half)}
      onZoom={() => move(-half, half)}
    />
  )
}

/** Relative times as they are, absolute ones in epoch milliseconds. */
function urlTime(time: TimeRange['raw']['from']): string {
  return typeof time === 'string' ? time : String(dateTime(time).valueOf())
}
