import type { GrafanaTheme2 } from '@grafana/data'
import { Icon, LinkButton, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import type { ReactNode } from 'react'
import type { DataSourceDto, DataSourceHealthDto } from '../../../common/api.ts'
import { requestJson } from '../../api/client.ts'
import { bootData } from '../../app/boot-data.ts'
import { useAsync, type AsyncState } from '../../app/use-async.ts'
import { exploreUrl } from '../../explore/url.ts'
import { emptyQuery, languageOf } from '../../explore/languages.ts'

const signals: Readonly<Record<string, string>> = {
  prometheus: 'Metrics',
  loki: 'Logs',
  tempo: 'Traces',
  alertmanager: 'Alerts',
}

/** One tile per store: does it answer, and the way into its data. */
export function SystemHealth({ dataSource }: { readonly dataSource: DataSourceDto }): ReactNode {
  const styles = useStyles2(getStyles)
  const path = `/api/datasources/uid/${encodeURIComponent(dataSource.uid)}/health`
  const [state] = useAsync((signal) => requestJson<DataSourceHealthDto>(path, { signal }), [path])
  const { text, kind, detail } = verdict(state)
  const { uid, type, name, url } = dataSource
  return (
    <section className={styles.tile}>
      <div className={styles.signal}>{signals[type] ?? type}</div>
      <div className={styles.name}>{name}</div>
      <div className={styles[kind]} title={detail}>
        <Icon key={kind} name={kind === 'good' ? 'check-circle' : kind === 'bad' ? 'exclamation-circle' : 'sync'} />{' '}
        {text}
      </div>
      <div className={styles.url} title={detail}>
        {kind === 'bad' ? detail : url}
      </div>
      {type === 'alertmanager' && (
        <LinkButton size="sm" variant="secondary" icon="bell" href={`${bootData.settings.appSubUrl}/alerting/groups`}>
          Alerting
        </LinkButton>
      )}
      {languageOf(type) && (
        <LinkButton
          size="sm"
          variant="secondary"
          icon="compass"
          href={exploreUrl({ datasource: uid, queries: [emptyQuery(type)] })}
        >
          Explore
        </LinkButton>
      )}
    </section>
  )
}

function verdict(state: AsyncState<DataSourceHealthDto>): {
  text: string
  kind: 'good' | 'bad' | 'pending'
  detail: string
} {
  if (state.kind === 'loading') return { text: 'Checking', kind: 'pending', detail: '' }
  if (state.kind === 'error') return { text: 'Not reachable', kind: 'bad', detail: state.error.message }
  const { status, message } = state.value
  return status === 'OK'
    ? { text: 'Up', kind: 'good', detail: message }
    : { text: 'Down', kind: 'bad', detail: message }
}

const getStyles = (theme: GrafanaTheme2) => ({
  tile: css({
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'flex-start',
    gap: theme.spacing(0.75),
    padding: theme.spacing(2),
    minWidth: 0,
    background: theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
  }),
  signal: css({ color: theme.colors.text.secondary, fontSize: theme.typography.bodySmall.fontSize }),
  name: css({ fontSize: theme.typography.h4.fontSize, fontWeight: 500 }),
  good: css({ color: theme.colors.success.text }),
  bad: css({ color: theme.colors.error.text }),
  pending: css({ color: theme.colors.text.secondary }),
  url: css({
    width: '100%',
    marginBottom: theme.spacing(0.5),
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
  }),
})
