import type { Labels } from '@quartet/model'
import { escapeQuery, quoteGo } from '@quartet/query'
import { markup, sendPage } from '@quartet/runtime'
import type { Html } from '@quartet/runtime'
import type { FastifyReply } from 'fastify'
import type { ApiContext } from '../context.ts'
import { activeNotifications } from '../notifications.ts'

/** One page: what it shows, for the parameters of its address. */
export interface PageContent {
  readonly body: Html
  readonly script?: string
}

/** Above it the rest is counted, not shown. */
export const MAX_SHOWN = 500

/** Addresses are relative to a page, which are all in one folder: they hold behind any proxy and any `--web.external-url`. */
export const PAGES = [
  { path: 'query', text: 'Query' },
  { path: 'alerts', text: 'Alerts' },
  { path: 'rules', text: 'Rules' },
  { path: 'targets', text: 'Targets' },
  { path: 'service-discovery', text: 'Discovery' },
  { path: 'tsdb-status', text: 'TSDB' },
  { path: 'status', text: 'Status' },
  { path: 'flags', text: 'Flags' },
  { path: 'config', text: 'Configuration' },
] as const

export type PagePath = (typeof PAGES)[number]['path']

export function answerPage(
  reply: FastifyReply,
  context: ApiContext,
  current: PagePath,
  { body, script }: PageContent,
): FastifyReply {
  const navigation = PAGES.map(({ path, text }) => ({ text, href: path, isCurrent: path === current }))
  const notices = activeNotifications(context).map(
    ({ text, date }) =>
      markup`<div class="card edge-bad" role="alert"><b class="bad">${text}</b> <span class="dim small">${date}</span></div>`,
  )
  return sendPage(reply, {
    title: context.settings.pageTitle,
    heading: 'Prometheus',
    navigation,
    body: markup`${notices}${body}`,
    style: STYLE,
    ...(script !== undefined && { script }),
  })
}

/** `up{job="a"}`, the name bold; the name is taken from the labels. */
export function seriesText(labels: Readonly<Record<string, string>>): Html {
  const { __name__: name = '', ...rest } = labels
  const entries = Object.entries(rest)
  if (name === '' && entries.length === 0) return markup`<span class="series">{}</span>`
  const pairs = entries.map(
    ([label, value], index) =>
      markup`${index > 0 && ', '}<span class="dim">${nameText(label)}=</span>${quoteGo(value)}`,
  )
  return markup`<span class="series"><b>${name}</b>${entries.length > 0 && markup`{${pairs}}`}</span>`
}

function nameText(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : quoteGo(name)
}

export function labelChips(labels: Labels): Html {
  return markup`<div class="chips">${labels.map(([name, value]) => markup`<span class="chip">${nameText(name)}=${quoteGo(value)}</span>`)}</div>`
}

/** The page that shows an expression. */
export function queryHref(expr: string, tab: 'table' | 'graph' = 'table'): string {
  return `query?g0.expr=${escapeQuery(expr)}&g0.tab=${tab === 'graph' ? 0 : 1}`
}

export function plural(count: number, what: string): string {
  return `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`
}

/** `1.2s`, `3ms`. */
export function tookText(seconds: number): string {
  if (seconds >= 1) return `${seconds.toFixed(2)} s`
  return `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms`
}

/** Name and value, one to a line. */
export function factsCard(facts: readonly (readonly [name: string, value: Html | string])[]): Html {
  return markup`<div class="card">
    <table>
      <tbody>
        ${facts.map(
          ([name, value]) =>
            markup`<tr>
              <th scope="row" style="width:14rem">${name}</th>
              <td>${value}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}

const SERIES_LIGHT = '#0a66c2 #c2410c #1a7f37 #8250df #bf3989 #0e7490 #9a6700 #cf222e #57606a #4d7c0f'.split(' ')
const SERIES_DARK = '#6cb2ff #ff9f5a #56d364 #c297ff #ff80c8 #4fd1dc #e3b341 #ff7b72 #a7b1bc #a3d65c'.split(' ')

/** As many as there are colours; the next ones are dashed. */
export const SERIES_COLORS = SERIES_LIGHT.length

const colors = (list: readonly string[]): string => list.map((color, index) => `.c${index}{--series:${color}}`).join('')

const STYLE = `
nav a { padding: .8rem .55rem } nav { row-gap: 0 } header > div { gap: 0 1.25rem }
td, th { vertical-align: baseline } .series, .chips { line-height: 1.5 } pre + .small, .small + .chips { margin-top: .35rem }
table.small td, table.small th { border: 0; padding: .15rem .9rem .15rem 0 } table.small { margin-top: .3rem }
.series { font: 13px/1.5 ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere }
.value { font: 13px/1.5 ui-monospace, Menlo, Consolas, monospace; text-align: right; white-space: pre-line; padding-right: 0; font-variant-numeric: tabular-nums }
th.value { font: 600 13px/1.5 system-ui, sans-serif }
code { font: 13px ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere } code a { text-decoration: none } code a:hover { text-decoration: underline }
.tabs { display: flex; gap: .25rem; border-bottom: 1px solid var(--line); margin-top: 1rem } .tabs a { padding: .45rem .9rem } .tabs .end { margin-left: auto }
.scroll { overflow-x: auto } .nowrap { white-space: nowrap }
.ask textarea { font-size: 15px; resize: vertical; min-height: 2.6rem }
.ask .fields { grid-template-columns: repeat(auto-fit, minmax(10rem, 14rem)); align-items: end; margin-top: .7rem }
mark { background: none; color: var(--bad); text-decoration: underline wavy var(--bad) }
.chart { display: block; width: 100%; min-width: 40rem; height: auto; color: var(--dim); font: 12px system-ui, sans-serif }
.chart text { fill: currentColor } .chart .grid { stroke: var(--line); stroke-width: 1 } .chart .axis { stroke: var(--dim); stroke-width: 1 }
.chart .line { fill: none; stroke: var(--series); stroke-width: 1.6; stroke-linejoin: round; stroke-linecap: round }
.chart .line:hover { stroke-width: 3.5 } .chart .dashed { stroke-dasharray: 6 4 }
.swatch { display: inline-block; width: 1.4rem; border-top: 3px solid var(--series); vertical-align: middle; margin-right: .6rem } .swatch.dashed { border-top-style: dashed }
.bar { background: var(--soft); border-radius: 3px; height: .5rem; min-width: 6rem; overflow: hidden } .bar > i { display: block; height: 100%; background: var(--accent) }
${colors(SERIES_LIGHT)} @media (prefers-color-scheme: dark) { ${colors(SERIES_DARK)} }
`
