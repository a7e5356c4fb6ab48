import type { GrafanaTheme2 } from '@grafana/data'
import { useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import type { ReactNode } from 'react'
import type { Labels } from './rules.ts'

interface Props {
  readonly labels: Labels
  readonly without?: readonly string[]
  readonly onLabel?: (name: string, value: string) => void
}

export function LabelList({ labels, without = [], onLabel }: Props): ReactNode {
  const styles = useStyles2(getStyles)
  const entries = Object.entries(labels).filter(([name]) => !without.includes(name))
  return (
    <span className={styles.list}>
      {entries.map(([name, value]) => {
        const content = (
          <>
            <span className={styles.name}>{name}</span>
            <span className={styles.value}>{value}</span>
          </>
        )
        return onLabel ? (
          <button
            key={name}
            type="button"
            className={styles.label}
            title={`Show only ${name}=${value}`}
            onClick={() => onLabel(name, value)}
          >
            {content}
          </button>
        ) : (
          <span key={name} className={styles.label}>
            {content}
          </span>
        )
      })}
    </span>
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ display: 'inline-flex', flexWrap: 'wrap', gap: theme.spacing(0.5), minWidth: 0 }),
  label: css({
    display: 'inline-flex',
    maxWidth: '100%',
    padding: 0,
    overflow: 'hidden',
    background: 'none',
    border: `1px solid ${theme.colors.border.medium}`,
    borderRadius: theme.shape.radius.default,
    fontSize: theme.typography.bodySmall.fontSize,
    lineHeight: '18px',
    'button&:hover': { borderColor: theme.colors.border.strong },
  }),
  name: css({
    padding: theme.spacing(0, 0.75),
    background: theme.colors.action.hover,
    color: theme.colors.text.secondary,
    whiteSpace: 'nowrap',
  }),
  value: css({ padding: theme.spacing(0, 0.75), color: theme.colors.text.primary, overflowWrap: 'anywhere' }),
})
