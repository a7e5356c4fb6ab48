import type { GrafanaTheme2 } from '@grafana/data'
import { useStyles2 } from '@grafana/ui'
import { css, cx } from '@emotion/css'
import type { ReactNode } from 'react'
import { ruleStates, type RuleState } from '../../alerting/rules.ts'
import { stateText } from '../../alerting/state-tag.tsx'
import { boxStyle } from '../../alerting/box.ts'

interface Props {
  readonly counts: Readonly<Record<RuleState, number>>
  readonly chosen: readonly string[]
  readonly onChange: (states: readonly string[]) => void
}

/** How many rules are in which state; each count is a switch. */
export function StateFilter({ counts, chosen, onChange }: Props): ReactNode {
  const styles = useStyles2(getStyles)
  const shown = ruleStates.filter((state) => counts[state] > 0 || ['firing', 'pending', 'normal'].includes(state))
  return (
    <div className={styles.row}>
      {shown.map((state) => {
        const isChosen = chosen.includes(state)
        return (
          <button
            key={state}
            type="button"
            aria-pressed={isChosen}
            className={cx(styles.item, isChosen && styles.chosen)}
            onClick={() => onChange(isChosen ? chosen.filter((other) => other !== state) : [...chosen, state])}
          >
            <span className={cx(styles.count, counts[state] > 0 && styles[tones[state]])}>{counts[state]}</span>
            {stateText(state)}
          </button>
        )
      })}
    </div>
  )
}

const tones: Readonly<Record<RuleState, 'bad' | 'warn' | 'good' | 'plain'>> = {
  firing: 'bad',
  pending: 'warn',
  error: 'bad',
  unknown: 'plain',
  normal: 'good',
  recording: 'plain',
}

const getStyles = (theme: GrafanaTheme2) => ({
  row: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(1) }),
  item: css({
    ...boxStyle(theme),
    display: 'flex',
    alignItems: 'baseline',
    gap: theme.spacing(1),
    padding: theme.spacing(1, 2),
    color: theme.colors.text.secondary,
    '&:hover': { borderColor: theme.colors.border.strong },
  }),
  chosen: css({ borderColor: theme.colors.primary.border, color: theme.colors.text.primary }),
  count: css({ fontSize: theme.typography.h4.fontSize, fontWeight: 500, color: theme.colors.text.primary }),
  bad: css({ color: theme.colors.error.text }),
  warn: css({ color: theme.colors.warning.text }),
  good: css({ color: theme.colors.success.text }),
  plain: css({}),
})
