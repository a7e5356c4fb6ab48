import type { GrafanaTheme2 } from '@grafana/data'
import { Icon, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import { useState, type ReactNode } from 'react'
import type { ActiveAlert } from '../../alerting/alertmanager.ts'
import { boxStyle } from '../../alerting/box.ts'
import { ruleId } from '../../alerting/rule-id.ts'
import { RuleRow } from '../../alerting/rule-row.tsx'
import { countStates, formatSeconds, groupRules, shortFile, type Rule, type RuleGroup } from '../../alerting/rules.ts'
import { StateTag } from '../../alerting/state-tag.tsx'

interface Props {
  readonly rules: readonly Rule[]
  readonly alerts: readonly ActiveAlert[]
  readonly onLabel: (name: string, value: string) => void
  readonly isSearching: boolean
}

/** With so many rules groups begin closed, except those in which something happens. */
const manyRules = 60

export function RuleGroupList({ rules, alerts, onLabel, isSearching }: Props): ReactNode {
  const styles = useStyles2(getStyles)
  const sources = [...new Map(rules.map(({ source }) => [source.uid, source])).values()]
  const groups = groupRules(rules)
  return sources.map((source) => (
    <section key={source.uid} className={styles.source}>
      <h2 className={styles.heading}>
        {source.name} <span>{source.type === 'loki' ? 'rules on logs' : 'rules on metrics'}</span>
      </h2>
      {groups
        .filter((group) => group.source.uid === source.uid)
        .map((group) => (
          <Group
            key={group.key}
            group={group}
            alerts={alerts}
            onLabel={onLabel}
            isOpenAtFirst={isSearching || rules.length <= manyRules || isEventful(group)}
          />
        ))}
    </section>
  ))
}

function isEventful({ rules }: RuleGroup): boolean {
  return rules.some(({ state }) => state === 'firing' || state === 'pending' || state === 'error')
}

function Group(props: {
  readonly group: RuleGroup
  readonly alerts: readonly ActiveAlert[]
  readonly onLabel: (name: string, value: string) => void
  readonly isOpenAtFirst: boolean
}): ReactNode {
  const { group, alerts, onLabel, isOpenAtFirst } = props
  const styles = useStyles2(getStyles)
  const [isOpen, setOpen] = useState<boolean>()
  const open = isOpen ?? isOpenAtFirst
  const counts = countStates(group.rules)
  return (
    <div className={styles.group} data-testid="rule-group">
      <button type="button" className={styles.head} aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name={open ? 'angle-down' : 'angle-right'} />
        <Icon name="file-alt" />
        <span className={styles.file} title={group.file}>
          {shortFile(group.file)}
        </span>
        <Icon name="angle-right" />
        <strong>{group.name}</strong>
        <span className={styles.counts}>
          {(['firing', 'pending', 'error'] as const).map(
            (state) => counts[state] > 0 && <StateTag key={state} state={state} text={`${counts[state]} ${state}`} />,
          )}
        </span>
        <span className={styles.facts}>
          {group.rules.length} {group.rules.length === 1 ? 'rule' : 'rules'} · every{' '}
          {formatSeconds(group.intervalSeconds)}
        </span>
      </button>
      {open && (
        <ul>
          {group.rules.map((rule) => (
            <RuleRow key={ruleId(rule)} rule={rule} alerts={alerts} onLabel={onLabel} />
          ))}
        </ul>
      )}
    </div>
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  source: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(1) }),
  heading: css({
    margin: 0,
    fontSize: theme.typography.h5.fontSize,
    span: { marginLeft: theme.spacing(0.5), color: theme.colors.text.secondary, fontWeight: 400 },
  }),
  group: css({ ...boxStyle(theme), overflow: 'hidden' }),
  head: css({
    display: 'flex',
    alignItems: 'center',
    gap: theme.spacing(0.75),
    width: '100%',
    minHeight: 40,
    padding: theme.spacing(0.5, 1.5),
    background: theme.colors.background.secondary,
    border: 0,
    textAlign: 'left',
    color: theme.colors.text.primary,
  }),
  file: css({ color: theme.colors.text.secondary }),
  counts: css({ display: 'inline-flex', gap: theme.spacing(0.5), marginLeft: theme.spacing(1) }),
  facts: css({
    marginLeft: 'auto',
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
})
