import type { GrafanaTheme2 } from '@grafana/data'
import { useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import type { ReactNode } from 'react'
import { operatorOf, type Matcher } from './matchers.ts'

export function MatcherList({ matchers }: { readonly matchers: readonly Matcher[] }): ReactNode {
  const styles = useStyles2(getStyles)
  return (
    <span className={styles.list}>
      {matchers.map((matcher, index) => (
        <code key={index} className={styles.matcher}>
          {matcher.name}
          <b>{operatorOf(matcher)}</b>
          {matcher.value === '' ? '""' : matcher.value}
        </code>
      ))}
    </span>
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ display: 'inline-flex', flexWrap: 'wrap', gap: theme.spacing(0.5) }),
  matcher: css({
    padding: theme.spacing(0, 0.75),
    border: `1px solid ${theme.colors.border.medium}`,
    borderRadius: theme.shape.radius.default,
    background: theme.colors.action.hover,
    color: theme.colors.text.primary,
    fontSize: theme.typography.bodySmall.fontSize,
    lineHeight: '20px',
    overflowWrap: 'anywhere',
    b: { margin: theme.spacing(0, 0.5), color: theme.colors.primary.text },
  }),
})
