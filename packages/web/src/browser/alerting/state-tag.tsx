import type { GrafanaTheme2, IconName } from '@grafana/data'
import { Icon, useStyles2 } from '@grafana/ui'
import { css, cx } from '@emotion/css'
import type { ReactNode } from 'react'
import type { RuleState } from './rules.ts'

type Shown = RuleState | 'silenced' | 'inhibited' | 'muted' | 'active' | 'expired' | 'suppressed' | 'unprocessed'

const looks: Readonly<
  Record<Shown, { readonly text: string; readonly icon: IconName; readonly tone: 'bad' | 'warn' | 'good' | 'plain' }>
> = {
  firing: { text: 'Firing', icon: 'exclamation-circle', tone: 'bad' },
  pending: { text: 'Pending', icon: 'hourglass', tone: 'warn' },
  error: { text: 'Error', icon: 'exclamation-triangle', tone: 'bad' },
  unknown: { text: 'Unknown', icon: 'question-circle', tone: 'plain' },
  normal: { text: 'Normal', icon: 'check-circle', tone: 'good' },
  recording: { text: 'Recording', icon: 'record-audio', tone: 'plain' },
  silenced: { text: 'Silenced', icon: 'bell-slash', tone: 'plain' },
  inhibited: { text: 'Inhibited', icon: 'bell-slash', tone: 'plain' },
  muted: { text: 'Muted', icon: 'clock-nine', tone: 'plain' },
  active: { text: 'Active', icon: 'check-circle', tone: 'good' },
  expired: { text: 'Expired', icon: 'times-circle', tone: 'plain' },
  suppressed: { text: 'Suppressed', icon: 'bell-slash', tone: 'plain' },
  unprocessed: { text: 'Unprocessed', icon: 'hourglass', tone: 'plain' },
}

export function StateTag(props: { readonly state: Shown; readonly text?: string; readonly title?: string }): ReactNode {
  const { state, text, title } = props
  const styles = useStyles2(getStyles)
  const look = looks[state]
  return (
    <span className={cx(styles.tag, styles[look.tone])} title={title} data-testid="state">
      <Icon name={look.icon} size="sm" /> {text ?? look.text}
    </span>
  )
}

export function stateText(state: Shown): string {
  return looks[state].text
}

const getStyles = (theme: GrafanaTheme2) => ({
  tag: css({
    display: 'inline-flex',
    alignItems: 'center',
    gap: theme.spacing(0.5),
    padding: theme.spacing(0, 1),
    height: 22,
    borderRadius: 11,
    border: '1px solid transparent',
    fontSize: theme.typography.bodySmall.fontSize,
    fontWeight: 500,
    whiteSpace: 'nowrap',
  }),
  bad: css({ background: theme.colors.error.transparent, color: theme.colors.error.text }),
  warn: css({ background: theme.colors.warning.transparent, color: theme.colors.warning.text }),
  good: css({ background: theme.colors.success.transparent, color: theme.colors.success.text }),
  plain: css({ background: theme.colors.action.hover, color: theme.colors.text.secondary }),
})
