import type { GrafanaTheme2 } from '@grafana/data'
import { Icon, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'
import { Link } from 'react-router-dom'

export interface Crumb {
  readonly text: string
  readonly path?: string
}

const CrumbsContext = createContext<{ crumbs: readonly Crumb[]; setCrumbs: (crumbs: readonly Crumb[]) => void }>({
  crumbs: [],
  setCrumbs: () => undefined,
})

export function BreadcrumbsProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const [crumbs, setCrumbs] = useState<readonly Crumb[]>([])
  const value = useMemo(() => ({ crumbs, setCrumbs }), [crumbs])
  return <CrumbsContext.Provider value={value}>{children}</CrumbsContext.Provider>
}

/** A page says where it is; its last crumb is also the window's title. */
export function useBreadcrumbs(...crumbs: readonly Crumb[]): void {
  const { setCrumbs } = useContext(CrumbsContext)
  const key = JSON.stringify(crumbs)
  useEffect(() => {
    const parsed = JSON.parse(key) as Crumb[]
    setCrumbs(parsed)
    document.title = [parsed.at(-1)?.text, 'Quartet'].filter(Boolean).join(' - ')
  }, [key, setCrumbs])
}

export function Breadcrumbs(): ReactNode {
  const { crumbs } = useContext(CrumbsContext)
  const styles = useStyles2(getStyles)
  const all: readonly Crumb[] = [{ text: 'Home', path: '/' }, ...crumbs.filter(({ path }) => path !== '/')]
  return (
    <nav aria-label="Breadcrumbs">
      <ol className={styles.list}>
        {all.map(({ text, path }, index) => (
          <li key={index} className={styles.crumb}>
            {index > 0 && <Icon name="angle-right" />}
            {path !== undefined && index < all.length - 1 ? (
              <Link to={path}>{text}</Link>
            ) : (
              <span aria-current="page">{text}</span>
            )}
          </li>
        ))}
      </ol>
    </nav>
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ display: 'flex', alignItems: 'center', margin: 0, listStyle: 'none' }),
  crumb: css({
    display: 'flex',
    alignItems: 'center',
    gap: theme.spacing(0.5),
    paddingRight: theme.spacing(0.5),
    whiteSpace: 'nowrap',
    a: { color: theme.colors.text.primary, '&:hover': { textDecoration: 'underline' } },
    span: { color: theme.colors.text.secondary },
  }),
})
