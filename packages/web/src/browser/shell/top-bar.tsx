import type { GrafanaTheme2 } from '@grafana/data'
import { IconButton, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import type { ReactNode } from 'react'
import { useThemeSwitch } from '../app/theme.tsx'
import { Breadcrumbs } from './breadcrumbs.tsx'
import { topBarSlotId } from './top-bar-slot.ts'
import { UserMenu } from './user-menu.tsx'

interface Props {
  readonly isNavOpen: boolean
  readonly onToggleNav: () => void
}

export function TopBar({ isNavOpen, onToggleNav }: Props): ReactNode {
  const styles = useStyles2(getStyles)
  const { name, toggle } = useThemeSwitch()
  const other = name === 'dark' ? 'light' : 'dark'
  return (
    <header className={styles.bar}>
      <IconButton
        name="bars"
        size="lg"
        tooltip={isNavOpen ? 'Narrow the menu' : 'Widen the menu'}
        onClick={onToggleNav}
      />
      <Breadcrumbs />
      <span id={topBarSlotId} />
      <span className={styles.space} />
      <IconButton name="palette" size="lg" tooltip={`Switch to the ${other} theme`} onClick={toggle} />
      <UserMenu />
    </header>
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  bar: css({
    display: 'flex',
    alignItems: 'center',
    gap: theme.spacing(1),
    height: 44,
    flexShrink: 0,
    padding: theme.spacing(0, 2),
    background: theme.colors.background.primary,
    borderBottom: `1px solid ${theme.colors.border.weak}`,
  }),
  space: css({ flexGrow: 1 }),
})
