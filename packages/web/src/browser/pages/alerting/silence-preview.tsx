import type { GrafanaTheme2 } from '@grafana/data'
import { useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import { useEffect, useState, type ReactNode } from 'react'
import type { AlertmanagerClient } from '../../alerting/alertmanager.ts'
import { boxStyle } from '../../alerting/box.ts'
import { LabelList } from '../../alerting/label-list.tsx'
import { formatMatcher, matcherProblem, type Matcher } from '../../alerting/matchers.ts'
import { Muted } from '../../alerting/instance-table.tsx'
import { TimeAgo } from '../../alerting/time-ago.tsx'
import { lastValue, useAsync } from '../../app/use-async.ts'

/** More rows than this are not looked at one by one. */
const maximumRows = 50
const typingMs = 300

/** The alerts that a silence would hold back, as Alertmanager itself matches them. */
export function SilencePreview(props: {
  readonly client: AlertmanagerClient
  readonly matchers: readonly Matcher[]
}): ReactNode {
  const styles = useStyles2(getStyles)
  const { client } = props
  const matchers = useSettled(props.matchers)
  const isComplete = matchers.length > 0 && matchers.every((matcher) => matcherProblem(matcher) === undefined)
  const key = matchers.map(formatMatcher).join(',')
  const [state] = useAsync(
    (signal) => (isComplete ? client.alerts(matchers, signal) : Promise.resolve([])),
    [client, key],
  )
  const alerts = lastValue(state) ?? []
  return (
    <section className={styles.box} data-testid="silence-preview">
      <h2>
        Affected alerts <span className={styles.count}>{isComplete && state.kind === 'ready' && alerts.length}</span>
      </h2>
      {state.kind === 'error' && <div role="alert">{state.error.message}</div>}
      {!isComplete && <p>Complete the matchers to see which alerts they hold back.</p>}
      {isComplete && state.kind === 'ready' && alerts.length === 0 && (
        <p>No alert matches now. The silence also holds for alerts that begin later.</p>
      )}
      <ul>
        {isComplete &&
          alerts.slice(0, maximumRows).map((alert) => (
            <li key={alert.fingerprint}>
              <strong>{alert.labels['alertname']}</strong>
              <LabelList labels={alert.labels} without={['alertname']} />
              <Muted alert={alert} />
              <span className={styles.since}>
                <TimeAgo time={alert.startsAt} />
              </span>
            </li>
          ))}
      </ul>
      {isComplete && alerts.length > maximumRows && <p>and {alerts.length - maximumRows} more</p>}
    </section>
  )
}

/** The value once it has not changed for a moment, so that not every key asks the server. */
function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), typingMs)
    return () => clearTimeout(timer)
  }, [value])
  return settled
}

const getStyles = (theme: GrafanaTheme2) => ({
  box: css({
    ...boxStyle(theme),
    padding: theme.spacing(2),
    h2: { fontSize: theme.typography.h5.fontSize, margin: 0 },
    p: { margin: theme.spacing(1, 0, 0), color: theme.colors.text.secondary },
    ul: { listStyle: 'none' },
    li: { display: 'flex', alignItems: 'center', gap: theme.spacing(1), marginTop: theme.spacing(1) },
    '[role=alert]': { color: theme.colors.error.text },
  }),
  count: css({ color: theme.colors.text.secondary, fontWeight: 400 }),
  since: css({ marginLeft: 'auto', color: theme.colors.text.secondary, whiteSpace: 'nowrap' }),
})
