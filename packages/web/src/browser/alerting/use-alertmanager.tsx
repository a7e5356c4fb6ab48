import { Combobox } from '@grafana/ui'
import { useMemo, type ReactNode } from 'react'
import { useSearchParams } from 'react-router-dom'
import type { DataSourceDto } from '../../common/api.ts'
import { AlertmanagerClient } from './alertmanager.ts'
import { EmptyNotice } from './notice.tsx'
import { alertmanagers, findSource } from './sources.ts'

export interface ChosenAlertmanager {
  readonly source: DataSourceDto
  readonly client: AlertmanagerClient
}

/** The Alertmanager that a page shows: the one in the URL, else the first. Nothing when there is none. */
export function useAlertmanager(): ChosenAlertmanager | undefined {
  const [search] = useSearchParams()
  const all = alertmanagers()
  const source = findSource(all, search.get('alertmanager') ?? '') ?? all[0]
  const uid = source?.uid
  const client = useMemo(() => (uid === undefined ? undefined : new AlertmanagerClient(uid)), [uid])
  return source && client && { source, client }
}

/** Shown only when there is a choice. */
export function AlertmanagerPicker({ chosen }: { readonly chosen: ChosenAlertmanager }): ReactNode {
  const [search, setSearch] = useSearchParams()
  if (alertmanagers().length < 2) return null
  return (
    <Combobox
      width={28}
      aria-label="Alertmanager"
      options={alertmanagers().map(({ uid, name }) => ({ label: name, value: uid }))}
      value={chosen.source.uid}
      onChange={({ value }) => {
        const next = new URLSearchParams(search)
        next.set('alertmanager', value)
        setSearch(next, { replace: true })
      }}
    />
  )
}

export function NoAlertmanager(): ReactNode {
  return (
    <EmptyNotice title="No Alertmanager is configured">
      Alertmanager groups alerts, silences them and tells people. Add a data source of type <code>alertmanager</code>,
      usually <code>http://127.0.0.1:9093</code>, to <code>stack/grafana/provisioning/datasources</code>.
    </EmptyNotice>
  )
}
