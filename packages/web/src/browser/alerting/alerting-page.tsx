import type { GrafanaTheme2 } from '@grafana/data'
import { useStyles2 } from '@grafana/ui'
import { css, cx } from '@emotion/css'
import type { ReactNode } from 'react'
import { Link } from 'react-router-dom'
import { useBreadcrumbs } from '../shell/breadcrumbs.tsx'

const tabs = [
  { path: '/alerting/list', text: 'Alert rules' },
  { path: '/alerting/groups', text: 'Active notifications' },
  { path: '/alerting/silences', text: 'Silences' },
  { path: '/alerting/notifications', text: 'Contact points' },
  { path: '/alerting/routes', text: 'Notification policies' },
] as const

interface Props {
  readonly tab: (typeof tabs)[number]['path']
  /** What the page shows, when it is not the tab itself. */
  readonly title?: string
  readonly actions?: ReactNode
  readonly children: ReactNode
}

/** What the pages below /alerting have in common: where one is, and the way to the others. */
export function AlertingPage({ tab, title, actions, children }: Props): ReactNode {
  const styles = useStyles2(getStyles)
  const tabText = tabs.find(({ path }) => path === tab)?.text ?? ''
  useBreadcrumbs(
    { text: 'Alerting', path: '/alerting/list' },
    { text: tabText, path: tab },
    ...(title === undefined ? [] : [{ text: title }]),
  )
  return (
    <div className={styles.page}>
      {title === undefined && (
        <>
          <h1>Alerting</h1>
          <nav className={styles.tabs} aria-label="Alerting">
            {tabs.map(({ path, text }) => (
              <Link
                key={path}
                to={path}
                className={cx(styles.tab, path === tab && styles.active)}
                aria-current={path === tab ? 'page' : undefined}
              >
                {text}
              </Link>
            ))}
            <span className={styles.actions}>{actions}</span>
          </nav>
        </>
      )}
      {title !== undefined && (
        <header className={styles.head}>
          <h1>{title}</h1>
          <span className={styles.actions}>{actions}</span>
        </header>
      )}
      {children}
    </div>
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  page: css({
    maxWidth: 1400,
    margin: '0 auto',
    padding: theme.spacing(3),
    display: 'flex',
    flexDirection: 'column',
    gap: theme.spacing(2),
    h1: { margin: 0 },
  }),
  tabs: css({
    display: 'flex',
    alignItems: 'center',
    minHeight: 42,
    borderBottom: `1px solid ${theme.colors.border.weak}`,
  }),
  tab: css({
    position: 'relative',
    padding: theme.spacing(1.25, 2),
    color: theme.colors.text.secondary,
    '&:hover': { color: theme.colors.text.primary },
  }),
  active: css({
    color: theme.colors.text.primary,
    fontWeight: 500,
    '&::after': {
      content: '""',
      position: 'absolute',
      left: 0,
      right: 0,
      bottom: -1,
      height: 3,
      backgroundImage: theme.colors.gradients.brandHorizontal,
    },
  }),
  head: css({ display: 'flex', alignItems: 'center', gap: theme.spacing(2), flexWrap: 'wrap' }),
  actions: css({ display: 'inline-flex', alignItems: 'center', gap: theme.spacing(1), marginLeft: 'auto' }),
})
