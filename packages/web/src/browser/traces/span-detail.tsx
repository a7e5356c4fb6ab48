import { LinkButton, useStyles2 } from '@grafana/ui'
import type { ReactNode } from 'react'
import type { Tag } from '../datasources/tempo/trace-frame.ts'
import { formatDuration } from './layout.ts'
import { linkedTraceUrl, logsUrl, metricsUrl } from './links.ts'
import { getTraceStyles } from './styles.ts'
import type { Trace, TraceSpan } from './trace.ts'

interface Props {
  readonly trace: Trace
  readonly span: TraceSpan
  readonly color: string
}

/** Everything that a span carries, and the ways from it to logs and metrics. */
export function SpanDetail({ trace, span, color }: Props): ReactNode {
  const styles = useStyles2(getTraceStyles)
  const logs = logsUrl(trace.traceId, span)
  const metrics = metricsUrl(span)
  return (
    <div className={styles.detail} style={{ borderLeftColor: color }} data-testid="span-detail">
      <div className={styles.detailHead}>
        <b>{span.name}</b>
        <span className={styles.muted}>{span.service}</span>
        <span className={styles.muted}>{span.kind}</span>
        <span className={styles.muted}>duration {formatDuration(span.durationMs)}</span>
        <span className={styles.muted}>starts after {formatDuration(span.offsetMs)}</span>
        <span className={styles.muted}>span {span.spanId}</span>
        {span.scopeName !== '' && <span className={styles.muted}>{span.scopeName}</span>}
      </div>
      {span.isError && (
        <div className={styles.statusMessage}>Error{span.statusMessage && `: ${span.statusMessage}`}</div>
      )}
      <div className={styles.actions}>
        {logs && (
          <LinkButton size="sm" variant="secondary" icon="gf-logs" href={logs}>
            Logs for this span
          </LinkButton>
        )}
        {metrics && (
          <LinkButton size="sm" variant="secondary" icon="graph-bar" href={metrics}>
            Request rate of {span.service}
          </LinkButton>
        )}
      </div>
      <Section title="Span attributes" tags={span.attributes} isOpen />
      <Section title="Resource attributes" tags={span.resource} isOpen={false} />
      {span.events.length > 0 && (
        <details className={styles.section} open>
          <summary>Events ({span.events.length})</summary>
          {span.events.map(({ name, timestamp, fields }, index) => (
            <div key={index}>
              <b>{name}</b> <span className={styles.muted}>after {formatDuration(timestamp - trace.startMs)}</span>
              <TagTable tags={fields} />
            </div>
          ))}
        </details>
      )}
      {span.links.length > 0 && (
        <details className={styles.section} open>
          <summary>Links ({span.links.length})</summary>
          {span.links.map(({ traceID, spanID, tags }, index) => (
            <div key={index} className={styles.tags}>
              <a href={linkedTraceUrl(traceID)}>{traceID}</a> <span className={styles.muted}>span {spanID}</span>
              <TagTable tags={tags} />
            </div>
          ))}
        </details>
      )}
    </div>
  )
}

function Section(props: {
  readonly title: string
  readonly tags: readonly Tag[]
  readonly isOpen: boolean
}): ReactNode {
  const { title, tags, isOpen } = props
  const styles = useStyles2(getTraceStyles)
  if (tags.length === 0) return null
  return (
    <details className={styles.section} open={isOpen}>
      <summary>
        {title} ({tags.length})
      </summary>
      <TagTable tags={tags} />
    </details>
  )
}

function TagTable({ tags }: { readonly tags: readonly Tag[] }): ReactNode {
  const styles = useStyles2(getTraceStyles)
  return (
    <table className={styles.tags}>
      <tbody>
        {tags.map(({ key, value }, index) => (
          <tr key={index}>
            <th>{key}</th>
            <td>{typeof value === 'string' ? value : JSON.stringify(value)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
