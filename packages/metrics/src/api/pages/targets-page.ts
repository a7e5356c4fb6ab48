import { quoteGo } from '@quartet/query'
import { Html, markup, spanText, timeText } from '@quartet/runtime'
import type { ActiveTarget } from '@quartet/scrape'
import type { ApiContext } from '../context.ts'
import type { Parameters } from '../parameters.ts'
import { labelChips, MAX_SHOWN, plural, tookText } from './frame.ts'
import type { PageContent } from './frame.ts'

const STATES = ['all', 'up', 'down', 'unknown'] as const
const COLORS = { up: 'good', down: 'bad', unknown: 'warn' } as const

/** `/targets?scrapePool=&health=&search=`: what is scraped, by job. */
export function targetsPage(context: ApiContext, parameters: Parameters): PageContent {
  const pool = parameters.get('scrapePool')
  const search = parameters.get('search')
  const health = STATES.find((state) => state === parameters.get('health')) ?? 'all'
  const jobs = [...context.scrapes.jobNames].sort()
  const all = context.scrapes.active()
  const wanted = all.filter(
    ({ job, target, status }) =>
      (pool === '' || job === pool) &&
      (health === 'all' || status.health === health) &&
      (search === '' || textOf(target).includes(search)),
  )
  const byJob = Map.groupBy(wanted.slice(0, MAX_SHOWN), ({ job }) => job)
  const nowMs = context.clock.nowMs()
  const count = (state: string): number =>
    state === 'all' ? all.length : all.filter(({ status }) => status.health === state).length
  const body = markup`<form class="card" method="get" action="targets">
      <div class="row">
        <label style="flex:2 1 16rem">Address or labels contain<input class="code" name="search" value="${search}" spellcheck="false"/></label>
        <label style="flex:1 1 10rem">Job<select name="scrapePool">
            <option value="">all</option>
            ${jobs.map((job) => option(job, job, pool))}
          </select></label>
        <label style="flex:1 1 8rem">State<select name="health">
            ${STATES.map((state) => option(state, `${state} (${count(state)})`, health))}
          </select></label>
        <button class="primary" style="align-self:end">Filter</button>
      </div>
    </form>
    <p class="dim">${plural(wanted.length, 'target')} in ${plural(byJob.size, 'job')}${wanted.length > MAX_SHOWN && `; the first ${MAX_SHOWN} are shown`}</p>
    ${[...byJob].sort(([a], [b]) => (a < b ? -1 : 1)).map(([job, targets]) => jobCard(job, targets, nowMs))}
    ${all.length === 0 && markup`<div class="card dim">Nothing is scraped. Targets are found by the jobs of the configuration.</div>`}`
  return { body }
}

function option(value: string, text: string, selected: string): Html {
  return markup`<option value="${value}" ${value === selected && new Html('selected')}>${text}</option>`
}

function textOf({ labels, url }: ActiveTarget['target']): string {
  return [url, ...labels.map(([name, value]) => `${name}=${quoteGo(value)}`)].join(' ')
}

function jobCard(job: string, targets: readonly ActiveTarget[], nowMs: number): Html {
  const up = targets.filter(({ status }) => status.health === 'up').length
  const isDown = targets.some(({ status }) => status.health === 'down')
  const edge = isDown ? 'bad' : up === targets.length ? 'good' : 'warn'
  return markup`<section class="card edge-${edge} scroll" id="job-${job}">
    <div class="row"><h3>${job}</h3><span class="end ${edge} small">${up} of ${targets.length} up</span></div>
    <table>
      <thead>
        <tr>
          <th style="width:30%">Address</th>
          <th style="width:6rem">State</th>
          <th>Labels</th>
          <th style="width:8rem">Last scrape</th>
          <th class="value" style="width:6rem">Took</th>
        </tr>
      </thead>
      <tbody>
        ${targets.map((target) => targetRow(target, nowMs))}
      </tbody>
    </table>
  </section>`
}

function targetRow({ target, status }: ActiveTarget, nowMs: number): Html {
  const { health, lastDurationSeconds, lastError, lastScrapeMs } = status
  const address = /^https?:/.test(target.globalUrl)
    ? markup`<a href="${target.globalUrl}" rel="noreferrer">${target.url}</a>`
    : target.url
  const last =
    lastScrapeMs === 0
      ? markup`<span class="dim">never</span>`
      : markup`<span title="${timeText(lastScrapeMs)}">${spanText(nowMs - lastScrapeMs)} ago</span>`
  return markup`<tr>
    <td><code>${address}</code></td>
    <td><span class="badge ${COLORS[health]}">${health}</span></td>
    <td>${labelChips(target.labels)}${lastError !== '' && markup`<div class="bad small" style="margin-top:.35rem">${lastError}</div>`}</td>
    <td class="nowrap">${last}</td>
    <td class="value nowrap">${lastScrapeMs === 0 ? '–' : tookText(lastDurationSeconds)}</td>
  </tr>`
}
