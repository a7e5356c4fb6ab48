import type { GrafanaTheme2 } from '@grafana/data'
import { Alert, Badge, ClipboardButton, InlineSwitch, LinkButton, LoadingBar, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import { useState, type ReactNode } from 'react'
import { useSearchParams } from 'react-router-dom'
import type { AuthenticationDto, SettingDto } from '../../../common/sign-in.ts'
import { requestJson } from '../../api/client.ts'
import { bootData } from '../../app/boot-data.ts'
import { lastValue, useAsync } from '../../app/use-async.ts'
import { AdminPage } from './admin-page.tsx'
import { SignInTestView } from './sign-in-test-view.tsx'
import { tableStyles } from './table-styles.ts'

export function AuthenticationPage(): ReactNode {
  const [search] = useSearchParams()
  const [state, reload] = useAsync(
    (signal) => requestJson<AuthenticationDto>('/api/admin/authentication', { signal }),
    [],
  )
  const dto = lastValue(state)
  const testId = search.get('test')
  return (
    <AdminPage
      active="Authentication"
      description="Single sign-on: what is set, whether it works, and what it makes of a person."
    >
      {state.kind === 'error' && (
        <Alert severity="error" title={state.error.message} buttonContent="Try again" onRemove={reload} />
      )}
      {state.kind === 'loading' && dto === undefined && <LoadingBar width={400} />}
      {dto !== undefined && <Overview dto={dto} />}
      {testId !== null && <SignInTestView id={testId} settings={dto?.settings ?? []} />}
      {dto !== undefined && <Settings settings={dto.settings} />}
    </AdminPage>
  )
}

function Overview({ dto }: { readonly dto: AuthenticationDto }): ReactNode {
  const styles = useStyles2(getStyles)
  return (
    <section className={styles.overview}>
      <div className={styles.head}>
        <h2 className={styles.title}>
          {dto.name} {dto.isEnabled ? <Badge text="On" color="green" /> : <Badge text="Off" color="darkgrey" />}
        </h2>
        {dto.isEnabled && (
          <LinkButton icon="play" href={`${bootData.settings.appSubUrl}/login/generic_oauth?test=1`}>
            Test sign-in
          </LinkButton>
        )}
      </div>
      <p className={styles.faint}>
        A test goes through the provider with the account that you choose there and shows what comes back. It signs
        nobody in and changes no user.
      </p>
      <CopyLine label="Redirect URI to register at the provider" text={dto.redirectUri} />
      <CopyLine label="Post-logout redirect URI" text={dto.postLogoutRedirectUri} />
      {dto.hints.length > 0 && (
        <ul className={styles.hints}>
          {dto.hints.map((hint) => (
            <li key={hint}>{hint}</li>
          ))}
        </ul>
      )}
    </section>
  )
}

function CopyLine({ label, text }: { readonly label: string; readonly text: string }): ReactNode {
  const styles = useStyles2(getStyles)
  return (
    <div className={styles.copy}>
      <span className={styles.faint}>{label}</span>
      <code>{text}</code>
      <ClipboardButton
        icon="copy"
        size="sm"
        variant="secondary"
        fill="text"
        getText={() => text}
        aria-label={`Copy ${label}`}
      />
    </div>
  )
}

function Settings({ settings }: { readonly settings: readonly SettingDto[] }): ReactNode {
  const styles = useStyles2(getStyles)
  const table = useStyles2(tableStyles)
  const [isAllShown, setAllShown] = useState(false)
  const shown = isAllShown ? settings : settings.filter(({ origin }) => origin !== 'default')
  return (
    <section>
      <div className={styles.head}>
        <h2 className={styles.title}>Effective settings</h2>
        <InlineSwitch
          label="Show defaults"
          showLabel
          transparent
          value={isAllShown}
          onChange={(event) => setAllShown(event.currentTarget.checked)}
        />
      </div>
      <div className={table.box}>
        <table className={table.table}>
          <thead>
            <tr>
              <th>Setting</th>
              <th>Value</th>
              <th>Comes from</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ key, value, origin }) => (
              <tr key={key}>
                <td className={table.code}>{key}</td>
                <td className={`${table.code} ${styles.value}`}>
                  {value === '' ? <span className={table.faint}>not set</span> : value}
                </td>
                <td className={table.faint}>{origin}</td>
              </tr>
            ))}
            {shown.length === 0 && (
              <tr>
                <td colSpan={3} className={table.faint}>
                  Nothing is set; these are all defaults.
                </td>
              </tr>
            )}
          </tbody>
        </table>
      </div>
    </section>
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  overview: css({
    padding: theme.spacing(2.5),
    background: theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
  }),
  head: css({ display: 'flex', justifyContent: 'space-between', alignItems: 'center', marginBottom: theme.spacing(1) }),
  title: css({
    display: 'flex',
    alignItems: 'center',
    gap: theme.spacing(1),
    margin: 0,
    fontSize: theme.typography.h3.fontSize,
  }),
  faint: css({ color: theme.colors.text.secondary }),
  copy: css({
    display: 'grid',
    gridTemplateColumns: '280px auto auto 1fr',
    alignItems: 'center',
    gap: theme.spacing(1),
    minHeight: 32,
  }),
  hints: css({
    margin: theme.spacing(2, 0, 0),
    padding: theme.spacing(1.5, 1.5, 1.5, 4),
    background: theme.colors.warning.transparent,
    borderRadius: theme.shape.radius.default,
    li: { marginBottom: theme.spacing(0.5) },
  }),
  value: css({ overflowWrap: 'anywhere' }),
})
