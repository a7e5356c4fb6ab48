import { markup } from '@quartet/runtime'
import type { Html } from '@quartet/runtime'
import { timeTicks, valueTicks } from './chart-axes.ts'
import { seriesText, SERIES_COLORS } from './frame.ts'
import type { MatrixItem, Point } from './query-answer-json.ts'
import type { GraphTimes } from './query-state.ts'

const WIDTH = 1060
const HEIGHT = 360
const LEFT = 66
const RIGHT = 14
const TOP = 12
const BOTTOM = 28
const MOST_TIMES = 9
const ABOUT_VALUES = 6
/** The arithmetic of an axis does not overflow. */
const MOST_VALUE = 1e300

interface Line {
  readonly metric: MatrixItem['metric']
  /** Those that can be drawn. */
  readonly timesMs: readonly number[]
  readonly values: readonly number[]
  readonly last: string
}

/** A line per series over the time of the graph, and what each line is. */
export function lineChart(series: readonly MatrixItem[], times: GraphTimes): Html {
  const lines = series.map(lineOf)
  let low = Infinity
  let high = -Infinity
  for (const { values } of lines) {
    for (const value of values) {
      low = Math.min(low, value)
      high = Math.max(high, value)
    }
  }
  if (low > high) return markup`<div class="card dim">Nothing here can be drawn: no value is a finite number.</div>`
  return markup`<div class="card scroll">${drawing(lines, { low, high }, times)}</div>
    ${legend(lines)}`
}

function lineOf({ metric, values = [] }: MatrixItem): Line {
  const drawn = values.map(([time, text]: Point) => [time * 1000, numberOf(text)] as const)
  const finite = drawn.filter(([, value]) => Math.abs(value) <= MOST_VALUE)
  return {
    metric,
    timesMs: finite.map(([time]) => time),
    values: finite.map(([, value]) => value),
    last: values.at(-1)?.[1] ?? '',
  }
}

function numberOf(text: string): number {
  return text === '+Inf' ? Infinity : Number(text)
}

function drawing(lines: readonly Line[], range: { low: number; high: number }, times: GraphTimes): Html {
  const { endMs, startMs, stepMs } = times
  const values = valueTicks(range.low, range.high, ABOUT_VALUES)
  const [low, high] = [values[0].at, values.at(-1)!.at]
  const x = (timeMs: number): string =>
    (LEFT + ((timeMs - startMs) / (endMs - startMs)) * (WIDTH - LEFT - RIGHT)).toFixed(1)
  const y = (value: number): string =>
    (HEIGHT - BOTTOM - ((value - low) / (high - low)) * (HEIGHT - TOP - BOTTOM)).toFixed(1)
  const rows = values.map(
    ({ at, text }) =>
      markup`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(at)}" y2="${y(at)}" /><text x="${LEFT - 8}" y="${y(at)}" dy="4" text-anchor="end">${text}</text>`,
  )
  const columns = timeTicks(startMs, endMs, MOST_TIMES).map(
    ({ at, text }) =>
      markup`<line class="grid" x1="${x(at)}" x2="${x(at)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}" /><text x="${x(at)}" y="${HEIGHT - 8}" text-anchor="middle">${text}</text>`,
  )
  const paths = lines.map(
    (line, index) =>
      markup`<path class="${lineClass(index, 'line')}" d="${pathOf(line, stepMs, x, y)}"><title>${titleOf(line)}</title></path>`,
  )
  const bottom = HEIGHT - BOTTOM
  return markup`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Graph of ${lines.length} series; times are UTC">
    ${rows}${columns}<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${bottom}" y2="${bottom}" />${paths}
  </svg>`
}

/** Neighbours are joined, gaps are not; a point alone is a dot. */
function pathOf(
  { timesMs, values }: Line,
  stepMs: number,
  x: (timeMs: number) => string,
  y: (value: number) => string,
): string {
  let path = ''
  for (const [index, timeMs] of timesMs.entries()) {
    const isJoined = index > 0 && timeMs - timesMs[index - 1] < stepMs * 1.5
    const at = `${x(timeMs)} ${y(values[index])}`
    path += isJoined ? `L${at}` : `M${at}h0`
  }
  return path
}

function lineClass(index: number, what: string): string {
  return `${what} c${index % SERIES_COLORS}${index >= SERIES_COLORS ? ' dashed' : ''}`
}

function titleOf({ metric }: Line): string {
  const { __name__: name = '', ...labels } = metric
  return `${name}{${Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(', ')}}`
}

function legend(lines: readonly Line[]): Html {
  const shown = (value: number): string => (Number.isFinite(value) ? String(Number(value.toPrecision(6))) : '–')
  return markup`<div class="card scroll">
    <table>
      <thead>
        <tr>
          <th>Series</th>
          <th class="value">Least</th>
          <th class="value">Most</th>
          <th class="value">Last</th>
        </tr>
      </thead>
      <tbody>
        ${lines.map(
          (line, index) =>
            markup`<tr>
              <td><i class="${lineClass(index, 'swatch')}"></i>${seriesText(line.metric)}</td>
              <td class="value">${shown(Math.min(...line.values))}</td>
              <td class="value">${shown(Math.max(...line.values))}</td>
              <td class="value">${Number.isFinite(Number(line.last)) ? shown(Number(line.last)) : line.last}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}
