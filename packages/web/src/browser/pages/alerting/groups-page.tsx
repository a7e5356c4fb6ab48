import type { GrafanaTheme2 } from '@grafana/data'
import { FilterInput, Icon, IconButton, LoadingBar, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import { useState, type ReactNode } from 'react'
import { useSearchParams } from 'react-router-dom'
import { AlertingPage } from '../../alerting/alerting-page.tsx'
import type { ActiveAlert, AlertGroup } from '../../alerting/alertmanager.ts'
import { AnnotationList } from '../../alerting/annotation-list.tsx'
import { boxStyle } from '../../alerting/box.ts'
import { IconLink } from '../../alerting/icon-link.tsx'
import { Muted } from '../../alerting/instance-table.tsx'
import { LabelList } from '../../alerting/label-list.tsx'
import { silencePath } from '../../alerting/links.ts'
import { EmptyNotice, StoreDown } from '../../alerting/notice.tsx'
import { canSilence } from '../../alerting/sources.ts'
import { TimeAgo } from '../../alerting/time-ago.tsx'
import { AlertmanagerPicker, NoAlertmanager, useAlertmanager } from '../../alerting/use-alertmanager.tsx'
import type { ChosenAlertmanager } from '../../alerting/use-alertmanager.tsx'
import { lastValue } from '../../app/use-async.ts'
import { usePolled } from '../../app/use-polled.ts'

/** What people are told of now, in the groups in which they are told. */
export function GroupsPage(): ReactNode {
  const chosen = useAlertmanager()
  return (
    <AlertingPage tab="/alerting/groups" actions={chosen && <AlertmanagerPicker chosen={chosen} />}>
      {chosen ? <Groups key={chosen.source.uid} chosen={chosen} /> : <NoAlertmanager />}
    </AlertingPage>
  )
}

function Groups({ chosen }: { readonly chosen: ChosenAlertmanager }): ReactNode {
  const { client, source } = chosen
  const [search, setSearch] = useSearchParams()
  const text = search.get('search') ?? ''
  const [state, reload] = usePolled((signal) => client.groups(signal), { everyMs: 15_000, dependencies: [client] })
  const groups = lastValue(state)
  const found = (groups ?? []).filter((group) => hasText(group, text))
  return (
    <>
      <FilterInput
        placeholder="Search in labels and receivers"
        value={text}
        onChange={(value) => setSearch(value === '' ? {} : { search: value }, { replace: true })}
        escapeRegex={false}
      />
      {state.kind === 'error' && <StoreDown name={source.name} error={state.error} onRetry={reload} />}
      {!groups && state.kind === 'loading' && <LoadingBar width={400} />}
      {groups && found.length === 0 && (
        <EmptyNotice title={text === '' ? 'Nobody has to be told of anything' : 'No group matches the search'}>
          {text === '' && `${source.name} has received no alert that fires.`}
        </EmptyNotice>
      )}
      {found.map((group) => (
        <Group key={group.receiver.name + JSON.stringify(group.labels)} group={group} />
      ))}
    </>
  )
}

function Group({ group }: { readonly group: AlertGroup }): ReactNode {
  const styles = useStyles2(getStyles)
  const suppressed = group.alerts.filter(({ status }) => status.state === 'suppressed').length
  return (
    <section className={styles.group} data-testid="alert-group">
      <header className={styles.head}>
        {Object.keys(group.labels).length > 0 ? <LabelList labels={group.labels} /> : <span>No grouping</span>}
        <Icon name="arrow-right" />
        <span>
          <Icon name="at" size="sm" /> {group.receiver.name}
        </span>
        <span className={styles.count}>
          {group.alerts.length} {group.alerts.length === 1 ? 'alert' : 'alerts'}
          {suppressed > 0 && `, ${suppressed} kept back`}
        </span>
      </header>
      <ul>
        {group.alerts.map((alert) => (
          <AlertItem key={alert.fingerprint} alert={alert} without={Object.keys(group.labels)} />
        ))}
      </ul>
    </section>
  )
}

function AlertItem({
  alert,
  without,
}: {
  readonly alert: ActiveAlert
  readonly without: readonly string[]
}): ReactNode {
  const styles = useStyles2(getStyles)
  const [isOpen, setOpen] = useState(false)
  const { labels, annotations, startsAt } = alert
  return (
    <li className={styles.alert}>
      <div className={styles.line}>
        <IconButton
          name={isOpen ? 'angle-down' : 'angle-right'}
          tooltip={isOpen ? 'Show less' : 'Show more'}
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        />
        <strong>{labels['alertname']}</strong>
        <Muted alert={alert} />
        <span className={styles.summary}>{annotations['summary'] ?? annotations['description']}</span>
        <span className={styles.since}>
          <TimeAgo time={startsAt} />
        </span>
        {canSilence() && <IconLink icon="bell-slash" title="Silence this alert" path={silencePath(labels)} />}
      </div>
      <div className={styles.labels}>
        <LabelList labels={labels} without={isOpen ? [] : [...without, 'alertname']} />
      </div>
      {isOpen && (
        <div className={styles.labels}>
          <AnnotationList annotations={annotations} />
        </div>
      )}
    </li>
  )
}

function hasText({ labels, receiver, alerts }: AlertGroup, text: string): boolean {
  const all = [labels, ...alerts.map((alert) => alert.labels)].flatMap((set) =>
    Object.entries(set).map((e) => e.join('=')),
  )
  const haystack = [receiver.name, ...all].join('\n').toLowerCase()
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => haystack.includes(word))
}

const getStyles = (theme: GrafanaTheme2) => ({
  group: css({ ...boxStyle(theme), overflow: 'hidden' }),
  head: css({
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: theme.spacing(1),
    padding: theme.spacing(1, 2),
    background: theme.colors.background.secondary,
  }),
  count: css({ marginLeft: 'auto', color: theme.colors.text.secondary }),
  alert: css({
    listStyle: 'none',
    padding: theme.spacing(0.75, 2),
    borderTop: `1px solid ${theme.colors.border.weak}`,
  }),
  line: css({ display: 'flex', alignItems: 'center', gap: theme.spacing(1), minHeight: 28 }),
  summary: css({
    minWidth: 0,
    color: theme.colors.text.secondary,
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
  }),
  since: css({ marginLeft: 'auto', color: theme.colors.text.secondary, whiteSpace: 'nowrap' }),
  labels: css({ paddingLeft: theme.spacing(3), marginTop: theme.spacing(0.5) }),
})
