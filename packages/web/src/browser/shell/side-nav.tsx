import type { GrafanaTheme2 } from '@grafana/data'
import { Icon, useStyles2 } from '@grafana/ui'
import { css, cx } from '@emotion/css'
import type { ReactNode } from 'react'
import { Link, useLocation } from 'react-router-dom'
import { bootData } from '../app/boot-data.ts'
import { AlertBadge } from './alert-badge.tsx'
import { Logo } from './logo.tsx'
import { navigation } from './navigation.ts'

export function SideNav({ isOpen }: { readonly isOpen: boolean }): ReactNode {
  const styles = useStyles2(getStyles)
  const { pathname } = useLocation()
  const items = navigation.filter(({ isForAdmins }) => !isForAdmins || bootData.user.isGrafanaAdmin)
  return (
    <nav className={cx(styles.nav, isOpen && styles.open)} aria-label="Main">
      <Link to="/" className={styles.brand} aria-label="Quartet, home">
        <Logo size={26} />
        {isOpen && <span>Quartet</span>}
      </Link>
      {items.map(({ text, icon, path, owns }) => {
        const isActive = owns.test(pathname)
        return (
          <Link
            key={path}
            to={path}
            title={text}
            className={cx(styles.item, isActive && styles.active)}
            aria-current={isActive ? 'page' : undefined}
          >
            <Icon name={icon} size="lg" />
            {isOpen && <span>{text}</span>}
            {path.startsWith('/alerting') && <AlertBadge isNavOpen={isOpen} />}
          </Link>
        )
      })}
    </nav>
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  nav: css({
    display: 'flex',
    flexDirection: 'column',
    width: 56,
    flexShrink: 0,
    padding: theme.spacing(1, 0.75),
    background: theme.colors.background.primary,
    borderRight: `1px solid ${theme.colors.border.weak}`,
  }),
  open: css({ width: 210 }),
  brand: css({
    display: 'flex',
    alignItems: 'center',
    gap: theme.spacing(1.25),
    height: 40,
    padding: theme.spacing(0, 1),
    marginBottom: theme.spacing(1.5),
    color: theme.colors.text.primary,
    fontSize: theme.typography.h5.fontSize,
    fontWeight: 500,
  }),
  item: css({
    position: 'relative',
    display: 'flex',
    alignItems: 'center',
    gap: theme.spacing(1.5),
    height: 38,
    padding: theme.spacing(0, 1.5),
    marginBottom: 2,
    borderRadius: theme.shape.radius.default,
    color: theme.colors.text.secondary,
    '&:hover': { background: theme.colors.action.hover, color: theme.colors.text.primary },
  }),
  active: css({
    background: theme.colors.action.selected,
    color: theme.colors.text.primary,
    '&::before': {
      content: '""',
      position: 'absolute',
      left: 0,
      top: 7,
      bottom: 7,
      width: 3,
      borderRadius: 2,
      backgroundImage: theme.colors.gradients.brandVertical,
    },
  }),
})
