import { formatGoFloat } from '@quartet/model'
import type { FamilyLabel, FamilyMetric, FamilyValue } from '@quartet/model'
import type { HttpServer } from '@quartet/runtime'
import type { FastifyReply } from 'fastify'
import { lastPushSucceeded } from '../storage/metric-group.ts'
import type { MetricGroup } from '../storage/metric-group.ts'
import type { MetricStore } from '../storage/metric-store.ts'

export interface V1Options {
  readonly store: MetricStore
  readonly prefix: string
  readonly enableAdminApi: boolean
  readonly flags: Readonly<Record<string, string>>
  readonly startMs: number
  readonly buildInformation: Readonly<Record<string, string>>
}

const CORS: Readonly<Record<string, string>> = {
  'access-control-allow-headers': 'Accept, Authorization, Content-Type, Origin',
  'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'Date',
  'cache-control': 'no-cache, no-store, must-revalidate',
}

/** `/api/v1/metrics`, `/api/v1/status`, `/api/v1/admin/wipe`. */
export function addV1(server: HttpServer, options: V1Options): void {
  const { buildInformation, enableAdminApi, flags, startMs, store } = options
  const base = `${options.prefix}/api/v1`
  const succeed = (reply: FastifyReply, data: unknown): FastifyReply =>
    reply
      .headers(CORS)
      .type('application/json')
      .send(goJson({ status: 'success', data }))
  server.api.get(`${base}/metrics`, (_request, reply) => succeed(reply, store.groups.map(groupJson)))
  server.api.get(`${base}/status`, (_request, reply) =>
    succeed(reply, {
      build_information: buildInformation,
      flags,
      start_time: new Date(startMs).toISOString(),
    }),
  )
  server.api.options(`${base}/*`, (_request, reply) => reply.headers(CORS).send())
  if (!enableAdminApi) return
  server.api.put(`${base}/admin/wipe`, async (_request, reply) => {
    await store.wipe()
    return reply.code(202).send()
  })
}

function groupJson(group: MetricGroup): Record<string, unknown> {
  const families = [...group.families].map(([name, { family, pushedNs }]): [string, unknown] => [
    name,
    {
      time_stamp: timeText(pushedNs),
      type: family.type,
      ...(family.help ? { help: family.help } : {}),
      metrics: family.metrics.map(metricJson),
    },
  ])
  const own: [string, unknown][] = [
    ['labels', labelsJson(group.labels)],
    ['last_push_successful', lastPushSucceeded(group)],
  ]
  return Object.fromEntries([...families, ...own].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function metricJson({ labels, value }: FamilyMetric): Record<string, unknown> {
  return { ...beforeLabels(value), labels: labelsJson(labels), ...afterLabels(value) }
}

/** Members are in the order of their names, as Go writes a map. */
function beforeLabels(value: FamilyValue): Record<string, unknown> {
  if (value.kind === 'summary') return { count: String(value.count) }
  if (value.kind !== 'histogram') return {}
  const buckets = value.buckets.map(({ count, upperBound }): [string, string] => [
    formatGoFloat(upperBound),
    countText(count),
  ])
  return { buckets: Object.fromEntries(buckets), count: countText(value.count) }
}

function afterLabels(value: FamilyValue): Record<string, unknown> {
  switch (value.kind) {
    case 'summary': {
      const quantiles = value.quantiles.map((at): [string, string] => [
        formatGoFloat(at.quantile),
        formatGoFloat(at.value),
      ])
      return { quantiles: Object.fromEntries(quantiles), sum: formatGoFloat(value.sum) }
    }
    case 'histogram':
      return { sum: formatGoFloat(value.sum) }
    default:
      return { value: formatGoFloat(value.value) }
  }
}

function countText(count: number): string {
  return Number.isInteger(count) ? String(BigInt(count)) : formatGoFloat(count)
}

function labelsJson(labels: readonly FamilyLabel[]): Record<string, string> {
  return Object.fromEntries(labels.map(({ name, value }) => [name, value]))
}

/** RFC 3339 with nanoseconds, as Go prints a time in UTC. */
export function timeText(timeNs: bigint): string {
  const seconds = new Date(Number(timeNs / 1_000_000n)).toISOString().slice(0, 19)
  const fraction = String(timeNs % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '')
  return `${seconds}${fraction === '' ? '' : '.' + fraction}Z`
}

/** Go escapes what could end a script element. */
function goJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (char) => {
    return '\\u' + char.charCodeAt(0).toString(16).padStart(4, '0')
  })
}
