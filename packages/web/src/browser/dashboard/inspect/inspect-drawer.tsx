import {
  formattedValueToString,
  getDisplayProcessor,
  getFieldDisplayName,
  type DataFrame,
  type GrafanaTheme2,
} from '@grafana/data'
import { sceneGraph, type VizPanel } from '@grafana/scenes'
import { Alert, Drawer, Tab, TabsBar, useStyles2, useTheme2 } from '@grafana/ui'
import { css } from '@emotion/css'
import type { ReactNode } from 'react'
import { queryRunnerOf } from '../scene/panel-menu.ts'
import { frameToText } from './frame-text.ts'

/** A drawer is for looking; more rows are in Explore. */
const maximumRows = 500

interface Props {
  readonly panel: VizPanel
  readonly tab: string
  readonly onTab: (tab: string) => void
  readonly onClose: () => void
}

const tabs = [
  { id: 'data', label: 'Data' },
  { id: 'query', label: 'Query' },
  { id: 'json', label: 'Panel JSON' },
]

/** What is behind a panel: its data as a table, its queries as they were run, its JSON. */
export function InspectDrawer({ panel, tab, onTab, onClose }: Props): ReactNode {
  const title = panel.interpolate(panel.state.title) || 'Panel'
  const bar = (
    <TabsBar>
      {tabs.map(({ id, label }) => (
        <Tab key={id} label={label} active={id === tab} onChangeTab={() => onTab(id)} />
      ))}
    </TabsBar>
  )
  return (
    <Drawer title={`Inspect: ${title}`} onClose={onClose} tabs={bar} size="lg">
      {tab === 'query' ? (
        <Queries panel={panel} />
      ) : tab === 'json' ? (
        <PanelJson panel={panel} />
      ) : (
        <Data panel={panel} />
      )}
    </Drawer>
  )
}

function Data({ panel }: { readonly panel: VizPanel }): ReactNode {
  const { data } = sceneGraph.getData(panel).useState()
  const frames = data?.series ?? []
  if (data?.error) return <Alert severity="error" title={data.error.message ?? 'The query failed'} />
  if (frames.length === 0) return <p>No data</p>
  return frames.map((frame, index) => <FrameTable key={index} frame={frame} />)
}

function FrameTable({ frame }: { readonly frame: DataFrame }): ReactNode {
  const styles = useStyles2(getStyles)
  const theme = useTheme2()
  const columns = frame.fields.map((field) => field.display ?? getDisplayProcessor({ field, theme }))
  const download = `data:text/csv;charset=utf-8,${encodeURIComponent(frameToText(frame))}`
  return (
    <section className={styles.frame}>
      <header className={styles.head}>
        <b>{frame.name ?? frame.refId}</b>
        <span>{frame.length} rows</span>
        <a href={download} download={`${frame.name ?? 'data'}.csv`}>
          Download as CSV
        </a>
      </header>
      <div className={styles.scroll}>
        <table className={styles.table}>
          <thead>
            <tr>
              {frame.fields.map((field, index) => (
                <th key={index}>{getFieldDisplayName(field, frame)}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {Array.from({ length: Math.min(frame.length, maximumRows) }, (_, row) => (
              <tr key={row}>
                {frame.fields.map(({ values }, index) => {
                  const value: unknown = values[row]
                  const isPlain = typeof value !== 'object' || value === null
                  const display = columns[index]?.(value)
                  return (
                    <td key={index}>{isPlain && display ? formattedValueToString(display) : JSON.stringify(value)}</td>
                  )
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {frame.length > maximumRows && <small>The first {maximumRows} rows; the download has all.</small>}
    </section>
  )
}

function Queries({ panel }: { readonly panel: VizPanel }): ReactNode {
  const { data } = sceneGraph.getData(panel).useState()
  const runner = queryRunnerOf(panel)
  const request = data?.request
  const tookMs = request?.endTime === undefined ? undefined : request.endTime - request.startTime
  const executed = [...new Set((data?.series ?? []).flatMap(({ meta }) => meta?.executedQueryString ?? []))]
  return (
    <div>
      {tookMs !== undefined && (
        <p>
          Took {tookMs} ms, step {request?.interval}, {data?.series.length ?? 0} frames
        </p>
      )}
      {executed.map((query) => (
        <pre key={query}>{query}</pre>
      ))}
      <pre>{JSON.stringify(runner?.state.queries ?? [], undefined, 2)}</pre>
    </div>
  )
}

function PanelJson({ panel }: { readonly panel: VizPanel }): ReactNode {
  const { title, description, pluginId, options, fieldConfig } = panel.state
  const json = {
    title,
    description,
    type: pluginId,
    targets: queryRunnerOf(panel)?.state.queries,
    options,
    fieldConfig,
  }
  return <pre>{JSON.stringify(json, undefined, 2)}</pre>
}

const getStyles = (theme: GrafanaTheme2) => ({
  frame: css({ marginBottom: theme.spacing(3) }),
  head: css({
    display: 'flex',
    gap: theme.spacing(2),
    marginBottom: theme.spacing(1),
    a: { color: theme.colors.text.link },
  }),
  scroll: css({ maxHeight: 480, overflow: 'auto' }),
  table: css({
    width: '100%',
    fontSize: theme.typography.bodySmall.fontSize,
    'th, td': { padding: theme.spacing(0.5, 2, 0.5, 0), textAlign: 'left', whiteSpace: 'nowrap' },
    th: { position: 'sticky', top: 0, background: theme.colors.background.primary },
    tr: { borderBottom: `1px solid ${theme.colors.border.weak}` },
  }),
})
