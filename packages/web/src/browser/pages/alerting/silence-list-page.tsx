import type { GrafanaTheme2 } from '@grafana/data'
import { Button, ConfirmModal, FilterInput, LinkButton, LoadingBar, RadioButtonGroup, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import { useState, type ReactNode } from 'react'
import { useSearchParams } from 'react-router-dom'
import { AlertingPage } from '../../alerting/alerting-page.tsx'
import type { ActiveAlert, Silence } from '../../alerting/alertmanager.ts'
import { boxStyle } from '../../alerting/box.ts'
import { LabelList } from '../../alerting/label-list.tsx'
import { MatcherList } from '../../alerting/matcher-list.tsx'
import { formatMatcher } from '../../alerting/matchers.ts'
import { EmptyNotice, StoreDown } from '../../alerting/notice.tsx'
import { FormattedTime, roughly } from '../../alerting/time-ago.tsx'
import { canSilence } from '../../alerting/sources.ts'
import { StateTag } from '../../alerting/state-tag.tsx'
import { AlertmanagerPicker, NoAlertmanager, useAlertmanager } from '../../alerting/use-alertmanager.tsx'
import type { ChosenAlertmanager } from '../../alerting/use-alertmanager.tsx'
import { bootData } from '../../app/boot-data.ts'
import { lastValue } from '../../app/use-async.ts'
import { usePolled } from '../../app/use-polled.ts'

export function SilenceListPage(): ReactNode {
  const chosen = useAlertmanager()
  if (!chosen) {
    return (
      <AlertingPage tab="/alerting/silences">
        <NoAlertmanager />
      </AlertingPage>
    )
  }
  return <Silences key={chosen.source.uid} chosen={chosen} />
}

const order = { active: 0, pending: 1, expired: 2 } as const
type Shown = 'current' | 'all'

function Silences({ chosen }: { readonly chosen: ChosenAlertmanager }): ReactNode {
  const styles = useStyles2(getStyles)
  const { client, source } = chosen
  const [search, setSearch] = useSearchParams()
  const text = search.get('search') ?? ''
  const shown: Shown = search.get('state') === 'all' ? 'all' : 'current'
  const [state, reload] = usePolled((signal) => Promise.all([client.silences(signal), client.alerts([], signal)]), {
    everyMs: 15_000,
    dependencies: [client],
  })
  const [silences, alerts] = lastValue(state) ?? [undefined, []]
  const set = (name: string, value: string): void => {
    const next = new URLSearchParams(search)
    if (value === '') next.delete(name)
    else next.set(name, value)
    setSearch(next, { replace: true })
  }
  const found = (silences ?? [])
    .filter((silence) => (shown === 'all' || silence.status.state !== 'expired') && hasText(silence, text))
    .sort((a, b) => order[a.status.state] - order[b.status.state] || b.endsAt.localeCompare(a.endsAt))
  const create = canSilence() && (
    <LinkButton icon="plus" href={`${bootData.settings.appSubUrl}/alerting/silence/new`}>
      New silence
    </LinkButton>
  )
  return (
    <AlertingPage tab="/alerting/silences" actions={create}>
      <div className={styles.filters}>
        <FilterInput
          placeholder="Search in matchers, comments and authors"
          value={text}
          onChange={(value) => set('search', value)}
          escapeRegex={false}
        />
        <RadioButtonGroup<Shown>
          options={[
            { label: 'Active and planned', value: 'current' },
            { label: 'With expired', value: 'all' },
          ]}
          value={shown}
          onChange={(value) => set('state', value === 'all' ? 'all' : '')}
        />
        <AlertmanagerPicker chosen={chosen} />
      </div>
      {state.kind === 'error' && <StoreDown name={source.name} error={state.error} onRetry={reload} />}
      {!silences && state.kind === 'loading' && <LoadingBar width={400} />}
      {silences && found.length === 0 && (
        <EmptyNotice title={text === '' ? 'Nothing is silenced' : 'No silence matches the search'} action={create}>
          A silence keeps notifications of matching alerts back for a while, for instance during maintenance. The alerts
          still fire and show here.
        </EmptyNotice>
      )}
      {found.length > 0 && (
        <ul className={styles.list}>
          {found.map((silence) => (
            <SilenceItem key={silence.id} silence={silence} alerts={alerts} chosen={chosen} onChanged={reload} />
          ))}
        </ul>
      )}
    </AlertingPage>
  )
}

function SilenceItem(props: {
  readonly silence: Silence
  readonly alerts: readonly ActiveAlert[]
  readonly chosen: ChosenAlertmanager
  readonly onChanged: () => void
}): ReactNode {
  const { silence, alerts, chosen, onChanged } = props
  const styles = useStyles2(getStyles)
  const [isAsking, setAsking] = useState(false)
  const [isOpen, setOpen] = useState(false)
  const [failure, setFailure] = useState('')
  const { state } = silence.status
  const affected = alerts.filter(({ status }) => status.silencedBy.includes(silence.id))
  const expire = async (): Promise<void> => {
    setAsking(false)
    try {
      await chosen.client.expireSilence(silence.id)
      setFailure('')
      onChanged()
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error))
    }
  }
  const edit = `${bootData.settings.appSubUrl}/alerting/silence/${encodeURIComponent(silence.id)}/edit`
  return (
    <li className={styles.item} data-testid="silence">
      <div className={styles.row}>
        <StateTag state={state} />
        <div className={styles.main}>
          <MatcherList matchers={silence.matchers} />
          <div className={styles.comment}>
            {silence.comment} <span>— {silence.createdBy}</span>
          </div>
        </div>
        <div className={styles.times}>
          <div>{remaining(silence)}</div>
          <small>
            <FormattedTime time={silence.startsAt} /> – <FormattedTime time={silence.endsAt} />
          </small>
        </div>
        <Button
          size="sm"
          fill="text"
          variant="secondary"
          disabled={affected.length === 0}
          icon={isOpen ? 'angle-down' : 'angle-right'}
          onClick={() => setOpen(!isOpen)}
        >
          {affected.length} {affected.length === 1 ? 'alert' : 'alerts'}
        </Button>
        {canSilence() && (
          <span className={styles.buttons}>
            <LinkButton size="sm" variant="secondary" icon={state === 'expired' ? 'sync' : 'pen'} href={edit}>
              {state === 'expired' ? 'Renew' : 'Edit'}
            </LinkButton>
            {state !== 'expired' && (
              <Button size="sm" variant="destructive" fill="outline" onClick={() => setAsking(true)}>
                Expire
              </Button>
            )}
          </span>
        )}
      </div>
      {failure !== '' && (
        <div role="alert" className={styles.failure}>
          {failure}
        </div>
      )}
      {isOpen && (
        <ul className={styles.affected}>
          {affected.map(({ fingerprint, labels }) => (
            <li key={fingerprint}>
              <LabelList labels={labels} />
            </li>
          ))}
        </ul>
      )}
      <ConfirmModal
        isOpen={isAsking}
        title="Expire this silence?"
        body={`Notifications of ${affected.length === 1 ? 'the alert' : `the ${affected.length} alerts`} that it holds back now go out again.`}
        confirmText="Expire"
        onConfirm={() => void expire()}
        onDismiss={() => setAsking(false)}
      />
    </li>
  )
}

function remaining({ status, startsAt, endsAt }: Silence): string {
  const nowMs = Date.now()
  if (status.state === 'expired') return `ended ${roughly((nowMs - Date.parse(endsAt)) / 1000)} ago`
  if (status.state === 'pending') return `starts in ${roughly((Date.parse(startsAt) - nowMs) / 1000)}`
  return `${roughly((Date.parse(endsAt) - nowMs) / 1000)} left`
}

function hasText({ matchers, comment, createdBy }: Silence, text: string): boolean {
  const haystack = [...matchers.map(formatMatcher), comment, createdBy].join('\n').toLowerCase()
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => haystack.includes(word))
}

const getStyles = (theme: GrafanaTheme2) => ({
  filters: css({ display: 'flex', gap: theme.spacing(1) }),
  list: css({ ...boxStyle(theme), listStyle: 'none' }),
  item: css({ borderTop: `1px solid ${theme.colors.border.weak}`, '&:first-of-type': { borderTop: 0 } }),
  row: css({
    display: 'grid',
    gridTemplateColumns: '90px 1fr max-content 104px 172px',
    alignItems: 'center',
    gap: theme.spacing(2),
    padding: theme.spacing(1, 2),
  }),
  main: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(0.5), minWidth: 0 }),
  comment: css({ overflowWrap: 'anywhere', span: { color: theme.colors.text.secondary } }),
  times: css({ textAlign: 'right', small: { color: theme.colors.text.secondary } }),
  buttons: css({ display: 'inline-flex', gap: theme.spacing(1), justifyContent: 'flex-end' }),
  failure: css({ padding: theme.spacing(0, 2, 1), color: theme.colors.error.text }),
  affected: css({ listStyle: 'none', padding: theme.spacing(0, 2, 1, 15), li: { padding: theme.spacing(0.25, 0) } }),
})
