import { markup, timeText } from '@quartet/runtime'
import type { Html } from '@quartet/runtime'
import { plural, seriesText } from './frame.ts'
import { histogramLine } from './query-answer-json.ts'
import type { MatrixItem, QueryData, VectorItem } from './query-answer-json.ts'

/** Of a series of a range vector. */
const SAMPLES_SHOWN = 50

/** The result at one time, a line per series. */
export function resultTable(data: QueryData): Html {
  switch (data.resultType) {
    case 'vector':
      return data.result.length === 0 ? EMPTY : table(data.result.map(vectorRow))
    case 'matrix':
      return data.result.length === 0 ? EMPTY : table(data.result.map(samplesRow))
    default:
      return table([
        markup`<tr>
          <td class="dim">${data.resultType}</td>
          <td class="value">${data.result[1]}</td>
        </tr>`,
      ])
  }
}

const EMPTY = markup`<div class="card dim">The result is empty: no series has a value at that time.</div>`

function table(rows: readonly Html[]): Html {
  return markup`<div class="card scroll">
    <table>
      <thead>
        <tr>
          <th>Series</th>
          <th class="value">Value</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`
}

function vectorRow({ histogram, metric, value }: VectorItem): Html {
  return markup`<tr>
    <td>${seriesText(metric)}</td>
    <td class="value">${histogram === undefined ? value?.[1] : histogramLine(histogram[1])}</td>
  </tr>`
}

function samplesRow({ histograms = [], metric, values = [] }: MatrixItem): Html {
  const samples = [
    ...values,
    ...histograms.map(([time, histogram]): readonly [number, string] => [time, histogramLine(histogram)]),
  ].sort(([a], [b]) => a - b)
  const more = samples.length - SAMPLES_SHOWN
  return markup`<tr>
    <td>${seriesText(metric)}${more > 0 && markup`<div class="dim small">${plural(more, 'earlier sample')} not shown</div>`}</td>
    <td class="value">${samples
      .slice(-SAMPLES_SHOWN)
      .map(([time, text]) => markup`<div>${text} <span class="dim">@ ${timeText(time * 1000)}</span></div>`)}</td>
  </tr>`
}
