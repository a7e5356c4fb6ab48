import { dateTimeFormat, type TimeZone } from '@grafana/data'
import { ClipboardButton, useStyles2 } from '@grafana/ui'
import type { ReactNode } from 'react'
import { formatDuration } from './layout.ts'
import { getTraceStyles } from './styles.ts'
import type { Trace } from './trace.ts'

export function TraceHeader({ trace, timeZone }: { readonly trace: Trace; readonly timeZone: TimeZone }): ReactNode {
  const styles = useStyles2(getTraceStyles)
  const root = trace.spans[0]
  return (
    <div className={styles.header}>
      <span className={styles.title}>
        {root?.service}: {root?.name}
      </span>
      <span className={styles.muted}>{trace.traceId}</span>
      <ClipboardButton
        size="sm"
        fill="text"
        variant="secondary"
        icon="copy"
        tooltip="Copy the trace id"
        aria-label="Copy the trace id"
        getText={() => trace.traceId}
      />
      <div className={styles.facts}>
        <Fact name="Start" value={dateTimeFormat(trace.startMs, { timeZone, format: 'YYYY-MM-DD HH:mm:ss.SSS' })} />
        <Fact name="Duration" value={formatDuration(trace.durationMs)} />
        <Fact name="Services" value={String(trace.services.length)} />
        <Fact name="Depth" value={String(trace.depth)} />
        <Fact name="Spans" value={String(trace.spans.length)} />
        {trace.errorCount > 0 && (
          <span className={styles.error}>
            Errors <b>{trace.errorCount}</b>
          </span>
        )}
      </div>
    </div>
  )
}

function Fact({ name, value }: { readonly name: string; readonly value: string }): ReactNode {
  const styles = useStyles2(getTraceStyles)
  return (
    <span>
      <span className={styles.muted}>{name}</span> <b>{value}</b>
    </span>
  )
}
