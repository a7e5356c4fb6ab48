import type { GrafanaTheme2, IconName } from '@grafana/data'
import { Icon, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import type { ReactNode } from 'react'
import { Link } from 'react-router-dom'

/** A way to another page of ours that is only a picture. */
export function IconLink(props: { readonly icon: IconName; readonly title: string; readonly path: string }): ReactNode {
  const { icon, title, path } = props
  const styles = useStyles2(getStyles)
  return (
    <Link to={path} title={title} aria-label={title} className={styles.link}>
      <Icon name={icon} />
    </Link>
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  link: css({
    display: 'inline-flex',
    padding: theme.spacing(0.25),
    borderRadius: theme.shape.radius.default,
    color: theme.colors.text.secondary,
    '&:hover': { background: theme.colors.action.hover, color: theme.colors.text.primary },
  }),
})
