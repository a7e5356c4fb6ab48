import { useStyles2 } from '@grafana/ui'
import { useRef, type PointerEvent, type ReactNode } from 'react'
import { barOf, type TimeWindow } from './layout.ts'
import { getTraceStyles } from './styles.ts'
import type { Trace } from './trace.ts'

/** A drag shorter than this is a click. */
const minimumPart = 0.01

interface Props {
  readonly trace: Trace
  readonly colors: ReadonlyMap<string, string>
  readonly window: TimeWindow
  readonly onChange: (window: TimeWindow) => void
}

/** The whole trace small; dragging over a part of it shows only that part below, a double click shows all again. */
export function TraceMap({ trace, colors, window, onChange }: Props): ReactNode {
  const styles = useStyles2(getTraceStyles)
  const dragStart = useRef<number | undefined>(undefined)
  const whole = { fromMs: 0, toMs: trace.durationMs }
  const partAt = (event: PointerEvent<HTMLDivElement>): number => {
    const { left, width } = event.currentTarget.getBoundingClientRect()
    return Math.min(1, Math.max(0, (event.clientX - left) / width))
  }
  const rowHeight = Math.min(5, 52 / trace.spans.length)
  return (
    <div
      className={styles.map}
      title="Drag to look at a part of the trace, double click for all of it"
      onPointerDown={(event) => {
        dragStart.current = partAt(event)
        event.currentTarget.setPointerCapture(event.pointerId)
      }}
      onPointerUp={(event) => {
        const parts = [dragStart.current ?? 0, partAt(event)].sort((a, b) => a - b) as [number, number]
        dragStart.current = undefined
        if (parts[1] - parts[0] < minimumPart) return
        onChange({ fromMs: parts[0] * trace.durationMs, toMs: parts[1] * trace.durationMs })
      }}
      onDoubleClick={() => onChange(whole)}
    >
      {trace.spans.map((span, index) => {
        const bar = barOf(span, whole)
        if (!bar) return null
        const style = {
          left: `${bar.leftPercent}%`,
          width: `${bar.widthPercent}%`,
          top: 2 + index * rowHeight,
          height: Math.max(0.8, rowHeight - 1),
          background: colors.get(span.service),
        }
        return <span key={span.spanId} className={styles.mapBar} style={style} />
      })}
      <span
        className={styles.mapShade}
        style={{ left: 0, width: `${(window.fromMs / trace.durationMs) * 100 || 0}%` }}
      />
      <span
        className={styles.mapShade}
        style={{ right: 0, width: `${(1 - window.toMs / trace.durationMs) * 100 || 0}%` }}
      />
    </div>
  )
}
