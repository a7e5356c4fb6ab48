import type { GrafanaTheme2 } from '@grafana/data'
import { Icon, IconButton, LinkButton, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import { useState, type ReactNode } from 'react'
import { Link } from 'react-router-dom'
import { alertOf, type ActiveAlert } from './alertmanager.ts'
import { AnnotationList } from './annotation-list.tsx'
import { Expression } from './expression.tsx'
import { IconLink } from './icon-link.tsx'
import { InstanceTable } from './instance-table.tsx'
import { LabelList } from './label-list.tsx'
import { exploreRulePath, exploreRuleUrl, silenceRulePath } from './links.ts'
import { formatEvaluation, RuleFacts } from './rule-facts.tsx'
import { rulePath } from './rule-id.ts'
import type { Rule } from './rules.ts'
import { canSilence } from './sources.ts'
import { StateTag } from './state-tag.tsx'
import { TimeAgo } from './time-ago.tsx'

interface Props {
  readonly rule: Rule
  readonly alerts: readonly ActiveAlert[]
  readonly onLabel: (name: string, value: string) => void
}

/** One rule of the list; opened it shows all that its store tells of it. */
export function RuleRow({ rule, alerts, onLabel }: Props): ReactNode {
  const styles = useStyles2(getStyles)
  const [isOpen, setOpen] = useState(false)
  const firing = rule.instances.filter(({ state }) => state === 'firing')
  const silenced = firing.filter((instance) => (alertOf(instance, alerts)?.status.silencedBy.length ?? 0) > 0)
  const isSilenced = firing.length > 0 && silenced.length === firing.length
  const since = rule.instances.map(({ activeAt }) => activeAt).sort()[0]
  return (
    <li className={styles.rule} data-testid="rule">
      <div className={styles.row}>
        <IconButton
          name={isOpen ? 'angle-down' : 'angle-right'}
          tooltip={isOpen ? 'Show less' : 'Show more'}
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        />
        <span className={styles.state}>
          <StateTag state={rule.state} />
          {isSilenced && <StateTag state="silenced" />}
        </span>
        <span className={styles.main}>
          <Link to={rulePath(rule)} className={styles.name}>
            {rule.name}
          </Link>
          <span className={styles.summary}>{firing[0]?.annotations['summary'] ?? plainSummary(rule)}</span>
        </span>
        <span className={styles.count} title="Instances that are firing or pending">
          {rule.instances.length > 0 &&
            `${rule.instances.length} ${rule.instances.length === 1 ? 'instance' : 'instances'}`}
        </span>
        <span className={styles.since}>{since !== undefined && <TimeAgo time={since} suffix="" />}</span>
        <span className={styles.took} title="Time that the last evaluation took">
          {formatEvaluation(rule.evaluationSeconds)}
        </span>
        <span className={styles.actions}>
          {rule.kind === 'alerting' && canSilence() && (
            <IconLink icon="bell-slash" title={`Silence ${rule.name}`} path={silenceRulePath(rule)} />
          )}
          <IconLink icon="compass" title={`Explore ${rule.name}`} path={exploreRulePath(rule)} />
        </span>
      </div>
      {rule.lastError !== '' && (
        <div className={styles.error} role="alert">
          <Icon name="exclamation-triangle" /> {rule.lastError}
        </div>
      )}
      {isOpen && (
        <div className={styles.details}>
          <Expression text={rule.query} type={rule.source.type} />
          <div className={styles.columns}>
            <div>
              {Object.keys(rule.labels).length > 0 && <LabelList labels={rule.labels} onLabel={onLabel} />}
              <AnnotationList annotations={rule.annotations} />
            </div>
            <RuleFacts rule={rule} />
          </div>
          {rule.instances.length > 0 && <InstanceTable instances={rule.instances} alerts={alerts} onLabel={onLabel} />}
          <div>
            <LinkButton size="sm" variant="secondary" icon="compass" href={exploreRuleUrl(rule)}>
              Explore
            </LinkButton>
          </div>
        </div>
      )}
    </li>
  )
}

/** A template says nothing before it is filled in. */
function plainSummary(rule: Rule): string {
  const text = rule.annotations['summary'] ?? rule.annotations['description'] ?? ''
  return text.includes('{{') ? '' : text
}

const getStyles = (theme: GrafanaTheme2) => ({
  rule: css({ borderTop: `1px solid ${theme.colors.border.weak}`, listStyle: 'none' }),
  row: css({
    display: 'grid',
    gridTemplateColumns: '24px minmax(104px, max-content) 1fr 92px 72px 72px 56px',
    alignItems: 'center',
    gap: theme.spacing(1),
    minHeight: 40,
    padding: theme.spacing(0.25, 1.5),
    '&:hover': { background: theme.colors.action.hover },
  }),
  state: css({ display: 'inline-flex', gap: theme.spacing(0.5) }),
  main: css({ display: 'flex', gap: theme.spacing(1.5), alignItems: 'baseline', minWidth: 0 }),
  name: css({ fontWeight: 500, whiteSpace: 'nowrap', '&:hover': { textDecoration: 'underline' } }),
  summary: css({
    color: theme.colors.text.secondary,
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
  }),
  count: css({ color: theme.colors.text.secondary, textAlign: 'right', whiteSpace: 'nowrap' }),
  since: css({ textAlign: 'right', whiteSpace: 'nowrap', fontVariantNumeric: 'tabular-nums' }),
  took: css({
    color: theme.colors.text.secondary,
    textAlign: 'right',
    fontSize: theme.typography.bodySmall.fontSize,
    fontVariantNumeric: 'tabular-nums',
  }),
  actions: css({ display: 'inline-flex', justifyContent: 'flex-end', gap: theme.spacing(1) }),
  error: css({ padding: theme.spacing(0, 1.5, 1, 5.5), color: theme.colors.error.text, overflowWrap: 'anywhere' }),
  details: css({
    display: 'flex',
    flexDirection: 'column',
    gap: theme.spacing(1.5),
    padding: theme.spacing(0.5, 2, 2, 5.5),
  }),
  columns: css({
    display: 'grid',
    gridTemplateColumns: '1fr 280px',
    gap: theme.spacing(3),
    '& > div': { display: 'flex', flexDirection: 'column', gap: theme.spacing(1), minWidth: 0 },
  }),
})
