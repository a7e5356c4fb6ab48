import type { GrafanaTheme2 } from '@grafana/data'
import { Icon, Input, LoadingBar, useStyles2 } from '@grafana/ui'
import { css, cx } from '@emotion/css'
import { useState, type ReactNode } from 'react'
import type { TimeIntervalDto } from '../../../common/alerting.ts'
import { AlertingPage } from '../../alerting/alerting-page.tsx'
import { boxStyle } from '../../alerting/box.ts'
import { MatcherList } from '../../alerting/matcher-list.tsx'
import { EmptyNotice, StoreDown } from '../../alerting/notice.tsx'
import { parseLabels, routesTaken, routeTree, type RouteNode } from '../../alerting/route-tree.ts'
import { AlertmanagerPicker, NoAlertmanager, useAlertmanager } from '../../alerting/use-alertmanager.tsx'
import type { ChosenAlertmanager } from '../../alerting/use-alertmanager.tsx'
import { lastValue } from '../../app/use-async.ts'
import { usePolled } from '../../app/use-polled.ts'

/** The tree of routes, with a field to try which of them an alert takes. */
export function RoutesPage(): ReactNode {
  const chosen = useAlertmanager()
  return (
    <AlertingPage tab="/alerting/routes" actions={chosen && <AlertmanagerPicker chosen={chosen} />}>
      {chosen ? <Policies key={chosen.source.uid} chosen={chosen} /> : <NoAlertmanager />}
    </AlertingPage>
  )
}

function Policies({ chosen }: { readonly chosen: ChosenAlertmanager }): ReactNode {
  const styles = useStyles2(getStyles)
  const [state, reload] = usePolled((signal) => chosen.client.status(signal), {
    everyMs: 30_000,
    dependencies: [chosen.client],
  })
  const [labels, setLabels] = useState('')
  const config = lastValue(state)?.config
  const tree = config?.route && routeTree(config.route)
  const tried = tree ? tryLabels(tree, labels) : undefined
  return (
    <>
      {state.kind === 'error' && <StoreDown name={chosen.source.name} error={state.error} onRetry={reload} />}
      {!config && state.kind === 'loading' && <LoadingBar width={400} />}
      {config && !tree && (
        <EmptyNotice title="There are no notification policies">
          <code>alertmanager.yml</code> needs a <code>route</code> that names a receiver.
        </EmptyNotice>
      )}
      {tree && (
        <>
          <div className={styles.tester}>
            <label htmlFor="route-labels">Which way would an alert with these labels go?</label>
            <Input
              id="route-labels"
              prefix={<Icon name="search" />}
              placeholder="severity=critical team=shop"
              value={labels}
              onChange={({ currentTarget }) => setLabels(currentTarget.value)}
            />
            {tried?.kind === 'problem' && <span role="alert">{tried.text}</span>}
            {tried?.kind === 'taken' && (
              <span role="status">
                tells {[...new Set(tried.routes.map(({ receiver }) => receiver))].join(' and ')}
              </span>
            )}
          </div>
          <Node node={tree} taken={tried?.kind === 'taken' ? tried.routes.map(({ key }) => key) : []} isRoot />
        </>
      )}
      <Times
        title="Time intervals"
        intervals={[...(config?.time_intervals ?? []), ...(config?.mute_time_intervals ?? [])]}
      />
      <Inhibitions rules={config?.inhibit_rules ?? []} />
    </>
  )
}

type Tried =
  | { readonly kind: 'taken'; readonly routes: readonly RouteNode[] }
  | { readonly kind: 'problem'; readonly text: string }

function tryLabels(tree: RouteNode, text: string): Tried | undefined {
  if (text.trim() === '') return undefined
  const labels = parseLabels(text)
  if (!labels) return { kind: 'problem', text: 'Write labels as name=value, with blanks between' }
  try {
    return { kind: 'taken', routes: routesTaken(tree, labels) }
  } catch (error) {
    return { kind: 'problem', text: error instanceof Error ? error.message : String(error) }
  }
}

function Node(props: {
  readonly node: RouteNode
  readonly taken: readonly string[]
  readonly isRoot?: boolean
}): ReactNode {
  const { node, taken, isRoot = false } = props
  const styles = useStyles2(getStyles)
  const timings = [
    ['waits', node.groupWait, 'before the first notification of a group'],
    ['tells of changes every', node.groupInterval, 'while a group changes'],
    ['repeats after', node.repeatInterval, 'when nothing changes'],
  ] as const
  return (
    <div data-testid="route">
      <div className={cx(styles.node, taken.includes(node.key) && styles.taken)}>
        <div className={styles.line}>
          {isRoot ? <strong>Default policy</strong> : null}
          {!isRoot && node.matchers.length === 0 && <span className={styles.quiet}>every alert</span>}
          <MatcherList matchers={node.matchers} />
          <Icon name="arrow-right" />
          <span className={styles.receiver}>
            <Icon name="at" size="sm" /> {node.receiver}
          </span>
          {node.goesOn && <span className={styles.badge}>continues with the next</span>}
          {node.muteTimes.length > 0 && <span className={styles.badge}>muted: {node.muteTimes.join(', ')}</span>}
          {node.activeTimes.length > 0 && <span className={styles.badge}>only: {node.activeTimes.join(', ')}</span>}
        </div>
        <div className={styles.details}>
          <span>
            {node.groupBy.length === 0
              ? 'one group for all'
              : node.groupBy.includes('...')
                ? 'not grouped'
                : `grouped by ${node.groupBy.join(', ')}`}
          </span>
          {timings.map(([what, value, why]) => (
            <span key={what} title={why}>
              {what} {value}
            </span>
          ))}
        </div>
      </div>
      {node.children.length > 0 && (
        <div className={styles.children}>
          {node.children.map((child) => (
            <Node key={child.key} node={child} taken={taken} />
          ))}
        </div>
      )}
    </div>
  )
}

function Times({
  title,
  intervals,
}: {
  readonly title: string
  readonly intervals: readonly TimeIntervalDto[]
}): ReactNode {
  const styles = useStyles2(getStyles)
  if (intervals.length === 0) return null
  return (
    <section className={styles.box}>
      <h2>{title}</h2>
      {intervals.map(({ name, time_intervals: times = [] }) => (
        <div key={name} className={styles.interval}>
          <strong>{name}</strong>
          <span>{times.map(intervalText).join(' or ')}</span>
        </div>
      ))}
    </section>
  )
}

function intervalText(interval: Readonly<Record<string, unknown>>): string {
  return Object.entries(interval)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([key, value]) => {
      const values = Array.isArray(value) ? value : [value]
      const texts = values.map((item) => {
        const { start_time: start, end_time: end } = (item ?? {}) as { start_time?: string; end_time?: string }
        return start === undefined ? String(item) : `${start}–${end ?? ''}`
      })
      return `${key.replaceAll('_', ' ')} ${texts.join(', ')}`
    })
    .join('; ')
}

function Inhibitions({ rules }: { readonly rules: readonly Readonly<Record<string, unknown>>[] }): ReactNode {
  const styles = useStyles2(getStyles)
  if (rules.length === 0) return null
  const side = (rule: Readonly<Record<string, unknown>>, kind: string): string =>
    [rule[`${kind}_matchers`] ?? [], pairs(rule[`${kind}_match`], '='), pairs(rule[`${kind}_match_re`], '=~')]
      .flat()
      .join(', ')
  return (
    <section className={styles.box}>
      <h2>Inhibitions</h2>
      {rules.map((rule, index) => (
        <div key={index} className={styles.interval}>
          <code>{side(rule, 'source')}</code>
          <span>keeps back</span>
          <code>{side(rule, 'target')}</code>
          {Array.isArray(rule['equal']) && rule['equal'].length > 0 && (
            <span>with the same {rule['equal'].join(', ')}</span>
          )}
        </div>
      ))}
    </section>
  )
}

function pairs(value: unknown, operator: string): string[] {
  return Object.entries((value ?? {}) as Record<string, string>).map(([name, text]) => `${name}${operator}"${text}"`)
}

const getStyles = (theme: GrafanaTheme2) => ({
  tester: css({
    ...boxStyle(theme),
    display: 'grid',
    gridTemplateColumns: 'max-content minmax(200px, 1fr) max-content',
    alignItems: 'center',
    gap: theme.spacing(1.5),
    padding: theme.spacing(1.5, 2),
    label: { margin: 0 },
    '[role=alert]': { color: theme.colors.error.text },
    '[role=status]': { color: theme.colors.success.text, fontWeight: 500 },
  }),
  node: css({ ...boxStyle(theme), padding: theme.spacing(1.25, 2) }),
  taken: css({
    borderColor: theme.colors.success.border,
    boxShadow: `inset 3px 0 0 ${theme.colors.success.main}`,
  }),
  line: css({ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: theme.spacing(1) }),
  receiver: css({ fontWeight: 500 }),
  badge: css({
    padding: theme.spacing(0, 1),
    borderRadius: 10,
    background: theme.colors.action.hover,
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
  details: css({
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(2),
    marginTop: theme.spacing(0.5),
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
  quiet: css({ color: theme.colors.text.secondary }),
  children: css({
    display: 'flex',
    flexDirection: 'column',
    gap: theme.spacing(1),
    marginTop: theme.spacing(1),
    marginLeft: theme.spacing(1.5),
    paddingLeft: theme.spacing(2.5),
    borderLeft: `2px solid ${theme.colors.border.medium}`,
  }),
  box: css({
    ...boxStyle(theme),
    padding: theme.spacing(2),
    h2: { fontSize: theme.typography.h5.fontSize, margin: theme.spacing(0, 0, 1) },
  }),
  interval: css({
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(1.5),
    padding: theme.spacing(0.5, 0),
    span: { color: theme.colors.text.secondary },
  }),
})
