import { hostname } from 'node:os'
import { markup, spanText, timeText } from '@quartet/runtime'
import type { Html } from '@quartet/runtime'
import type { ApiContext } from '../context.ts'
import { UPSTREAM_VERSION } from '../status-routes.ts'
import { factsCard } from './frame.ts'
import type { PageContent } from './frame.ts'

/** `/status`: what runs, since when, and how much it holds. */
export function statusPage(context: ApiContext): PageContent {
  const { clock, notifier, settings, startedMs } = context
  const nowMs = clock.nowMs()
  const reload = context.lastReload()
  const stats = context.stats()
  const count = (value: number): string => value.toLocaleString('en-US')
  const reloadText = reload.isSuccessful
    ? markup`<span class="badge good">successful</span> ${timeText(reload.timeMs)}`
    : markup`<span class="badge bad">failed</span> ${timeText(reload.failedMs ?? reload.timeMs)}; in effect is the one of ${timeText(reload.timeMs)}`
  const body = markup`<h2>Runtime</h2>
    ${factsCard([
      ['Started', `${timeText(startedMs)} (${spanText(nowMs - startedMs)} ago)`],
      ['Server time', timeText(nowMs)],
      ['Host', hostname()],
      ['Working directory', process.cwd()],
      ['Last configuration', reloadText],
      ['Retention', settings.retentionText],
    ])}
    <h2>Storage</h2>
    ${factsCard([
      ['Series in the head', count(stats.headSeries)],
      ['Samples in the head', count(stats.headSamples)],
      ['Blocks', `${count(stats.blocks)}, ${bytesText(stats.blockBytes)}`],
      ['Write-ahead log', bytesText(stats.walBytes)],
      [
        'Damage found in the log',
        stats.walCorruptions === 0 ? 'none' : markup`<span class="bad">${stats.walCorruptions} times</span>`,
      ],
    ])}
    <h2>Build</h2>
    ${factsCard([
      ['Program', 'Quartet metrics'],
      ['Speaks the API and query language of', `Prometheus ${UPSTREAM_VERSION}`],
      ['Running on', `Node ${process.versions.node}`],
    ])}
    <h2>Alertmanagers</h2>
    ${alertmanagers(notifier.urls)}`
  return { body }
}

function alertmanagers(urls: readonly string[]): Html {
  if (urls.length === 0) return markup`<div class="card dim">None is found: alerts are sent nowhere.</div>`
  return markup`<div class="card">${urls.map((url) => markup`<div><code>${url}</code></div>`)}</div>`
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

export function bytesText(bytes: number): string {
  let value = bytes
  let unit = 0
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`
}
