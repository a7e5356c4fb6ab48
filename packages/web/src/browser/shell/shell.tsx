import { store, type GrafanaTheme2 } from '@grafana/data'
import { useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import { useState, type ReactNode } from 'react'
import { BreadcrumbsProvider } from './breadcrumbs.tsx'
import { SideNav } from './side-nav.tsx'
import { TopBar } from './top-bar.tsx'

const openKey = 'quartet.navigation.open'

/** Navigation at the left, the bar above, the page in the rest, which scrolls by itself. */
export function Shell({ children }: { readonly children: ReactNode }): ReactNode {
  const styles = useStyles2(getStyles)
  const [isOpen, setOpen] = useState(() => store.getBool(openKey, true))
  const toggle = (): void => {
    store.set(openKey, !isOpen)
    setOpen(!isOpen)
  }
  return (
    <BreadcrumbsProvider>
      <div className={styles.shell}>
        <SideNav isOpen={isOpen} />
        <div className={styles.rest}>
          <TopBar isNavOpen={isOpen} onToggleNav={toggle} />
          <main className={styles.page} id="page">
            {children}
          </main>
        </div>
      </div>
    </BreadcrumbsProvider>
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  shell: css({ display: 'flex', height: '100vh', background: theme.colors.background.canvas }),
  rest: css({ display: 'flex', flexDirection: 'column', flexGrow: 1, minWidth: 0 }),
  page: css({ position: 'relative', flexGrow: 1, minHeight: 0, overflow: 'auto' }),
})
