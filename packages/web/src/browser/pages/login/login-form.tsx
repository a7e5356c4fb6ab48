import type { GrafanaTheme2 } from '@grafana/data'
import { Alert, Button, Field, Input, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import { useState, type FormEvent, type ReactNode } from 'react'
import type { LoginResponse } from '../../../common/api.ts'
import { requestJson } from '../../api/client.ts'
import { redirectTarget } from './redirect.ts'

export function LoginForm({ isAutoFocused }: { readonly isAutoFocused: boolean }): ReactNode {
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
          autoFocus={isAutoFocused}
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
  form: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(2), width: '100%' }),
})
