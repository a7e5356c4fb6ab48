import type { GrafanaTheme2 } from '@grafana/data'
import { Alert, Button, Field, Input, LinkButton, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import { useState, type FormEvent, type ReactNode } from 'react'
import type { LoginResponse } from '../../../common/api.ts'
import { requestJson } from '../../api/client.ts'
import { bootData } from '../../app/boot-data.ts'
import { Logo } from '../../shell/logo.tsx'
import { redirectTarget } from './redirect.ts'

export function LoginPage(): ReactNode {
  const styles = useStyles2(getStyles)
  const { disableLoginForm, oauth, appSubUrl } = bootData.settings
  return (
    <div className={styles.page}>
      <main className={styles.card}>
        <Logo size={64} />
        <h1 className={styles.title}>Welcome to Quartet</h1>
        <p className={styles.subtitle}>Metrics, logs, traces and dashboards in one place</p>
        {!disableLoginForm && <LoginForm />}
        {Object.entries(oauth).map(([id, { name }]) => (
          <LinkButton
            key={id}
            className={styles.provider}
            variant="secondary"
            fullWidth
            href={`${appSubUrl}/login/${id}`}
          >
            Sign in with {name}
          </LinkButton>
        ))}
      </main>
      <footer className={styles.footer}>Quartet {bootData.version}</footer>
    </div>
  )
}

function LoginForm(): ReactNode {
  const [user, setUser] = useState('')
  const [password, setPassword] = useState('')
  const [problem, setProblem] = useState<string>()
  const [isBusy, setBusy] = useState(false)
  const styles = useStyles2(getStyles)
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    setProblem(undefined)
    try {
      const body = { user, password }
      const { redirectUrl } = await requestJson<LoginResponse>('/login', { method: 'POST', body })
      location.assign(redirectTarget(location.search, redirectUrl))
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
      setBusy(false)
    }
  }
  return (
    <form className={styles.form} onSubmit={(event) => void submit(event)}>
      {problem !== undefined && <Alert severity="error" title={problem} />}
      <Field label="Email or username" htmlFor="user" noMargin>
        <Input
          id="user"
          name="user"
          autoComplete="username"
          autoFocus
          required
          value={user}
          onChange={(event) => setUser(event.currentTarget.value)}
        />
      </Field>
      <Field label="Password" htmlFor="password" noMargin>
        <Input
          id="password"
          name="password"
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
      </Field>
      <Button type="submit" fullWidth disabled={isBusy}>
        {isBusy ? 'Signing in…' : 'Sign in'}
      </Button>
    </form>
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  page: css({
    minHeight: '100vh',
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'center',
    justifyContent: 'center',
    gap: theme.spacing(3),
    padding: theme.spacing(2),
    background: theme.isDark
      ? 'radial-gradient(60% 80% at 15% 15%, rgba(61,113,217,.28), transparent), radial-gradient(50% 70% at 85% 85%, rgba(143,91,214,.26), transparent), radial-gradient(40% 50% at 80% 15%, rgba(31,168,160,.18), transparent), #0b0c10'
      : 'radial-gradient(60% 80% at 15% 15%, rgba(61,113,217,.18), transparent), radial-gradient(50% 70% at 85% 85%, rgba(143,91,214,.16), transparent), #f4f5f5',
  }),
  card: css({
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'center',
    width: '100%',
    maxWidth: 420,
    padding: theme.spacing(5, 4),
    background: theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: 8,
    boxShadow: theme.shadows.z3,
  }),
  title: css({ margin: theme.spacing(2, 0, 0.5), fontSize: 26 }),
  subtitle: css({ color: theme.colors.text.secondary, marginBottom: theme.spacing(3), textAlign: 'center' }),
  form: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(2), width: '100%' }),
  provider: css({ marginTop: theme.spacing(2), justifyContent: 'center' }),
  footer: css({ color: theme.colors.text.secondary, fontSize: theme.typography.bodySmall.fontSize }),
})
