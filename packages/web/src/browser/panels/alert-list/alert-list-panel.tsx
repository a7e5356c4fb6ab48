import { PanelPlugin, type GrafanaTheme2, type PanelProps } from '@grafana/data'
import {
  BigValue,
  BigValueColorMode,
  BigValueGraphMode,
  Icon,
  ScrollContainer,
  useStyles2,
  useTheme2,
} from '@grafana/ui'
import { css } from '@emotion/css'
import { useState, type ReactNode } from 'react'
import { useLocation } from 'react-router-dom'
import { LabelList } from '../../alerting/label-list.tsx'
import { ruleId, rulePath } from '../../alerting/rule-id.ts'
import type { AlertInstance, Rule } from '../../alerting/rules.ts'
import { StateTag } from '../../alerting/state-tag.tsx'
import { TimeAgo } from '../../alerting/time-ago.tsx'
import { useRules } from '../../alerting/use-rules.ts'
import { lastValue } from '../../app/use-async.ts'
import { bootData } from '../../app/boot-data.ts'
import { panelOptions } from '../common/options.ts'
import { activeSince, chooseRules, defaults, groupInstances, migrateAlertList } from './choose-rules.ts'
import type { AlertListOptions } from './choose-rules.ts'

function AlertListPanel(props: PanelProps<AlertListOptions>): ReactNode {
  const { replaceVariables, timeRange, width, height } = props
  const styles = useStyles2(getStyles)
  const { pathname } = useLocation()
  // A dashboard that refreshes moves its time: the alerts are asked for again with it.
  const [state] = useRules([timeRange.to.valueOf()])
  const sources = lastValue(state)
  if (!sources) return state.kind === 'error' ? <div role="alert">{state.error.message}</div> : null
  const options = {
    ...props.options,
    alertName: replaceVariables(props.options.alertName),
    alertInstanceLabelFilter: replaceVariables(props.options.alertInstanceLabelFilter),
    datasource: props.options.datasource && replaceVariables(props.options.datasource),
  }
  const chosen = chooseRules(
    sources.flatMap(({ rules }) => rules),
    options,
    /^\/d\/([^/]+)/.exec(pathname)?.[1] ?? '',
  )
  const failed = sources.filter(
    ({ error, source }) => error && (!options.datasource || [source.uid, source.name].includes(options.datasource)),
  )
  if (options.viewMode === 'stat') return <AlertCount rules={chosen} width={width} height={height} />
  return (
    <ScrollContainer>
      {failed.map(({ source, error }) => (
        <div key={source.uid} role="alert" className={styles.error}>
          <Icon name="exclamation-triangle" /> {error?.message}
        </div>
      ))}
      {chosen.length === 0 && failed.length === 0 && <div className={styles.empty}>No alerts match</div>}
      {options.groupMode === 'custom' ? (
        <Groups rules={chosen} options={options} />
      ) : (
        <ul className={styles.list}>
          {chosen.slice(0, options.maxItems).map((rule) => (
            <RuleItem key={rule.source.uid + ruleId(rule)} rule={rule} isOpen={options.showInstances} />
          ))}
        </ul>
      )}
    </ScrollContainer>
  )
}

function RuleItem({ rule, isOpen }: { readonly rule: Rule; readonly isOpen: boolean }): ReactNode {
  const styles = useStyles2(getStyles)
  const [open, setOpen] = useState(isOpen)
  const count = rule.instances.length
  const since = activeSince(rule)
  return (
    <li className={styles.item}>
      <div className={styles.head}>
        <StateTag state={rule.state} />
        <a href={bootData.settings.appSubUrl + rulePath(rule)} className={styles.name}>
          {rule.name}
        </a>
        {since !== undefined && (
          <span className={styles.since}>
            for <TimeAgo time={new Date(since).toISOString()} suffix="" />
          </span>
        )}
      </div>
      {count > 0 && (
        <button type="button" className={styles.toggle} onClick={() => setOpen(!open)} aria-expanded={open}>
          <Icon name={open ? 'angle-down' : 'angle-right'} /> {count} {count === 1 ? 'instance' : 'instances'}
        </button>
      )}
      {open && <Instances instances={rule.instances} />}
    </li>
  )
}

function Groups({
  rules,
  options,
}: {
  readonly rules: readonly Rule[]
  readonly options: AlertListOptions
}): ReactNode {
  const styles = useStyles2(getStyles)
  return (
    <ul className={styles.list}>
      {groupInstances(rules, options.groupBy).map(({ labels, instances }) => (
        <li key={JSON.stringify(labels)} className={styles.item}>
          <div className={styles.head}>
            {labels.length > 0 ? <LabelList labels={Object.fromEntries(labels)} /> : <span>No grouping</span>}
            <span className={styles.since}>
              {instances.length} {instances.length === 1 ? 'instance' : 'instances'}
            </span>
          </div>
          <Instances instances={instances.slice(0, options.maxItems)} without={options.groupBy} />
        </li>
      ))}
    </ul>
  )
}

function Instances(props: {
  readonly instances: readonly AlertInstance[]
  readonly without?: readonly string[]
}): ReactNode {
  const { instances, without } = props
  const styles = useStyles2(getStyles)
  return (
    <ul className={styles.instances}>
      {instances.map((instance, index) => (
        <li key={index}>
          <StateTag state={instance.state} />
          {without && <strong>{instance.labels['alertname']}</strong>}
          <span className={styles.since}>
            <TimeAgo time={instance.activeAt} />
          </span>
          <div className={styles.labels}>
            <LabelList labels={instance.labels} without={['alertname', ...(without ?? [])]} />
          </div>
        </li>
      ))}
    </ul>
  )
}

/** How many instances there are, as Grafana's panel counts. */
function AlertCount(props: {
  readonly rules: readonly Rule[]
  readonly width: number
  readonly height: number
}): ReactNode {
  const { rules, width, height } = props
  const theme = useTheme2()
  const count = rules.reduce((sum, { instances }) => sum + instances.length, 0)
  return (
    <BigValue
      width={width}
      height={height}
      graphMode={BigValueGraphMode.None}
      colorMode={BigValueColorMode.None}
      theme={theme}
      value={{ text: String(count), numeric: count }}
    />
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ listStyle: 'none' }),
  item: css({
    padding: theme.spacing(0.75, 1),
    borderBottom: `1px solid ${theme.colors.border.weak}`,
    '&:last-child': { borderBottom: 0 },
  }),
  head: css({ display: 'flex', alignItems: 'center', gap: theme.spacing(1), minHeight: 26 }),
  name: css({
    fontWeight: 500,
    minWidth: 0,
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
    '&:hover': { textDecoration: 'underline' },
  }),
  since: css({
    marginLeft: 'auto',
    whiteSpace: 'nowrap',
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
  toggle: css({
    padding: 0,
    background: 'none',
    border: 0,
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
  instances: css({
    listStyle: 'none',
    li: {
      display: 'flex',
      flexWrap: 'wrap',
      alignItems: 'center',
      gap: theme.spacing(0.5, 1),
      padding: theme.spacing(0.5, 0, 0.5, 2),
    },
  }),
  labels: css({ flexBasis: '100%' }),
  empty: css({ padding: theme.spacing(2), textAlign: 'center', color: theme.colors.text.secondary }),
  error: css({ padding: theme.spacing(1), color: theme.colors.error.text }),
})

export const plugin = panelOptions(new PanelPlugin<AlertListOptions>(AlertListPanel), defaults).setMigrationHandler(
  ({ options }) => migrateAlertList(options as unknown as Record<string, unknown>),
)
