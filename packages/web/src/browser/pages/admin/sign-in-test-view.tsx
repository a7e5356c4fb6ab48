import type { GrafanaTheme2 } from '@grafana/data'
import { Alert, Badge, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import { useEffect, useState, type ReactNode } from 'react'
import type {
  AttributeReport,
  AttributeResult,
  ClaimSource,
  EvaluateRequest,
  MappedUser,
  SettingDto,
  SignInTestDto,
} from '../../../common/sign-in.ts'
import { requestJson } from '../../api/client.ts'
import { lastValue, useAsync } from '../../app/use-async.ts'
import { SignInProblemView } from '../login/sign-in-problem-view.tsx'
import { ExpressionFields } from './expression-fields.tsx'
import { tableStyles } from './table-styles.ts'

const TYPING_PAUSE_MS = 250

interface Props {
  readonly id: string
  readonly settings: readonly SettingDto[]
}

/** What the provider told about a tester, what becomes of it, and what other expressions would make of it. */
export function SignInTestView({ id, settings }: Props): ReactNode {
  const styles = useStyles2(getStyles)
  const [wanted, setWanted] = useState<EvaluateRequest>({})
  const settled = useSettled(wanted)
  const [state] = useAsync(
    (signal) => {
      const path = `/api/admin/authentication/tests/${encodeURIComponent(id)}`
      const isChanged = Object.keys(settled).length > 0
      return isChanged
        ? requestJson<SignInTestDto>(`${path}/evaluate`, { method: 'POST', body: settled, signal })
        : requestJson<SignInTestDto>(path, { signal })
    },
    [id, JSON.stringify(settled)],
  )
  const result = lastValue(state)
  return (
    <section className={styles.box} data-testid="sign-in-test">
      <h2 className={styles.title}>Test sign-in{result ? ` of ${new Date(result.at).toLocaleTimeString()}` : ''}</h2>
      {state.kind === 'error' && <Alert severity="error" title={state.error.message} />}
      {result?.problem && <SignInProblemView problem={result.problem} />}
      {result?.user && <Outcome user={result.user} effect={result.effect} isRefused={result.problem !== undefined} />}
      {result !== undefined && result.sources.length > 0 && (
        <>
          <h3>Expressions</h3>
          <p className={styles.faint}>
            Change them and see at once what they give for these claims. Nothing is saved: copy what works into your
            settings.
          </p>
          <ExpressionFields settings={settings} onChange={setWanted} />
          <Attributes attributes={result.attributes} />
          <h3>Claims</h3>
          <div className={styles.sources}>
            {result.sources.map((source) => (
              <Source key={source.name} source={source} />
            ))}
          </div>
        </>
      )}
    </section>
  )
}

function Outcome(props: {
  readonly user: MappedUser
  readonly effect: string
  readonly isRefused: boolean
}): ReactNode {
  const { user, effect, isRefused } = props
  const styles = useStyles2(getStyles)
  return (
    <div className={styles.outcome} data-testid="sign-in-outcome">
      <strong>{user.login}</strong>
      <span>{user.name}</span>
      <span className={styles.faint}>{user.email}</span>
      <Badge
        text={user.isAdmin === true ? `${user.role} + server admin` : user.role}
        color={isRefused ? 'orange' : 'green'}
        icon="user"
      />
      {user.groups.map((group) => (
        <Badge key={group} text={group} color="blue" />
      ))}
      <span className={styles.effect}>{effect}</span>
    </div>
  )
}

function Attributes({ attributes }: { readonly attributes: readonly AttributeReport[] }): ReactNode {
  const table = useStyles2(tableStyles)
  return (
    <div className={table.box}>
      <table className={table.table}>
        <thead>
          <tr>
            <th>Attribute</th>
            <th>Taken</th>
            <th>From</th>
            <th>The expression gave</th>
          </tr>
        </thead>
        <tbody>
          {attributes.map(({ attribute, value, from, note, results, expression }) => (
            <tr key={attribute}>
              <td>{attribute}</td>
              <td>{value === '' ? <span className={table.faint}>nothing</span> : <strong>{value}</strong>}</td>
              <td className={table.faint}>{from}</td>
              <td className={table.code}>
                {expression === '' && <span className={table.faint}>no expression</span>}
                {results.map((result) => (
                  <div key={result.source}>
                    {result.source}: {describe(result)}
                  </div>
                ))}
                {note !== '' && <div className={table.faint}>{note}</div>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Source({ source }: { readonly source: ClaimSource }): ReactNode {
  const styles = useStyles2(getStyles)
  return (
    <div className={styles.source}>
      <h4>{source.name}</h4>
      {source.claims === undefined ? (
        <p className={styles.faint}>None: {source.absence}</p>
      ) : (
        <pre className={styles.claims}>{JSON.stringify(source.claims, undefined, 2)}</pre>
      )}
    </div>
  )
}

function describe({ value, error }: AttributeResult): string {
  if (error !== undefined) return `error: ${error}`
  return value === undefined ? 'nothing' : JSON.stringify(value)
}

/** The value once it has not changed for a moment, so that not every key press asks the server. */
function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), TYPING_PAUSE_MS)
    return () => clearTimeout(timer)
  }, [value])
  return settled
}

const getStyles = (theme: GrafanaTheme2) => ({
  box: css({
    padding: theme.spacing(2.5),
    background: theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.medium}`,
    borderRadius: theme.shape.radius.default,
    h3: { margin: theme.spacing(3, 0, 0.5), fontSize: theme.typography.h4.fontSize },
  }),
  title: css({ marginBottom: theme.spacing(2), fontSize: theme.typography.h3.fontSize }),
  outcome: css({ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: theme.spacing(1.5) }),
  effect: css({ flexBasis: '100%', color: theme.colors.text.secondary }),
  faint: css({ color: theme.colors.text.secondary }),
  sources: css({ display: 'grid', gridTemplateColumns: 'repeat(auto-fit, minmax(320px, 1fr))', gap: theme.spacing(2) }),
  source: css({ minWidth: 0 }),
  claims: css({ maxHeight: 420, overflow: 'auto', fontSize: theme.typography.bodySmall.fontSize }),
})
