import { formatGoFloat } from '@quartet/model'
import type { FamilyLabel, FamilyMetric } from '@quartet/model'
import { HttpError } from '@quartet/runtime'
import type { HttpServer } from '@quartet/runtime'
import type { FastifyReply } from 'fastify'
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { groupKey, lastPushSucceeded, PUSH_FAILURE_TIME, PUSH_TIME, timeOf } from '../storage/metric-group.ts'
import type { MetricGroup, StoredFamily } from '../storage/metric-group.ts'
import type { MetricStore } from '../storage/metric-store.ts'
import { PAGE_STYLE } from './page-style.ts'

export interface PageOptions {
  readonly store: MetricStore
  /** Prefix of what is served, and of links. */
  readonly prefix: string
  readonly linkPrefix: string
  readonly flags: Readonly<Record<string, string>>
  readonly buildInformation: Readonly<Record<string, string>>
  readonly startMs: number
}

/** Groups and families beyond these are counted, not shown. */
const MAX_GROUPS = 500
const MAX_METRICS = 200

/**
 * `/`: every group with what was pushed and a button that deletes it; `/status`: flags and build. Plain HTML without any script. The
 * form carries a token that other sites cannot read, so that they cannot delete.
 */
export function addPage(server: HttpServer, options: PageOptions): void {
  const { prefix, store } = options
  const token = randomBytes(24).toString('base64url')
  const root = prefix === '' ? '/' : prefix
  server.api.get(root, (_request, reply) => sendPage(reply, groupsPage(options, token)))
  if (prefix !== '') server.api.get(`${prefix}/`, (_request, reply) => sendPage(reply, groupsPage(options, token)))
  server.api.get(`${prefix}/status`, (_request, reply) => sendPage(reply, statusPage(options)))
  server.api.post(`${prefix}/-/delete-group`, async (request, reply) => {
    const form = request.body
    if (!(form instanceof URLSearchParams)) throw new HttpError(400, 'the form of the page is expected')
    if (!isEqual(form.get('token') ?? '', token)) throw new HttpError(403, 'The page is out of date: load it again.')
    const group = store.groups.find(({ labels }) => groupId(labels) === form.get('group'))
    if (group) await store.delete(group.labels)
    return reply.redirect(`${options.linkPrefix}/`, 303)
  })
}

function sendPage(reply: FastifyReply, html: string): FastifyReply {
  return reply
    .type('text/html; charset=utf-8')
    .headers({
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      'referrer-policy': 'same-origin',
      'cache-control': 'no-store',
    })
    .send(html)
}

function groupsPage(options: PageOptions, token: string): string {
  const { linkPrefix, store } = options
  const { groups } = store
  const shown = groups.slice(0, MAX_GROUPS).map((group) => groupCard(group, { token, linkPrefix }))
  const rest = groups.length > MAX_GROUPS ? `<p class="dim">${groups.length - MAX_GROUPS} more groups</p>` : ''
  const empty = `<div class="card">Nothing has been pushed yet.
<pre>echo "some_metric 3.14" | curl --data-binary @- http://…${escape(linkPrefix)}/metrics/job/some_job</pre></div>`
  return page(
    options,
    `<p class="dim">${groups.length} groups, ${store.metricCount} metrics</p>${groups.length === 0 ? empty : shown.join('')}${rest}`,
  )
}

function groupCard(group: MetricGroup, { linkPrefix, token }: { token: string; linkPrefix: string }): string {
  const { families, labels } = group
  const isGood = lastPushSucceeded(group)
  const failed = timeOf(families, PUSH_FAILURE_TIME)
  const own = [...families.values()].filter(({ family: { name } }) => name !== PUSH_TIME && name !== PUSH_FAILURE_TIME)
  return `<section class="card"><div class="row">${labels.map(labelChip).join('')}
<span class="${isGood ? 'good' : 'bad'}">${isGood ? 'last push succeeded' : 'last push failed'}</span>
<details class="end"><summary>Delete…</summary>
<form method="post" action="${escape(linkPrefix)}/-/delete-group"><input type="hidden" name="token" value="${token}">
<input type="hidden" name="group" value="${groupId(labels)}"><button>Delete this group</button></form></details></div>
<div class="dim">pushed ${timeOf(families, PUSH_TIME) === 0 ? 'never' : isoTime(timeOf(families, PUSH_TIME))}${failed === 0 ? '' : `, failed ${isoTime(failed)}`}</div>
${own.map(familyDetails).join('')}</section>`
}

function familyDetails({ family }: StoredFamily): string {
  const { help, metrics, name, type } = family
  const rows = metrics.slice(0, MAX_METRICS).map(metricRow).join('')
  const rest = metrics.length > MAX_METRICS ? `<tr><td class="dim">${metrics.length - MAX_METRICS} more</td></tr>` : ''
  return `<details><summary><b>${escape(name)}</b> <span class="dim">${type.toLowerCase()}, ${metrics.length} ${metrics.length === 1 ? 'metric' : 'metrics'}${help ? `: ${escape(help)}` : ''}</span></summary>
<table>${rows}${rest}</table></details>`
}

function metricRow(metric: FamilyMetric): string {
  const { labels, value } = metric
  const shown =
    value.kind === 'summary' || value.kind === 'histogram'
      ? `count ${value.count}, sum ${formatGoFloat(value.sum)}`
      : formatGoFloat(value.value)
  return `<tr><td>${labels.map(labelChip).join(' ')}</td><td class="number">${escape(shown)}</td></tr>`
}

function statusPage(options: PageOptions): string {
  const { buildInformation, flags, startMs } = options
  const table = (rows: Readonly<Record<string, string>>): string =>
    `<table>${Object.entries(rows)
      .map(([name, value]) => `<tr><th>${escape(name)}</th><td>${escape(value)}</td></tr>`)
      .join('')}</table>`
  return page(
    options,
    `<h2>Running</h2>${table({ started: isoTime(startMs / 1000), ...buildInformation })}<h2>Flags</h2>${table(flags)}`,
  )
}

function page({ linkPrefix }: PageOptions, body: string): string {
  const link = (path: string, text: string): string => `<a href="${escape(linkPrefix)}${path}">${text}</a>`
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Pushgateway</title><style>${PAGE_STYLE}</style></head><body>
<header><h1>Pushgateway</h1>${link('/', 'Metrics')} ${link('/status', 'Status')} ${link('/metrics', 'Exposition')}</header>
<main>${body}</main></body></html>`
}

function labelChip({ name, value }: FamilyLabel): string {
  return `<span class="label">${escape(name)}="${escape(value)}"</span>`
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('T', ' ').slice(0, 19) + ' UTC'
}

/** Grouping keys hold any bytes, which forms do not carry faithfully. */
function groupId(labels: readonly FamilyLabel[]): string {
  return createHash('sha256').update(groupKey(labels)).digest('base64url')
}

function isEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char]!)
}
