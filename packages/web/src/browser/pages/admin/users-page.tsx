import type { GrafanaTheme2 } from '@grafana/data'
import { Alert, Badge, Button, EmptyState, FilterInput, LoadingBar, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import { useDeferredValue, useState, type ReactNode } from 'react'
import type { UserDto, UserSearchDto } from '../../../common/sign-in.ts'
import { requestJson } from '../../api/client.ts'
import { bootData } from '../../app/boot-data.ts'
import { lastValue, useAsync } from '../../app/use-async.ts'
import { AdminPage } from './admin-page.tsx'
import { tableStyles } from './table-styles.ts'

const PER_PAGE = 100

export function UsersPage(): ReactNode {
  const [query, setQuery] = useState('')
  const wanted = useDeferredValue(query)
  const [problem, setProblem] = useState('')
  const [state, reload] = useAsync(
    (signal) =>
      requestJson<UserSearchDto>(`/api/users/search?perpage=${PER_PAGE}&query=${encodeURIComponent(wanted)}`, {
        signal,
      }),
    [wanted],
  )
  const found = lastValue(state)
  const act = async (user: UserDto, action: string): Promise<void> => {
    setProblem('')
    try {
      await requestJson(`/api/admin/users/${user.id}/${action}`, { method: 'POST', body: {} })
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    }
    reload()
  }
  return (
    <AdminPage active="Users" description="Everybody who has signed in, and what they may do.">
      <FilterInput
        placeholder="Search by login, email or name"
        value={query}
        onChange={setQuery}
        escapeRegex={false}
        width={50}
      />
      {problem !== '' && <Alert severity="error" title={problem} />}
      {state.kind === 'error' && (
        <Alert severity="error" title={state.error.message} buttonContent="Try again" onRemove={reload} />
      )}
      {state.kind === 'loading' && found === undefined && <LoadingBar width={400} />}
      {found?.totalCount === 0 && <EmptyState variant="not-found" hideImage message="Nobody matches" />}
      {found !== undefined && found.users.length > 0 && <UserTable users={found.users} onAct={act} />}
      {found !== undefined && found.totalCount > found.users.length && (
        <p>
          {found.users.length} of {found.totalCount} are shown; search for the others.
        </p>
      )}
    </AdminPage>
  )
}

interface TableProps {
  readonly users: readonly UserDto[]
  readonly onAct: (user: UserDto, action: string) => Promise<void>
}

function UserTable({ users, onAct }: TableProps): ReactNode {
  const table = useStyles2(tableStyles)
  const styles = useStyles2(getStyles)
  return (
    <div className={table.box}>
      <table className={table.table}>
        <thead>
          <tr>
            <th>Login</th>
            <th>Name</th>
            <th>Email</th>
            <th>Role</th>
            <th>Signs in with</th>
            <th>Last seen</th>
            <th aria-label="Actions" />
          </tr>
        </thead>
        <tbody>
          {users.map((user) => (
            <tr key={user.id} className={user.isDisabled ? styles.disabled : ''}>
              <td className={styles.login}>{user.login}</td>
              <td>{user.name || '–'}</td>
              <td>{user.email}</td>
              <td>
                <span className={styles.badges}>
                  {user.role}
                  {user.isAdmin && <Badge text="Server admin" color="purple" icon="shield" />}
                  {user.isDisabled && <Badge text="Disabled" color="red" />}
                </span>
              </td>
              <td>
                {user.authLabels.length === 0 && <Badge text="Password" color="darkgrey" />}
                {user.authLabels.map((label) => (
                  <Badge key={label} text={label} color="blue" />
                ))}
              </td>
              <td title={user.lastSeenAt}>{user.lastSeenAtAge} ago</td>
              <td className={styles.actions}>
                {user.id !== bootData.user.id && <Actions user={user} onAct={onAct} />}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Actions({ user, onAct }: { readonly user: UserDto; readonly onAct: TableProps['onAct'] }): ReactNode {
  const toggle = user.isDisabled ? 'enable' : 'disable'
  return (
    <>
      <Button size="sm" variant="secondary" fill="text" onClick={() => void onAct(user, 'logout')}>
        Sign out everywhere
      </Button>
      <Button
        size="sm"
        variant={user.isDisabled ? 'secondary' : 'destructive'}
        fill="text"
        onClick={() => void onAct(user, toggle)}
      >
        {user.isDisabled ? 'Enable' : 'Disable'}
      </Button>
    </>
  )
}

const getStyles = (theme: GrafanaTheme2) => ({
  login: css({ fontWeight: theme.typography.fontWeightMedium }),
  badges: css({ display: 'flex', alignItems: 'center', gap: theme.spacing(1) }),
  disabled: css({ opacity: 0.6 }),
  actions: css({ textAlign: 'right', whiteSpace: 'nowrap' }),
})
