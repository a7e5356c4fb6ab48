import type { GrafanaTheme2 } from '@grafana/data'
import { useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import type { ReactNode } from 'react'
import { Link } from 'react-router-dom'
import { alertOf, type ActiveAlert } from './alertmanager.ts'
import { LinkedText } from './annotation-list.tsx'
import { IconLink } from './icon-link.tsx'
import { LabelList } from './label-list.tsx'
import { silencePath } from './links.ts'
import { labelText, type AlertInstance } from './rules.ts'
import { canSilence } from './sources.ts'
import { StateTag } from './state-tag.tsx'
import { TimeAgo } from './time-ago.tsx'

interface Props {
  readonly instances: readonly AlertInstance[]
  readonly alerts: readonly ActiveAlert[]
  readonly onLabel?: (name: string, value: string) => void
}

/** More rows than this are not looked at one by one. */
const maximumRows = 200

/** The instances of one rule: which labels, since when, and whether anybody is told. */
export function InstanceTable({ instances, alerts, onLabel }: Props): ReactNode {
  const styles = useStyles2(getStyles)
  return (
    <div>
      <table className={styles.table} data-testid="instances">
        <thead>
          <tr>
            <th>State</th>
            <th>Labels</th>
            <th>Summary</th>
            <th>Value</th>
            <th>Since</th>
            <th aria-label="Actions" />
          </tr>
        </thead>
        <tbody>
          {instances.slice(0, maximumRows).map((instance) => (
            <tr key={labelText(instance.labels)}>
              <td>
                <StateTag state={instance.state} />
                {instance.keepFiringSince !== undefined && (
                  <div className={styles.note}>
                    held for <TimeAgo time={instance.keepFiringSince} suffix="" />
                  </div>
                )}
              </td>
              <td>
                <LabelList labels={instance.labels} without={['alertname']} {...(onLabel ? { onLabel } : {})} />
                <Muted alert={alertOf(instance, alerts)} />
              </td>
              <td className={styles.summary}>
                <LinkedText text={instance.annotations['summary'] ?? instance.annotations['description'] ?? ''} />
              </td>
              <td className={styles.number}>{formatValue(instance.value)}</td>
              <td className={styles.since}>
                <TimeAgo time={instance.activeAt} />
              </td>
              <td className={styles.actions}>
                {canSilence() && (
                  <IconLink icon="bell-slash" title="Silence this instance" path={silencePath(instance.labels)} />
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {instances.length > maximumRows && (
        <div className={styles.more}>and {instances.length - maximumRows} more instances</div>
      )}
    </div>
  )
}

/** Why nobody is told of a firing alert. */
export function Muted({ alert }: { readonly alert: ActiveAlert | undefined }): ReactNode {
  const styles = useStyles2(getStyles)
  if (!alert) return null
  const { silencedBy, inhibitedBy, mutedBy = [] } = alert.status
  const [silence] = silencedBy
  if (silence !== undefined) {
    return (
      <Link to={`/alerting/silence/${encodeURIComponent(silence)}/edit`} className={styles.muted}>
        <StateTag state="silenced" title="Open the silence" />
      </Link>
    )
  }
  const state = inhibitedBy.length > 0 ? 'inhibited' : mutedBy.length > 0 ? 'muted' : undefined
  return (
    state && (
      <span className={styles.muted}>
        <StateTag
          state={state}
          title={state === 'inhibited' ? 'Another alert stands for this one' : mutedBy.join(', ')}
        />
      </span>
    )
  )
}

function formatValue(value: number): string {
  if (Number.isNaN(value)) return ''
  return Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-3)
    ? value.toExponential(2)
    : String(Math.round(value * 1000) / 1000)
}

const getStyles = (theme: GrafanaTheme2) => ({
  table: css({
    width: '100%',
    borderCollapse: 'collapse',
    th: {
      padding: theme.spacing(0.5, 1),
      textAlign: 'left',
      color: theme.colors.text.secondary,
      fontSize: theme.typography.bodySmall.fontSize,
      fontWeight: 400,
    },
    td: { padding: theme.spacing(0.75, 1), borderTop: `1px solid ${theme.colors.border.weak}`, verticalAlign: 'top' },
  }),
  summary: css({ minWidth: 160, maxWidth: 460 }),
  number: css({ fontVariantNumeric: 'tabular-nums' }),
  since: css({ whiteSpace: 'nowrap', color: theme.colors.text.secondary }),
  actions: css({ width: 32 }),
  note: css({ color: theme.colors.text.secondary, fontSize: theme.typography.bodySmall.fontSize }),
  muted: css({ marginLeft: theme.spacing(0.5) }),
  more: css({ padding: theme.spacing(1), color: theme.colors.text.secondary }),
})
