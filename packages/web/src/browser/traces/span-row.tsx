import { Icon, useStyles2, useTheme2 } from '@grafana/ui'
import { memo, type ReactNode } from 'react'
import { barOf, formatDuration, type TimeWindow } from './layout.ts'
import { getTraceStyles } from './styles.ts'
import type { TraceSpan } from './trace.ts'

interface Props {
  readonly span: TraceSpan
  readonly window: TimeWindow
  readonly color: string
  readonly isCollapsed: boolean
  readonly isOpen: boolean
  readonly isMatch: boolean
  readonly onToggleChildren: (spanId: string) => void
  readonly onToggleDetail: (spanId: string) => void
}

export const SpanRow = memo(function SpanRow(props: Props): ReactNode {
  const { span, color, isCollapsed, isOpen, isMatch, onToggleChildren, onToggleDetail } = props
  const styles = useStyles2(getTraceStyles)
  const showError = span.isError || (isCollapsed && span.hasErrorBelow)
  return (
    <div
      className={styles.row}
      data-open={isOpen}
      data-match={isMatch}
      role="button"
      tabIndex={0}
      aria-expanded={isOpen}
      onClick={() => onToggleDetail(span.spanId)}
      onKeyDown={({ key }) => {
        if (key === 'Enter') onToggleDetail(span.spanId)
        if (key === 'ArrowLeft' && !isCollapsed && span.childCount > 0) onToggleChildren(span.spanId)
        if (key === 'ArrowRight' && isCollapsed) onToggleChildren(span.spanId)
      }}
    >
      <div className={styles.name}>
        {Array.from({ length: Math.min(span.depth, 30) }, (_, level) => (
          <span key={level} className={styles.guide} />
        ))}
        <button
          type="button"
          className={styles.toggle}
          style={span.childCount === 0 ? { visibility: 'hidden' } : {}}
          aria-label={isCollapsed ? `Show ${span.descendantCount} spans below` : 'Hide the spans below'}
          onClick={(event) => {
            event.stopPropagation()
            onToggleChildren(span.spanId)
          }}
        >
          <Icon name={isCollapsed ? 'angle-right' : 'angle-down'} />
        </button>
        <span className={styles.swatch} style={{ background: color }} />
        {showError && <Icon name="exclamation-circle" className={styles.error} title="Error" />}
        <span className={styles.service}>{span.service}</span>
        <span className={styles.operation} title={span.name}>
          {span.name}
        </span>
        {isCollapsed && <span className={styles.operation}>+{span.descendantCount}</span>}
      </div>
      <Bar {...props} />
    </div>
  )
})

function Bar({ span, window, color }: Props): ReactNode {
  const styles = useStyles2(getTraceStyles)
  const theme = useTheme2()
  const bar = barOf(span, window)
  if (!bar) return <div className={styles.timeline} />
  const { leftPercent, widthPercent } = bar
  const width = window.toMs - window.fromMs
  // The duration stands where there is room for it.
  const label =
    leftPercent + widthPercent < 80
      ? { left: `${leftPercent + widthPercent}%` }
      : leftPercent > 20
        ? { right: `${100 - leftPercent}%` }
        : { right: `${100 - leftPercent - widthPercent}%`, color: theme.colors.getContrastText(color) }
  return (
    <div className={styles.timeline}>
      <span className={styles.bar} style={{ left: `${leftPercent}%`, width: `${widthPercent}%`, background: color }} />
      {span.events.map(({ timestamp }, index) => {
        const part = width > 0 ? (timestamp - span.startMs + span.offsetMs - window.fromMs) / width : -1
        return part < 0 || part > 1 ? null : (
          <span key={index} className={styles.barEvent} style={{ left: `${part * 100}%` }} />
        )
      })}
      <span className={styles.barLabel} style={label}>
        {formatDuration(span.durationMs)}
      </span>
    </div>
  )
}
