import type { GrafanaTheme2 } from '@grafana/data'
import { Alert, Button, Icon, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import type { ReactNode } from 'react'
import { boxStyle } from './box.ts'

/** Nothing to show, and what to do about it. */
export function EmptyNotice(props: {
  readonly title: string
  readonly children?: ReactNode
  readonly action?: ReactNode
}): ReactNode {
  const styles = useStyles2(getStyles)
  return (
    <div className={styles.empty} role="status">
      <Icon name="bell" size="xxl" />
      <strong>{props.title}</strong>
      {props.children !== undefined && <div className={styles.text}>{props.children}</div>}
      {props.action}
    </div>
  )
}

/** A store that does not answer, in the place where its answer would be. */
export function StoreDown(props: {
  readonly name: string
  readonly error: Error
  readonly onRetry: () => void
}): ReactNode {
  return (
    <Alert severity="error" title={`${props.name} does not answer`} bottomSpacing={0}>
      <p>{props.error.message}</p>
      <Button size="sm" variant="secondary" onClick={props.onRetry}>
        Try again
      </Button>
    </Alert>
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  empty: css({
    ...boxStyle(theme),
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'center',
    gap: theme.spacing(1),
    padding: theme.spacing(5, 3),
    textAlign: 'center',
    color: theme.colors.text.secondary,
    strong: { color: theme.colors.text.primary, fontSize: theme.typography.h5.fontSize, fontWeight: 500 },
    code: { whiteSpace: 'nowrap' },
  }),
  text: css({ maxWidth: 620, marginBottom: theme.spacing(1) }),
})
