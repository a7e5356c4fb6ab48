import type { IconName } from '@grafana/data'

export interface NavigationItem {
  readonly text: string
  readonly icon: IconName
  readonly path: string
  /** Paths that belong to the item beside its own. */
  readonly owns: RegExp
  /** Only server administrators see it. */
  readonly isForAdmins?: true
}

export const navigation: readonly NavigationItem[] = [
  { text: 'Home', icon: 'home' as IconName, path: '/', owns: /^\/$/ },
  { text: 'Dashboards', icon: 'apps', path: '/dashboards', owns: /^\/(dashboards|d)(\/|$)/ },
  { text: 'Explore', icon: 'compass', path: '/explore', owns: /^\/explore$/ },
  { text: 'Alerting', icon: 'bell', path: '/alerting/list', owns: /^\/alerting(\/|$)/ },
  { text: 'Administration', icon: 'shield', path: '/admin/users', owns: /^\/admin(\/|$)/, isForAdmins: true },
]
