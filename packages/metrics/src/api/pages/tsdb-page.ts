import { markup, timeText } from '@quartet/runtime'
import type { Html } from '@quartet/runtime'
import type { ApiContext } from '../context.ts'
import { factsCard } from './frame.ts'
import type { PageContent } from './frame.ts'
import { bytesText } from './status-page.ts'

const LIMIT = 10

interface NameCount {
  readonly name: string
  readonly value: number
}

/** `/tsdb-status`: what makes the head large, and the blocks. */
export function tsdbPage(context: ApiContext): PageContent {
  const report = context.cardinality(LIMIT)
  const count = (value: number): string => value.toLocaleString('en-US')
  const time = (timeMs: number): string => (Number.isFinite(timeMs) ? timeText(timeMs) : 'no samples')
  const body = markup`<h2>Head</h2>
    ${factsCard([
      ['Series', count(report.numSeries)],
      ['Chunks', count(report.chunkCount)],
      ['Label pairs', count(report.numLabelPairs)],
      ['Oldest sample', time(report.minTime)],
      ['Newest sample', time(report.maxTime)],
    ])}
    ${topTable('Metric names with the most series', report.seriesCountByMetricName, count)}
    ${topTable('Label names with the most values', report.labelValueCountByLabelName, count)}
    ${topTable('Label names with the most memory', report.memoryInBytesByLabelName, bytesText)}
    ${topTable('Label pairs with the most series', report.seriesCountByLabelValuePair, count)}
    <h2>Blocks</h2>
    ${blocksCard(context)}`
  return { body }
}

function topTable(title: string, rows: readonly NameCount[], show: (value: number) => string): Html {
  const largest = Math.max(1, ...rows.map(({ value }) => value))
  return markup`<h2>${title}</h2>
    <div class="card">
      ${rows.length === 0 && markup`<span class="dim">Nothing yet.</span>`}
      <table>
        <tbody>
          ${rows.map(
            ({ name, value }) =>
              markup`<tr>
                <td><code>${name}</code></td>
                <td style="width:30%;vertical-align:middle"><div class="bar"><i style="width:${((100 * value) / largest).toFixed(1)}%"></i></div></td>
                <td class="value" style="width:8rem">${show(value)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`
}

function blocksCard(context: ApiContext): Html {
  const blocks = context.blocks()
  if (blocks.length === 0) return markup`<div class="card dim">None yet: everything is in the head.</div>`
  return markup`<div class="card scroll">
    <table>
      <thead>
        <tr>
          <th>Block</th>
          <th>From</th>
          <th>To</th>
          <th class="value">Series</th>
          <th class="value">Samples</th>
        </tr>
      </thead>
      <tbody>
        ${blocks.map(
          (meta) =>
            markup`<tr>
              <td><code>${meta.id}</code></td>
              <td>${timeText(meta.minMs)}</td>
              <td>${timeText(meta.maxMs)}</td>
              <td class="value">${Number(meta['seriesCount']).toLocaleString('en-US')}</td>
              <td class="value">${Number(meta['sampleCount']).toLocaleString('en-US')}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}
