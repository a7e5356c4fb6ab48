import { LoadingState, type DataQueryError, type GrafanaTheme2, type PanelData } from '@grafana/data'
import { Icon, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import type { ReactNode } from 'react'

interface Props {
  readonly data: PanelData
  readonly noValue?: string | undefined
}

/** What a panel shows instead of a drawing: why its query failed and which one, or that there is nothing. */
export function PanelMessage({ data, noValue }: Props): ReactNode {
  const styles = useStyles2(getStyles)
  const errors = data.errors ?? (data.error ? [data.error] : [])
  if (errors.length > 0) {
    return (
      <div className={styles.errors} role="alert">
        {errors.map((error, index) => (
          <PanelError key={index} error={error} query={queryOf(data, error)} />
        ))}
      </div>
    )
  }
  if (data.state === LoadingState.Loading || data.state === LoadingState.NotStarted) return null
  return <div className={styles.empty}>{noValue ?? 'No data'}</div>
}

function PanelError({ error, query }: { readonly error: DataQueryError; readonly query: string }): ReactNode {
  const styles = useStyles2(getStyles)
  return (
    <div>
      <div className={styles.message}>
        <Icon name="exclamation-triangle" /> {error.refId ? `${error.refId}: ` : ''}
        {error.message ?? 'The query failed'}
      </div>
      {query !== '' && <pre className={styles.query}>{query}</pre>}
    </div>
  )
}

function queryOf(data: PanelData, error: DataQueryError): string {
  const targets = (data.request?.targets ?? []) as { refId: string; expr?: string; query?: string }[]
  const target = targets.find(({ refId }) => refId === error.refId) ?? (targets.length === 1 ? targets[0] : undefined)
  return target?.expr ?? target?.query ?? ''
}

const getStyles = (theme: GrafanaTheme2) => ({
  empty: css({
    height: '100%',
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'center',
    textAlign: 'center',
    color: theme.colors.text.secondary,
  }),
  errors: css({ height: '100%', overflow: 'auto', padding: theme.spacing(1) }),
  message: css({ color: theme.colors.error.text, overflowWrap: 'anywhere' }),
  query: css({
    margin: theme.spacing(0.5, 0, 1),
    fontSize: theme.typography.bodySmall.fontSize,
    whiteSpace: 'pre-wrap',
  }),
})
