import type { GrafanaTheme2 } from '@grafana/data'
import { Tab, TabsBar, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import type { ReactNode } from 'react'
import { useNavigate } from 'react-router-dom'
import { useBreadcrumbs } from '../../shell/breadcrumbs.tsx'

const TABS = [
  { text: 'Users', path: '/admin/users' },
  { text: 'Authentication', path: '/admin/authentication' },
] as const

interface Props {
  readonly active: (typeof TABS)[number]['text']
  readonly description: string
  readonly children: ReactNode
}

/** What the pages below Administration have in common. */
export function AdminPage({ active, description, children }: Props): ReactNode {
  useBreadcrumbs({ text: 'Administration', path: '/admin/users' }, { text: active })
  const styles = useStyles2(getStyles)
  const navigate = useNavigate()
  return (
    <div className={styles.page}>
      <h1>{active}</h1>
      <p className={styles.description}>{description}</p>
      <TabsBar>
        {TABS.map(({ text, path }) => (
          <Tab key={path} label={text} active={text === active} onChangeTab={() => navigate(path)} />
        ))}
      </TabsBar>
      <div className={styles.content}>{children}</div>
    </div>
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  page: css({ maxWidth: 1200, margin: '0 auto', padding: theme.spacing(3) }),
  description: css({ color: theme.colors.text.secondary, marginBottom: theme.spacing(2) }),
  content: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(3), paddingTop: theme.spacing(3) }),
})
