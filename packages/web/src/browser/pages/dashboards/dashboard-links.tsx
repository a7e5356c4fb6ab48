import type { GrafanaTheme2 } from '@grafana/data'
import { Icon, TagList, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import type { ReactNode } from 'react'
import { Link } from 'react-router-dom'
import type { DashboardHitDto } from '../../../common/api.ts'

interface Props {
  readonly dashboards: readonly DashboardHitDto[]
  readonly onTag?: ((tag: string) => void) | undefined
}

export function DashboardLinks({ dashboards, onTag }: Props): ReactNode {
  const styles = useStyles2(getStyles)
  return (
    <ul className={styles.list}>
      {dashboards.map(({ uid, title, url, tags, isStarred, folderTitle }) => (
        <li key={uid} className={styles.item}>
          <Icon name={isStarred ? 'favorite' : 'apps'} type={isStarred ? 'mono' : 'default'} />
          <Link to={url} className={styles.title}>
            {title}
          </Link>
          {folderTitle !== undefined && folderTitle !== '' && (
            <span className={styles.folder}>
              <Icon name="folder" size="sm" /> {folderTitle}
            </span>
          )}
          <TagList tags={[...tags]} className={styles.tags} {...(onTag ? { onClick: onTag } : {})} />
        </li>
      ))}
    </ul>
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ listStyle: 'none' }),
  item: css({
    display: 'flex',
    alignItems: 'center',
    gap: theme.spacing(1.5),
    minHeight: 42,
    padding: theme.spacing(0.5, 1.5),
    borderBottom: `1px solid ${theme.colors.border.weak}`,
    '&:last-child': { borderBottom: 0 },
    '&:hover': { background: theme.colors.action.hover },
  }),
  title: css({ color: theme.colors.text.primary, fontWeight: 500, '&:hover': { textDecoration: 'underline' } }),
  folder: css({ color: theme.colors.text.secondary, fontSize: theme.typography.bodySmall.fontSize }),
  tags: css({ marginLeft: 'auto', justifyContent: 'flex-end' }),
})
