import type { GrafanaTheme2 } from '@grafana/data'
import { Combobox, FilterInput, LoadingBar, RadioButtonGroup, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import { useMemo, type ReactNode } from 'react'
import { useSearchParams } from 'react-router-dom'
import { AlertingPage } from '../../alerting/alerting-page.tsx'
import type { ActiveAlert } from '../../alerting/alertmanager.ts'
import { boxStyle } from '../../alerting/box.ts'
import { EmptyNotice, StoreDown } from '../../alerting/notice.tsx'
import { matchesRule, parseRuleFilter, withKeyword } from '../../alerting/rule-filter.ts'
import { ruleId } from '../../alerting/rule-id.ts'
import { RuleRow } from '../../alerting/rule-row.tsx'
import { countStates, ruleStates, type Rule } from '../../alerting/rules.ts'
import { ruleSources } from '../../alerting/sources.ts'
import { useActiveAlerts, useRules, type SourceRules } from '../../alerting/use-rules.ts'
import { lastValue } from '../../app/use-async.ts'
import { RuleGroupList } from './rule-group-list.tsx'
import { StateFilter } from './state-filter.tsx'

type View = 'grouped' | 'state'

/** All rules of all stores. Search and view are in the URL. */
export function RuleListPage(): ReactNode {
  const styles = useStyles2(getStyles)
  const [params, setParams] = useSearchParams()
  const search = params.get('search') ?? ''
  const view: View = params.get('view') === 'state' ? 'state' : 'grouped'
  const [state, reload] = useRules()
  const [alertState] = useActiveAlerts()
  const alerts = lastValue(alertState) ?? []
  const filter = useMemo(() => parseRuleFilter(search), [search])
  const sources = lastValue(state)
  const all = useMemo(() => (sources ?? []).flatMap(({ rules }) => rules), [sources])
  const found = useMemo(() => all.filter((rule) => matchesRule(rule, filter)), [all, filter])
  const change = (next: { search?: string; view?: View }): void => {
    const changed = new URLSearchParams()
    const text = next.search ?? search
    if (text !== '') changed.set('search', text)
    if ((next.view ?? view) === 'state') changed.set('view', 'state')
    setParams(changed, { replace: true })
  }
  const addLabel = (name: string, value: string): void => {
    const label = `label:${/[\s"]/.test(value) ? `"${name}=${value.replaceAll('"', '')}"` : `${name}=${value}`}`
    if (!search.split(' ').includes(label)) change({ search: `${search} ${label}`.trim() })
  }
  const setKeyword = (keyword: 'state' | 'type' | 'datasource') => (values: readonly string[]) =>
    change({ search: withKeyword(search, keyword, values) })
  if (ruleSources().length === 0) {
    return (
      <AlertingPage tab="/alerting/list">
        <EmptyNotice title="No data source evaluates rules">
          Rules are evaluated by Prometheus and Loki. Add a data source of that type to{' '}
          <code>stack/grafana/provisioning/datasources</code>; <code>manageAlerts: false</code> keeps one out of this
          list.
        </EmptyNotice>
      </AlertingPage>
    )
  }
  const anySource = { label: 'All data sources', value: '' }
  return (
    <AlertingPage tab="/alerting/list">
      <div className={styles.filters}>
        <FilterInput
          placeholder="Search by words, state:firing, label:severity=critical, group:…"
          value={search}
          onChange={(text) => change({ search: text })}
          escapeRegex={false}
        />
        {ruleSources().length > 1 && (
          <div className={styles.source}>
            <Combobox
              width={24}
              aria-label="Data source"
              options={[anySource, ...ruleSources().map(({ name }) => ({ label: name, value: name.toLowerCase() }))]}
              value={filter.sources[0] ?? ''}
              onChange={({ value }) => setKeyword('datasource')(value === '' ? [] : [value])}
            />
          </div>
        )}
        <RadioButtonGroup
          options={[
            { label: 'All', value: '' },
            { label: 'Alerts', value: 'alerting' },
            { label: 'Recordings', value: 'recording' },
          ]}
          value={filter.types[0] ?? ''}
          onChange={(value) => setKeyword('type')(value === '' ? [] : [value])}
        />
        <RadioButtonGroup
          options={[
            { label: 'Grouped', value: 'grouped' as const },
            { label: 'By state', value: 'state' as const },
          ]}
          value={view}
          onChange={(value) => change({ view: value })}
        />
      </div>
      <StateFilter
        counts={countStates(all)}
        chosen={filter.states}
        onChange={(states) => setKeyword('state')(states)}
      />
      {state.kind === 'error' && <StoreDown name="Quartet" error={state.error} onRetry={reload} />}
      {!sources && state.kind === 'loading' && <LoadingBar width={400} />}
      {sources && <Failures sources={sources} onRetry={reload} />}
      {sources && all.length === 0 && sources.every(({ error }) => !error) && <NoRules />}
      {all.length > 0 && found.length === 0 && <EmptyNotice title="No rule matches the search" />}
      {view === 'grouped' ? (
        <RuleGroupList rules={found} alerts={alerts} onLabel={addLabel} isSearching={search !== ''} />
      ) : (
        <ByState rules={found} alerts={alerts} onLabel={addLabel} />
      )}
    </AlertingPage>
  )
}

function Failures(props: { readonly sources: readonly SourceRules[]; readonly onRetry: () => void }): ReactNode {
  return props.sources.map(({ source, error }) =>
    error ? <StoreDown key={source.uid} name={source.name} error={error} onRetry={props.onRetry} /> : null,
  )
}

function NoRules(): ReactNode {
  return (
    <EmptyNotice title="There are no rules yet">
      Prometheus reads rules from the files that <code>rule_files</code> in <code>prometheus.yml</code> names, by
      default <code>stack/prometheus/config/rules/*.yml</code>. After a change: <code>POST /-/reload</code>.
    </EmptyNotice>
  )
}

function ByState(props: {
  readonly rules: readonly Rule[]
  readonly alerts: readonly ActiveAlert[]
  readonly onLabel: (name: string, value: string) => void
}): ReactNode {
  const { rules, alerts, onLabel } = props
  const styles = useStyles2(getStyles)
  const sorted = [...rules].sort((a, b) => ruleStates.indexOf(a.state) - ruleStates.indexOf(b.state))
  if (sorted.length === 0) return null
  return (
    <ul className={styles.box}>
      {sorted.map((rule) => (
        <RuleRow key={rule.source.uid + ruleId(rule)} rule={rule} alerts={alerts} onLabel={onLabel} />
      ))}
    </ul>
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  filters: css({ display: 'flex', gap: theme.spacing(1), alignItems: 'center' }),
  source: css({ flex: 'none' }),
  box: css({ ...boxStyle(theme), 'li:first-of-type': { borderTop: 0 } }),
})
