import type { GrafanaTheme2 } from '@grafana/data'
import { useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import { Fragment, type ReactNode } from 'react'
import { formatSeconds, type Rule } from './rules.ts'
import { TimeAgo } from './time-ago.tsx'

/** The numbers of a rule: where it stands, how it is evaluated. */
export function RuleFacts({ rule, isFull = false }: { readonly rule: Rule; readonly isFull?: boolean }): ReactNode {
  const styles = useStyles2(getStyles)
  const facts: (readonly [name: string, value: ReactNode])[] = [
    ...(isFull
      ? ([
          ['Data source', rule.source.name],
          ['File', rule.file],
          ['Group', rule.group],
        ] as const)
      : []),
    ['Evaluated every', formatSeconds(rule.groupIntervalSeconds)],
    ['Last evaluation', <TimeAgo key="last" time={rule.lastEvaluation} />],
    ['Took', formatEvaluation(rule.evaluationSeconds)],
    ...(rule.kind === 'alerting' ? [['Pending for', formatSeconds(rule.forSeconds)] as const] : []),
    ...(rule.keepFiringForSeconds > 0 ? [['Keeps firing for', formatSeconds(rule.keepFiringForSeconds)] as const] : []),
    ['Health', rule.health],
  ]
  return (
    <dl className={styles.facts}>
      {facts.map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </Fragment>
      ))}
    </dl>
  )
}

export function formatEvaluation(seconds: number): string {
  return seconds >= 1 ? `${seconds.toFixed(1)} s` : `${(seconds * 1000).toFixed(seconds < 0.01 ? 2 : 0)} ms`
}

const getStyles = (theme: GrafanaTheme2) => ({
  facts: css({
    display: 'grid',
    gridTemplateColumns: 'max-content 1fr',
    gap: theme.spacing(0.25, 2),
    margin: 0,
    alignContent: 'start',
    dt: { color: theme.colors.text.secondary, fontWeight: 400 },
    dd: { margin: 0, overflowWrap: 'anywhere' },
  }),
})
