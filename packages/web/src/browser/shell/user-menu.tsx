import { Dropdown, Menu, ToolbarButton } from '@grafana/ui'
import type { ReactNode } from 'react'
import { bootData } from '../app/boot-data.ts'
import { useThemeSwitch } from '../app/theme.tsx'

export function UserMenu(): ReactNode {
  const { name, toggle } = useThemeSwitch()
  const { user, settings, version } = bootData
  const menu = (
    <Menu
      header={
        <div style={{ padding: '6px 12px' }}>
          <div>{user.name || user.login}</div>
          <small>
            {user.orgRole} · Quartet {version}
          </small>
        </div>
      }
    >
      <Menu.Item label={name === 'dark' ? 'Light theme' : 'Dark theme'} icon="palette" onClick={toggle} />
      {!settings.disableSignoutMenu && <Menu.Divider />}
      {!settings.disableSignoutMenu && (
        <Menu.Item label="Sign out" icon="arrow-from-right" url={`${settings.appSubUrl}/logout`} target="_self" />
      )}
    </Menu>
  )
  return (
    <Dropdown overlay={menu} placement="bottom-end">
      <ToolbarButton icon="user" variant="canvas" aria-label={`Signed in as ${user.login}`} isOpen={false}>
        {user.login}
      </ToolbarButton>
    </Dropdown>
  )
}
