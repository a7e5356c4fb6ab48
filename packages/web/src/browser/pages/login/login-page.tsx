import type { GrafanaTheme2 } from '@grafana/data'
import { Icon, LinkButton, useStyles2 } from '@grafana/ui'
import { css, cx } from '@emotion/css'
import type { ReactNode } from 'react'
import { useLocation } from 'react-router-dom'
import { localPath } from '../../../common/local-path.ts'
import { bootData } from '../../app/boot-data.ts'
import { Logo } from '../../shell/logo.tsx'
import { LoginForm } from './login-form.tsx'
import { ForgottenProblem, SignInProblemView } from './sign-in-problem-view.tsx'

/** `?admin` shows the form although it is hidden; `?failed=<id>` explains a sign-in that failed. */
export function LoginPage(): ReactNode {
  const styles = useStyles2(getStyles)
  const search = new URLSearchParams(useLocation().search)
  const { disableLoginForm, oauth } = bootData.settings
  const failed = search.get('failed')
  const isAdminEntrance = disableLoginForm && search.has('admin')
  const isFormShown = !disableLoginForm || isAdminEntrance
  const providers = Object.entries(oauth)
  return (
    <div className={styles.page}>
      <main className={cx(styles.card, failed !== null && styles.wide)}>
        <Logo size={64} />
        <h1 className={styles.title}>Welcome to Quartet</h1>
        <p className={styles.subtitle}>Metrics, logs, traces and dashboards in one place</p>
        {bootData.signInProblem && <SignInProblemView problem={bootData.signInProblem} />}
        {failed !== null && !bootData.signInProblem && <ForgottenProblem id={failed} />}
        {isAdminEntrance && <AdminEntrance />}
        <div className={styles.ways}>
          {isFormShown && <LoginForm isAutoFocused={failed === null} />}
          {isFormShown && providers.length > 0 && <div className={styles.or}>or</div>}
          {providers.map(([id, { name }]) => (
            <LinkButton
              key={id}
              className={styles.provider}
              variant={isFormShown ? 'secondary' : 'primary'}
              size={isFormShown ? 'md' : 'lg'}
              fullWidth
              href={providerLink(id, search)}
            >
              <Icon name="signin" className={styles.icon} /> Sign in with {name}
            </LinkButton>
          ))}
          {!isFormShown && providers.length === 0 && <NoWayIn />}
          {!isFormShown && (
            <a className={styles.admin} href={`${bootData.settings.appSubUrl}/login?admin`}>
              Administrator sign-in
            </a>
          )}
        </div>
      </main>
      <footer className={styles.footer}>Quartet {bootData.version}</footer>
    </div>
  )
}

function providerLink(id: string, search: URLSearchParams): string {
  const redirectTo = localPath(search.get('redirectTo'))
  const query = redirectTo === undefined ? '' : `?${new URLSearchParams({ redirectTo }).toString()}`
  return `${bootData.settings.appSubUrl}/login/${id}${query}`
}

function AdminEntrance(): ReactNode {
  const styles = useStyles2(getStyles)
  return (
    <p className={styles.note}>
      This form is for the administrator only, for times when single sign-on does not work: the account that
      GRAFANA_ADMIN_USERNAME and GRAFANA_ADMIN_PASSWORD name.
    </p>
  )
}

function NoWayIn(): ReactNode {
  const styles = useStyles2(getStyles)
  return <p className={styles.note}>The login form is hidden, and no single sign-on is set up.</p>
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
  wide: css({ maxWidth: 680 }),
  title: css({ margin: theme.spacing(2, 0, 0.5), fontSize: 26 }),
  subtitle: css({ color: theme.colors.text.secondary, marginBottom: theme.spacing(3), textAlign: 'center' }),
  ways: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(2), width: '100%', maxWidth: 356 }),
  provider: css({ justifyContent: 'center' }),
  icon: css({ marginRight: theme.spacing(1) }),
  or: css({
    display: 'flex',
    alignItems: 'center',
    gap: theme.spacing(1.5),
    color: theme.colors.text.secondary,
    '&::before, &::after': { content: '""', flexGrow: 1, height: 1, background: theme.colors.border.weak },
  }),
  note: css({ color: theme.colors.text.secondary, textAlign: 'center', marginBottom: theme.spacing(2) }),
  admin: css({
    alignSelf: 'center',
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
    '&:hover': { textDecoration: 'underline' },
  }),
  footer: css({ color: theme.colors.text.secondary, fontSize: theme.typography.bodySmall.fontSize }),
})
