import type { DataSourceDto } from '../../common/api.ts'
import { bootData } from '../app/boot-data.ts'

/** Stores that evaluate rules and may be asked about them (`jsonData.manageAlerts`, as upstream has it). */
export function ruleSources(): DataSourceDto[] {
  return bootData.dataSources.filter(
    ({ type, jsonData }) => (type === 'prometheus' || type === 'loki') && jsonData['manageAlerts'] !== false,
  )
}

export function alertmanagers(): DataSourceDto[] {
  const all = bootData.dataSources.filter(({ type }) => type === 'alertmanager')
  return all.sort((a, b) => Number(b.isDefault) - Number(a.isDefault))
}

/** By uid or name. */
export function findSource(sources: readonly DataSourceDto[], reference: string): DataSourceDto | undefined {
  return sources.find(({ uid }) => uid === reference) ?? sources.find(({ name }) => name === reference)
}

/** Who may silence alerts; the server checks again. */
export function canSilence(): boolean {
  return bootData.user.orgRole === 'Editor' || bootData.user.orgRole === 'Admin'
}
