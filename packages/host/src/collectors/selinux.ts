import type { Collector } from './collector.ts'

const MODES: Readonly<Record<string, number>> = { enforcing: 1, permissive: 0, disabled: -1 }

export const selinux: Collector = {
  name: 'selinux',
  isOnByDefault: true,
  collect({ files, page }) {
    const current = files.optionalNumber(files.sys('fs/selinux/enforce'))
    const help = 'SELinux is enabled, 1 is true, 0 is false'
    page.gauge('node_selinux_enabled', help, current === undefined ? 0 : 1)
    if (current === undefined) return
    const config = files.optionalText(files.root('etc/selinux/config')) ?? ''
    const mode = MODES[/^SELINUX=(\w+)/m.exec(config)?.[1] ?? 'disabled'] ?? -1
    page.gauge('node_selinux_config_mode', 'Configured SELinux enforcement mode', mode)
    page.gauge('node_selinux_current_mode', 'Current SELinux enforcement mode', current)
  },
}
