import type { GrafanaTheme2 } from '@grafana/data'
import { useStyles2 } from '@grafana/ui'
import { css, cx } from '@emotion/css'
import type { ReactNode } from 'react'
import type { AlertingSummaryDto } from '../../common/alerting.ts'
import { requestJson } from '../api/client.ts'
import { lastValue } from '../app/use-async.ts'
import { usePolled } from '../app/use-polled.ts'

const everyMs = 20_000

/** How many alerts fire now; nothing when none does. */
export function AlertBadge({ isNavOpen }: { readonly isNavOpen: boolean }): ReactNode {
  const styles = useStyles2(getStyles)
  const [state] = usePolled((signal) => requestJson<AlertingSummaryDto>('/api/alerting/summary', { signal }), {
    everyMs,
    dependencies: [],
  })
  const firing = lastValue(state)?.firing ?? 0
  if (firing === 0) return null
  return (
    <span
      className={cx(styles.badge, !isNavOpen && styles.corner)}
      title={`${firing} ${firing === 1 ? 'alert fires' : 'alerts fire'}`}
      data-testid="alert-badge"
    >
      {firing > 99 ? '99+' : firing}
    </span>
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  badge: css({
    marginLeft: 'auto',
    minWidth: 20,
    padding: theme.spacing(0, 0.75),
    borderRadius: 10,
    background: theme.colors.error.main,
    color: theme.colors.error.contrastText,
    fontSize: theme.typography.bodySmall.fontSize,
    fontWeight: 500,
    lineHeight: '20px',
    textAlign: 'center',
  }),
  corner: css({
    position: 'absolute',
    top: 1,
    right: 0,
    minWidth: 16,
    padding: '0 4px',
    lineHeight: '16px',
    fontSize: 10,
  }),
})
