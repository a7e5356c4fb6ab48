import {
  FieldColorModeId,
  LoadingState,
  type AbsoluteTimeRange,
  type FieldConfigSource,
  type GrafanaTheme2,
  type PanelData,
} from '@grafana/data'
import { LoadingBar, PanelChrome, RadioButtonGroup, useStyles2, useTheme2 } from '@grafana/ui'
import { css } from '@emotion/css'
import { useMemo, useState, type ReactNode } from 'react'
import { column, frame } from '../datasources/frame.ts'
import { LogList } from '../logs/log-list.tsx'
import { logLinesOf } from '../logs/log-line.ts'
import { levelColor } from '../logs/level-color.ts'
import type { LogLevel } from '../logs/level.ts'
import { PanelMessage } from '../panels/common/panel-message.tsx'
import { traceOf } from '../traces/trace.ts'
import { TraceView } from '../traces/trace-view.tsx'
import { PanelView } from './panel-view.tsx'
import { logVolume, sortResults } from './results.ts'

const graphHeight = 340
const nodeGraphHeight = 560
const volumeHeight = 150
const volumeBuckets = 60

interface Props {
  readonly data: PanelData
  readonly width: number
  readonly timeZone: string
  readonly onChangeTimeRange: (range: AbsoluteTimeRange) => void
}

/** What came back: graph, tables, logs with their volume, traces; each only when there is some. */
export function ResultsView(props: Props): ReactNode {
  const { data, width, timeZone } = props
  const styles = useStyles2(getStyles)
  const results = useMemo(() => sortResults(data), [data])
  const isEmpty = Object.values(results).every((frames) => frames.length === 0)
  const notices = [...new Set(data.series.flatMap(({ meta }) => (meta?.notices ?? []).map(({ text }) => text)))]
  return (
    <div className={styles.results}>
      {data.state === LoadingState.Loading && <LoadingBar width={width} />}
      {(data.error ?? (isEmpty && data.state === LoadingState.Done)) && (
        <div className={styles.message}>
          <PanelMessage data={data} />
        </div>
      )}
      {notices.map((notice) => (
        <div key={notice} className={styles.notice}>
          {notice}
        </div>
      ))}
      {results.graph.length > 0 && <GraphResult {...props} frames={results.graph} />}
      {results.logs.length > 0 && <LogsResult {...props} frames={results.logs} />}
      {results.nodes.length > 0 && (
        <PanelChrome title="Node graph" width={width} height={nodeGraphHeight}>
          {(innerWidth, innerHeight) => (
            <PanelView
              type="nodeGraph"
              frames={results.nodes}
              width={innerWidth}
              height={innerHeight}
              timeRange={data.timeRange}
              timeZone={timeZone}
            />
          )}
        </PanelChrome>
      )}
      {results.tables.map((table, index) => (
        <PanelChrome key={index} title={table.name ?? 'Table'} width={width} height={tableHeight(table.length)}>
          {(innerWidth, innerHeight) => (
            <PanelView
              type="table"
              frames={[table]}
              width={innerWidth}
              height={innerHeight}
              timeRange={data.timeRange}
              timeZone={timeZone}
            />
          )}
        </PanelChrome>
      ))}
      {results.traces.map((traceFrame, index) => {
        const trace = traceOf(traceFrame)
        return (
          trace && (
            <section key={index} className={styles.trace}>
              <TraceView key={trace.traceId} trace={trace} timeZone={timeZone} />
            </section>
          )
        )
      })}
    </div>
  )
}

type DrawStyle = 'line' | 'bars' | 'points' | 'stacked'

const drawStyles: { label: string; value: DrawStyle }[] = [
  { label: 'Lines', value: 'line' },
  { label: 'Bars', value: 'bars' },
  { label: 'Points', value: 'points' },
  { label: 'Stacked', value: 'stacked' },
]

const multiTooltip = { tooltip: { mode: 'multi', sort: 'desc' } }

function GraphResult(
  props: Props & { readonly frames: PanelData['series'] | readonly PanelData['series'][number][] },
): ReactNode {
  const { data, frames, width, timeZone, onChangeTimeRange } = props
  const [drawStyle, setDrawStyle] = useState<DrawStyle>('line')
  const fieldConfig = useMemo((): FieldConfigSource => {
    const isStacked = drawStyle === 'stacked'
    const custom = {
      drawStyle: isStacked ? 'line' : drawStyle,
      fillOpacity: drawStyle === 'bars' ? 100 : isStacked ? 30 : 0,
      stacking: { mode: isStacked ? 'normal' : 'none', group: 'A' },
    }
    return { defaults: { color: { mode: FieldColorModeId.PaletteClassic }, custom }, overrides: [] }
  }, [drawStyle])
  return (
    <PanelChrome
      title="Graph"
      width={width}
      height={graphHeight}
      actions={<RadioButtonGroup size="sm" options={drawStyles} value={drawStyle} onChange={setDrawStyle} />}
    >
      {(innerWidth, innerHeight) => (
        <PanelView
          type="timeseries"
          frames={frames}
          annotations={data.annotations ?? []}
          options={multiTooltip}
          fieldConfig={fieldConfig}
          width={innerWidth}
          height={innerHeight}
          timeRange={data.timeRange}
          timeZone={timeZone}
          onChangeTimeRange={onChangeTimeRange}
        />
      )}
    </PanelChrome>
  )
}

function LogsResult(props: Props & { readonly frames: readonly PanelData['series'][number][] }): ReactNode {
  const { data, frames, width, timeZone, onChangeTimeRange } = props
  const theme = useTheme2()
  const styles = useStyles2(getStyles)
  const [order, setOrder] = useState<'Descending' | 'Ascending'>('Descending')
  const [wrap, setWrap] = useState(false)
  const lines = useMemo(() => logLinesOf(frames), [frames])
  const { from, to } = data.timeRange
  const volume = useMemo(() => {
    const { times, counts } = logVolume(lines, { fromMs: from.valueOf(), toMs: to.valueOf(), buckets: volumeBuckets })
    return [...counts].map(([level, values]) =>
      frame({
        fields: [
          column('time', 'Time', times),
          column('number', level, values, {
            config: { color: { mode: 'fixed', fixedColor: levelColor(level as LogLevel, theme) } },
          }),
        ],
      }),
    )
  }, [lines, from, to, theme])
  const limit = frames[0]?.meta?.limit
  const isCut = limit !== undefined && lines.length >= limit
  return (
    <>
      {lines.length > 0 && (
        <PanelChrome
          title={isCut ? `Volume of the ${lines.length} lines shown` : 'Log volume'}
          width={width}
          height={volumeHeight}
        >
          {(innerWidth, innerHeight) => (
            <PanelView
              type="timeseries"
              frames={volume}
              options={multiTooltip}
              fieldConfig={volumeConfig}
              width={innerWidth}
              height={innerHeight}
              timeRange={data.timeRange}
              timeZone={timeZone}
              onChangeTimeRange={onChangeTimeRange}
            />
          )}
        </PanelChrome>
      )}
      <section className={styles.logs}>
        <header className={styles.head}>
          <b>Logs</b>
          <span>
            {lines.length} lines{isCut ? `, the limit; narrow the query or the time to see all` : ''}
          </span>
          <span className={styles.space} />
          <RadioButtonGroup
            size="sm"
            options={[
              { label: 'Cut', value: false },
              { label: 'Wrap', value: true },
            ]}
            value={wrap}
            onChange={setWrap}
          />
          <RadioButtonGroup
            size="sm"
            options={[
              { label: 'Newest first', value: 'Descending' as const },
              { label: 'Oldest first', value: 'Ascending' as const },
            ]}
            value={order}
            onChange={setOrder}
          />
        </header>
        {lines.length === 0 ? (
          <div className={styles.message}>No log lines in this time</div>
        ) : (
          <LogList
            lines={lines}
            width={width - 2}
            height={560}
            timeZone={timeZone}
            showTime
            showLabels={false}
            wrap={wrap}
            prettify={false}
            canExpand
            order={order}
          />
        )}
      </section>
    </>
  )
}

const volumeConfig: FieldConfigSource = {
  defaults: {
    custom: {
      drawStyle: 'bars',
      fillOpacity: 100,
      lineWidth: 0,
      barWidthFactor: 0.9,
      stacking: { mode: 'normal', group: 'A' },
    },
  },
  overrides: [],
}

function tableHeight(rows: number): number {
  return Math.min(560, 90 + 36 * Math.max(1, rows))
}

const getStyles = (theme: GrafanaTheme2) => {
  const box = {
    background: theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
  }
  return {
    results: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(1) }),
    message: css({ ...box, padding: theme.spacing(3), textAlign: 'center' }),
    notice: css({ ...box, padding: theme.spacing(1), color: theme.colors.warning.text }),
    trace: css({ ...box, overflow: 'auto' }),
    logs: css(box),
    head: css({
      display: 'flex',
      alignItems: 'center',
      gap: theme.spacing(1.5),
      padding: theme.spacing(1, 1.5),
      span: { color: theme.colors.text.secondary },
    }),
    space: css({ flexGrow: 1 }),
  }
}
