import { LoadingState, type AbsoluteTimeRange, type GrafanaTheme2, type PanelData } from '@grafana/data'
import { Button, Combobox, IconButton, RefreshPicker, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import { useCallback, useEffect, useRef, useState, type ReactNode } from 'react'
import { bootData } from '../app/boot-data.ts'
import { dataSourceService } from '../grafana/data-source-service.ts'
import { emptyQuery, isComplete, languageOf } from './languages.ts'
import type { ExplorePane, ExploreQuery } from './panes.ts'
import { QueryRow } from './query-row.tsx'
import { ResultsView } from './results-view.tsx'
import { runQueries } from './run-queries.ts'
import { TimeControls } from './time-controls.tsx'
import { toTimeRange } from './time-range.ts'
import { useWidth } from './use-width.ts'

interface Props {
  readonly pane: ExplorePane
  readonly timeZone: string
  readonly onTimeZone: (timeZone: string) => void
  /** The pane has run with these queries: worth a place in the URL. */
  readonly onChange: (pane: ExplorePane) => void
  readonly onSplit: (() => void) | undefined
  readonly onClose: (() => void) | undefined
}

/** One side of Explore: a data source, its queries, their results. */
export function Pane({ pane, timeZone, onTimeZone, onChange, onSplit, onClose }: Props): ReactNode {
  const styles = useStyles2(getStyles)
  const settings = dataSourceService.getInstanceSettings(pane.datasource)
  const type = settings?.type ?? ''
  const [draft, setDraft] = useState<readonly ExploreQuery[]>(pane.queries)
  const [data, setData] = useState<PanelData>()
  const [refresh, setRefresh] = useState('')
  const [box, width] = useWidth()
  useEffect(() => setDraft(pane.queries), [pane.queries])
  const stop = useRef<() => void>(undefined)
  const hasText = pane.queries.some((query) => {
    const language = languageOf(type)
    return language !== undefined && isComplete(query, language)
  })
  const execute = useCallback((): void => {
    stop.current?.()
    if (!hasText || width === 0) return setData(undefined)
    const range = toTimeRange(pane.range, timeZone)
    stop.current = runQueries(pane, { range, timeZone, width }, setData)
  }, [pane, timeZone, width, hasText])
  useEffect(() => {
    execute()
    return () => stop.current?.()
  }, [execute])
  const run = (): void => {
    if (JSON.stringify(draft) === JSON.stringify(pane.queries)) execute()
    else onChange({ ...pane, queries: draft })
  }
  const chooseDataSource = (uid: string): void => {
    const next = dataSourceService.getInstanceSettings(uid)
    onChange({ ...pane, datasource: uid, queries: next?.type === type ? draft : [emptyQuery(next?.type ?? '')] })
  }
  const setRange = ({ from, to }: AbsoluteTimeRange): void =>
    onChange({ ...pane, range: { from: String(from), to: String(to) } })
  const range = data?.timeRange ?? toTimeRange(pane.range, timeZone)
  const choices = bootData.dataSources
    .filter((dataSource) => languageOf(dataSource.type))
    .map(({ uid, name, type: kind }) => ({ value: uid, label: name, description: kind }))
  return (
    <section className={styles.pane} ref={box}>
      <div className={styles.bar}>
        <Combobox
          width={28}
          aria-label="Data source"
          options={choices}
          value={settings?.uid ?? null}
          onChange={({ value }) => chooseDataSource(value)}
        />
        {onSplit && (
          <Button variant="secondary" icon="columns" onClick={onSplit}>
            Split
          </Button>
        )}
        <span className={styles.space} />
        <TimeControls
          range={range}
          timeZone={timeZone}
          onChange={(next) => onChange({ ...pane, range: next })}
          onTimeZone={onTimeZone}
        />
        <RefreshPicker
          isOnCanvas
          isLoading={data?.state === LoadingState.Loading}
          value={refresh}
          intervals={['5s', '10s', '30s', '1m', '5m']}
          text="Run query"
          primary
          onRefresh={run}
          onIntervalChanged={setRefresh}
        />
        {onClose && <IconButton name="times" size="lg" tooltip="Close this pane" onClick={onClose} />}
      </div>
      <AutoRefresh interval={refresh} onRefresh={execute} />
      {draft.map((query, index) => (
        <QueryRow
          key={query.refId}
          query={query}
          type={type}
          uid={settings?.uid ?? ''}
          onChange={(next) => setDraft((old) => old.map((item, at) => (at === index ? next : item)))}
          onRun={run}
          onRemove={draft.length > 1 ? () => setDraft((old) => old.filter((_, at) => at !== index)) : undefined}
        />
      ))}
      <div>
        <Button
          variant="secondary"
          icon="plus"
          size="sm"
          onClick={() => setDraft((old) => [...old, { ...emptyQuery(type), refId: nextRefId(old) }])}
        >
          Add query
        </Button>
      </div>
      {data && width > 0 && <ResultsView data={data} width={width} timeZone={timeZone} onChangeTimeRange={setRange} />}
    </section>
  )
}

function AutoRefresh({
  interval,
  onRefresh,
}: {
  readonly interval: string
  readonly onRefresh: () => void
}): ReactNode {
  useEffect(() => {
    const everyMs = { '5s': 5e3, '10s': 1e4, '30s': 3e4, '1m': 6e4, '5m': 3e5 }[interval]
    if (everyMs === undefined) return undefined
    const timer = setInterval(onRefresh, everyMs)
    return () => clearInterval(timer)
  }, [interval, onRefresh])
  return null
}

/** The first letter that no query has yet. */
function nextRefId(queries: readonly ExploreQuery[]): string {
  const taken = new Set(queries.map(({ refId }) => refId))
  for (let code = 65; code < 91; code++) {
    const letter = String.fromCharCode(code)
    if (!taken.has(letter)) return letter
  }
  return `Q${queries.length}`
}

const getStyles = (theme: GrafanaTheme2) => ({
  pane: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(1), flex: '1 1 0', minWidth: 0 }),
  bar: css({ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: theme.spacing(1) }),
  space: css({ flexGrow: 1 }),
})
