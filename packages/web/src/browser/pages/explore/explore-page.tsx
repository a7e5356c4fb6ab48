import type { GrafanaTheme2 } from '@grafana/data'
import { Alert, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import { useMemo, useState, type ReactNode } from 'react'
import { useSearchParams } from 'react-router-dom'
import { bootData } from '../../app/boot-data.ts'
import { emptyQuery, languageOf } from '../../explore/languages.ts'
import { Pane } from '../../explore/pane.tsx'
import { decodePanes, encodePanes, type ExplorePane, type ExplorePanes } from '../../explore/panes.ts'
import { useBreadcrumbs } from '../../shell/breadcrumbs.tsx'

/** Ad hoc queries. The URL holds all of it, so that every look can be sent to someone else. */
export function ExplorePage(): ReactNode {
  useBreadcrumbs({ text: 'Explore' })
  const styles = useStyles2(getStyles)
  const [search, setSearch] = useSearchParams()
  const [timeZone, setTimeZone] = useState(bootData.user.timezone)
  const state = useMemo(() => read(search), [search])
  if (state instanceof Error) return <Alert severity="error" title={state.message} />
  if (!state) return <Alert severity="info" title="There is no data source that Explore can query" />
  const entries = Object.entries(state)
  const write = (panes: ExplorePanes): void => setSearch({ schemaVersion: '1', panes: encodePanes(panes), orgId: '1' })
  return (
    <div className={styles.panes}>
      {entries.map(([id, pane]) => (
        <Pane
          key={id}
          pane={pane}
          timeZone={timeZone}
          onTimeZone={setTimeZone}
          onChange={(next) => write({ ...state, [id]: next })}
          onSplit={entries.length === 1 ? () => write({ ...state, [id === 'b' ? 'a' : 'b']: pane }) : undefined}
          onClose={
            entries.length > 1 ? () => write(Object.fromEntries(entries.filter(([other]) => other !== id))) : undefined
          }
        />
      ))}
    </div>
  )
}

function read(search: URLSearchParams): ExplorePanes | Error | undefined {
  try {
    const panes = decodePanes(search)
    if (panes && Object.keys(panes).length > 0) return panes
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
  const usable = bootData.dataSources.filter(({ type }) => languageOf(type))
  const first = usable.find(({ isDefault }) => isDefault) ?? usable[0]
  if (!first) return undefined
  const pane: ExplorePane = {
    datasource: first.uid,
    queries: [emptyQuery(first.type)],
    range: { from: 'now-1h', to: 'now' },
  }
  return { a: pane }
}

const getStyles = (theme: GrafanaTheme2) => ({
  panes: css({ display: 'flex', gap: theme.spacing(2), padding: theme.spacing(2) }),
})
