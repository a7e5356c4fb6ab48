import type { GrafanaTheme2 } from '@grafana/data'
import { LinkButton, LoadingBar, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import { useState, type ReactNode } from 'react'
import { Link, Navigate, useLocation, useParams, useSearchParams } from 'react-router-dom'
import type { DataSourceDto } from '../../../common/api.ts'
import { AlertingPage } from '../../alerting/alerting-page.tsx'
import { AnnotationList } from '../../alerting/annotation-list.tsx'
import { boxStyle } from '../../alerting/box.ts'
import { Expression } from '../../alerting/expression.tsx'
import { InstanceTable } from '../../alerting/instance-table.tsx'
import { LabelList } from '../../alerting/label-list.tsx'
import { exploreRuleUrl, silenceRulePath } from '../../alerting/links.ts'
import { EmptyNotice, StoreDown } from '../../alerting/notice.tsx'
import { RuleFacts } from '../../alerting/rule-facts.tsx'
import { findRule, rulePath } from '../../alerting/rule-id.ts'
import { shortFile, type Rule } from '../../alerting/rules.ts'
import { canSilence, findSource, ruleSources } from '../../alerting/sources.ts'
import { StateTag } from '../../alerting/state-tag.tsx'
import { loadRules, rulesEveryMs, useActiveAlerts } from '../../alerting/use-rules.ts'
import { bootData } from '../../app/boot-data.ts'
import { lastValue } from '../../app/use-async.ts'
import { usePolled } from '../../app/use-polled.ts'
import { TimeControls } from '../../explore/time-controls.tsx'
import { toTimeRange } from '../../explore/time-range.ts'
import { RuleGraph } from './rule-graph.tsx'
import { RuleHistory } from './rule-history.tsx'

/** `/alerting/:source/:id/view`, and `/alerting/:source/:name/find`, which links from outside use. */
export function RulePage({ isByName = false }: { readonly isByName?: boolean }): ReactNode {
  const { source: reference = '', id = '' } = useParams()
  const source = findSource(ruleSources(), reference)
  if (!source) {
    return (
      <AlertingPage tab="/alerting/list" title={id}>
        <EmptyNotice title={`There is no data source "${reference}" that evaluates rules`} />
      </AlertingPage>
    )
  }
  return <FoundSource source={source} id={id} isByName={isByName} />
}

function FoundSource(props: {
  readonly source: DataSourceDto
  readonly id: string
  readonly isByName: boolean
}): ReactNode {
  const { source, id, isByName } = props
  const [state, reload] = usePolled((signal) => loadRules(source, signal), {
    everyMs: rulesEveryMs,
    dependencies: [source.uid],
  })
  const loaded = lastValue(state)
  const error = state.kind === 'error' ? state.error : loaded?.error
  const named = isByName ? (loaded?.rules ?? []).filter(({ name }) => name === id) : []
  const rule = isByName ? undefined : findRule(loaded?.rules ?? [], id)
  const [only] = named
  const { search } = useLocation()
  if (only && named.length === 1) return <Navigate to={rulePath(only) + search} replace />
  if (rule) return <RuleView rule={rule} />
  const title = isByName ? id : (id.split('$').at(-2) ?? id)
  return (
    <AlertingPage tab="/alerting/list" title={title}>
      {error && <StoreDown name={source.name} error={error} onRetry={reload} />}
      {!loaded && !error && <LoadingBar width={400} />}
      {named.length > 1 && <Candidates rules={named} />}
      {loaded && !error && named.length === 0 && (
        <EmptyNotice
          title={`${source.name} has no such rule now`}
          action={
            <LinkButton variant="secondary" href={`${bootData.settings.appSubUrl}/alerting/list`}>
              All rules
            </LinkButton>
          }
        >
          It was removed, or its expression or labels have changed since this link was made.
        </EmptyNotice>
      )}
    </AlertingPage>
  )
}

function Candidates({ rules }: { readonly rules: readonly Rule[] }): ReactNode {
  const styles = useStyles2(getStyles)
  return (
    <ul className={styles.candidates}>
      {rules.map((rule) => (
        <li key={rulePath(rule)}>
          <StateTag state={rule.state} />
          <Link to={rulePath(rule)}>
            {shortFile(rule.file)} / {rule.group}
          </Link>
          <LabelList labels={rule.labels} />
        </li>
      ))}
    </ul>
  )
}

function RuleView({ rule }: { readonly rule: Rule }): ReactNode {
  const styles = useStyles2(getStyles)
  const [alertState] = useActiveAlerts()
  const [search, setSearch] = useSearchParams()
  const [timeZone, setTimeZone] = useState(bootData.user.timezone)
  const raw = { from: search.get('from') ?? 'now-3h', to: search.get('to') ?? 'now' }
  const range = toTimeRange(raw, timeZone)
  const setRange = ({ from, to }: { from: string | number; to: string | number }): void =>
    setSearch({ from: String(from), to: String(to) }, { replace: true })
  const shown = { rule, range: raw, timeZone, onChangeTimeRange: setRange }
  const base = bootData.settings.appSubUrl
  return (
    <AlertingPage
      tab="/alerting/list"
      title={rule.name}
      actions={
        <>
          {rule.kind === 'alerting' && canSilence() && (
            <LinkButton variant="secondary" icon="bell-slash" href={base + silenceRulePath(rule)}>
              Silence
            </LinkButton>
          )}
          <LinkButton variant="secondary" icon="compass" href={exploreRuleUrl(rule)}>
            Explore
          </LinkButton>
        </>
      }
    >
      <div className={styles.labels}>
        <StateTag state={rule.state} />
        <LabelList labels={rule.labels} />
      </div>
      {rule.lastError !== '' && (
        <div role="alert" className={styles.error}>
          {rule.lastError}
        </div>
      )}
      <div className={styles.top}>
        <section className={styles.box}>
          <h2>Condition</h2>
          <Expression text={rule.query} type={rule.source.type} />
          {Object.keys(rule.annotations).length > 0 && <h2>Annotations</h2>}
          <AnnotationList annotations={rule.annotations} />
        </section>
        <section className={styles.box}>
          <h2>Evaluation</h2>
          <RuleFacts rule={rule} isFull />
        </section>
      </div>
      {rule.kind === 'alerting' && (
        <section className={styles.box}>
          <h2>Instances</h2>
          {rule.instances.length > 0 ? (
            <InstanceTable instances={rule.instances} alerts={lastValue(alertState) ?? []} />
          ) : (
            <p className={styles.quiet}>Nothing fulfils the condition now.</p>
          )}
        </section>
      )}
      <div className={styles.time}>
        <h2>Over time</h2>
        <TimeControls range={range} timeZone={timeZone} onChange={setRange} onTimeZone={setTimeZone} />
      </div>
      <RuleGraph {...shown} />
      {rule.kind === 'alerting' && <RuleHistory {...shown} />}
    </AlertingPage>
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  labels: css({ display: 'flex', gap: theme.spacing(1), alignItems: 'center', flexWrap: 'wrap' }),
  top: css({
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 2fr) minmax(280px, 1fr)',
    gap: theme.spacing(2),
  }),
  box: css({
    ...boxStyle(theme),
    padding: theme.spacing(2),
    minWidth: 0,
    h2: { fontSize: theme.typography.h5.fontSize, margin: theme.spacing(0, 0, 1) },
    'h2:not(:first-child)': { marginTop: theme.spacing(2) },
  }),
  quiet: css({ margin: 0, color: theme.colors.text.secondary }),
  error: css({
    ...boxStyle(theme),
    padding: theme.spacing(1, 2),
    color: theme.colors.error.text,
    borderColor: theme.colors.error.border,
    overflowWrap: 'anywhere',
  }),
  time: css({
    display: 'flex',
    justifyContent: 'space-between',
    alignItems: 'center',
    h2: { fontSize: theme.typography.h5.fontSize, margin: 0 },
  }),
  candidates: css({
    ...boxStyle(theme),
    listStyle: 'none',
    li: { display: 'flex', gap: theme.spacing(1.5), alignItems: 'center', padding: theme.spacing(1, 2) },
    a: { fontWeight: 500, '&:hover': { textDecoration: 'underline' } },
  }),
})
