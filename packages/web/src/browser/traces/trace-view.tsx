import type { TimeZone } from '@grafana/data'
import { useStyles2, useTheme2 } from '@grafana/ui'
import { useCallback, useMemo, useState, type ReactNode } from 'react'
import { matchingSpans, visibleSpans, type TimeWindow } from './layout.ts'
import { serviceColors } from './service-color.ts'
import { SpanDetail } from './span-detail.tsx'
import { SpanRow } from './span-row.tsx'
import { getTraceStyles } from './styles.ts'
import { TimeRuler } from './time-ruler.tsx'
import type { Trace } from './trace.ts'
import { TraceHeader } from './trace-header.tsx'
import { TraceMap } from './trace-map.tsx'
import { TraceToolbar } from './trace-toolbar.tsx'

/** A browser keeps up with this many rows; larger traces begin with their deeper spans folded away. */
const maximumRows = 2000

interface Props {
  readonly trace: Trace
  readonly timeZone: TimeZone
}

/** One trace as a waterfall: who called whom, when, for how long, and what went wrong. */
export function TraceView({ trace, timeZone }: Props): ReactNode {
  const styles = useStyles2(getTraceStyles)
  const theme = useTheme2()
  const colors = useMemo(() => serviceColors(trace.services, theme), [trace, theme])
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set())
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const [search, setSearch] = useState('')
  const [window, setWindow] = useState<TimeWindow>({ fromMs: 0, toMs: trace.durationMs })
  const matches = useMemo(() => matchingSpans(trace, search), [trace, search])
  const rows = visibleSpans(trace, collapsed)
  const toggleChildren = useCallback((id: string) => setCollapsed((old) => toggled(old, id)), [])
  const toggleDetail = useCallback((id: string) => setOpen((old) => toggled(old, id)), [])
  return (
    <div className={styles.view} data-testid="trace-view">
      <TraceHeader trace={trace} timeZone={timeZone} />
      <TraceMap trace={trace} colors={colors} window={window} onChange={setWindow} />
      <TraceToolbar
        trace={trace}
        search={search}
        matchCount={matches?.size}
        onSearch={setSearch}
        onCollapse={setCollapsed}
      />
      <TimeRuler window={window} />
      {rows.slice(0, maximumRows).map((span) => (
        <div key={span.spanId}>
          <SpanRow
            span={span}
            window={window}
            color={colors.get(span.service) ?? ''}
            isCollapsed={collapsed.has(span.spanId)}
            isOpen={open.has(span.spanId)}
            isMatch={matches === undefined || matches.has(span.spanId)}
            onToggleChildren={toggleChildren}
            onToggleDetail={toggleDetail}
          />
          {open.has(span.spanId) && <SpanDetail trace={trace} span={span} color={colors.get(span.service) ?? ''} />}
        </div>
      ))}
      {rows.length > maximumRows && (
        <div className={styles.header}>{rows.length - maximumRows} more spans: collapse some, or search.</div>
      )}
    </div>
  )
}

function toggled(set: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(set)
  if (!next.delete(id)) next.add(id)
  return next
}
