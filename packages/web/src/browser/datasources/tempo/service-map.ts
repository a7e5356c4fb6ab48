import type { DataFrame, DataLink } from '@grafana/data'
import { escapeString } from '../escape.ts'
import { column, frame } from '../frame.ts'

/** One row of an instant query's answer. */
export interface ServiceMapSample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Answers to {@link serviceMapQueries}, in their order. */
export interface ServiceMapAnswers {
  readonly total: readonly ServiceMapSample[]
  readonly failed: readonly ServiceMapSample[]
  readonly seconds: readonly ServiceMapSample[]
  readonly spanRate: readonly ServiceMapSample[]
  readonly spanErrors: readonly ServiceMapSample[]
  readonly spanDuration: readonly ServiceMapSample[]
}

const tableRows = 20

/**
 * PromQL over what Tempo's metrics generator writes.
 * @param filters selectors in braces, of which one has to match; empty ones are left out
 */
export function serviceMapQueries(
  filters: readonly string[],
  rangeSeconds: number,
): { readonly [K in keyof ServiceMapAnswers]: string } {
  const selectors = filters.map((filter) => filter.trim()).filter((filter) => filter !== '' && filter !== '{}')
  const window = `[${Math.max(1, Math.round(rangeSeconds))}s]`
  const edges = (metric: string): string =>
    (selectors.length === 0 ? [''] : selectors)
      .map((selector) => `rate(traces_service_graph_request_${metric}${selector}${window})`)
      .join(' or ')
      .replace(/^.*$/s, 'sum by (client, server, connection_type) ($&)')
  const spans = (metric: string, matcher: string): string =>
    `rate(traces_spanmetrics_${metric}{span_kind="SPAN_KIND_SERVER"${matcher}}${window})`
  const top = `topk(${tableRows}, sum by (service, span_name) (${spans('calls_total', '')})) > 0`
  return {
    total: edges('total'),
    failed: edges('failed_total'),
    seconds: edges('server_seconds_sum'),
    spanRate: top,
    spanErrors: `sum by (service, span_name) (${spans('calls_total', ',status_code="STATUS_CODE_ERROR"')})`,
    spanDuration: `histogram_quantile(0.9, sum by (le, service, span_name) (${spans('latency_bucket', '')}))`,
  }
}

/** Where nodes, edges and rows lead; each makes a URL of texts that are filled in when it is followed. */
export interface ServiceMapLinks {
  promql(query: string): string
  traceql(query: string): string
}

interface Totals {
  rate: number
  failed: number
  seconds: number
}

const none = (): Totals => ({ rate: 0, failed: 0, seconds: 0 })

/** Nodes, edges, and a table of the busiest operations, as Grafana's Tempo data source answers them. */
export function serviceMapFrames(answers: ServiceMapAnswers, links: ServiceMapLinks, refId: string): DataFrame[] {
  const edges = new Map<string, Edge>()
  const edgeOf = ({ labels }: ServiceMapSample): Edge => {
    const { client = '', connection_type: connection = '', server = '' } = labels
    const id = `${client}_${server}`
    let edge = edges.get(id)
    if (!edge) edges.set(id, (edge = { id, client, server, connection, ...none() }))
    return edge
  }
  for (const sample of answers.total) if (sample.value > 0) edgeOf(sample).rate += sample.value
  const known = (sample: ServiceMapSample): Edge | undefined =>
    edges.get(`${sample.labels['client']}_${sample.labels['server']}`)
  for (const sample of answers.failed) add(known(sample), 'failed', sample.value)
  for (const sample of answers.seconds) add(known(sample), 'seconds', sample.value)
  const all = [...edges.values()]
  if (all.length === 0) return []
  return [nodesFrame(all, links, refId), edgesFrame(all, links, refId), ...operationsFrame(answers, links, refId)]
}

interface Edge extends Totals {
  readonly id: string
  readonly client: string
  readonly server: string
  readonly connection: string
}

function add(edge: Edge | undefined, key: keyof Totals, value: number): void {
  if (edge && Number.isFinite(value)) edge[key] += value
}

function nodesFrame(edges: readonly Edge[], links: ServiceMapLinks, refId: string): DataFrame {
  const nodes = new Map<string, Totals & { kind: string; isServer: boolean }>()
  const nodeOf = (id: string) => {
    let node = nodes.get(id)
    if (!node) nodes.set(id, (node = { ...none(), kind: '', isServer: false }))
    return node
  }
  for (const { client, connection, failed, rate, seconds, server } of edges) {
    nodeOf(client)
    const node = nodeOf(server)
    node.isServer = true
    node.rate += rate
    node.failed += failed
    node.seconds += seconds
    if (connection === 'database') node.kind = 'database'
  }
  for (const { client, connection } of edges) {
    const node = nodeOf(client)
    // A virtual client has no requests of its own.
    if (connection === 'virtual_node' && !node.isServer) node.kind = 'external'
  }
  const rows = [...nodes]
  const numbers = (pick: (node: Totals & { isServer: boolean }) => number | null): (number | null)[] =>
    rows.map(([, node]) => (node.isServer ? pick(node) : null))
  return frame({
    refId,
    name: 'Nodes',
    meta: { preferredVisualisationType: 'nodeGraph' },
    fields: [
      column(
        'string',
        'id',
        rows.map(([id]) => id),
        { config: { links: nodeLinks(links) } },
      ),
      column(
        'string',
        'title',
        rows.map(([id]) => id),
        { config: { displayName: 'Service name' } },
      ),
      column(
        'string',
        'subtitle',
        rows.map(([, { kind }]) => kind),
      ),
      column('number', 'mainstat', numbers(averageMs), {
        config: { unit: 'ms/r', displayName: 'Average response time', decimals: 2 },
      }),
      column(
        'number',
        'secondarystat',
        numbers(({ rate }) => rate),
        {
          config: { unit: 'r/sec', displayName: 'Requests per second', decimals: 2 },
        },
      ),
      column(
        'number',
        'arc__success',
        rows.map(([, node]) => (node.isServer ? 1 - failedShare(node) : 1)),
        { config: { displayName: 'Success', color: { mode: 'fixed', fixedColor: 'green' } } },
      ),
      column(
        'number',
        'arc__failed',
        rows.map(([, node]) => failedShare(node)),
        {
          config: { displayName: 'Failed', color: { mode: 'fixed', fixedColor: 'red' } },
        },
      ),
    ],
  })
}

function edgesFrame(edges: readonly Edge[], links: ServiceMapLinks, refId: string): DataFrame {
  const busiest = Math.max(...edges.map(({ rate }) => rate))
  const texts = (name: string, pick: (edge: Edge) => string, config = {}) =>
    column('string', name, edges.map(pick), { config })
  return frame({
    refId,
    name: 'Edges',
    meta: { preferredVisualisationType: 'nodeGraph' },
    fields: [
      texts('id', ({ id }) => id, { links: edgeLinks(links) }),
      texts('source', ({ client }) => client),
      texts('target', ({ server }) => server),
      column('number', 'mainstat', edges.map(averageMs), {
        config: { unit: 'ms/r', displayName: 'Average response time', decimals: 2 },
      }),
      column(
        'number',
        'secondarystat',
        edges.map(({ rate }) => rate),
        { config: { unit: 'r/sec', displayName: 'Requests per second', decimals: 2 } },
      ),
      // Wider where more goes; the logarithm keeps rare ways visible.
      column(
        'number',
        'thickness',
        edges.map(({ rate }) => 1 + 2.5 * (Math.log1p(rate) / Math.log1p(busiest))),
      ),
      texts('color', (edge) => (failedShare(edge) >= 0.01 ? 'red' : '')),
      texts('strokeDasharray', ({ connection }) => (connection === 'messaging_system' ? '6 4' : '')),
      texts('detail__connection', ({ connection }) => connection.replaceAll('_', ' '), { displayName: 'Connection' }),
      column('number', 'detail__failed', edges.map(failedShare), {
        config: { unit: 'percentunit', displayName: 'Failed', decimals: 1 },
      }),
    ],
  })
}

/** Rate, errors and duration of the busiest operations. */
function operationsFrame(answers: ServiceMapAnswers, links: ServiceMapLinks, refId: string): DataFrame[] {
  const key = ({ labels }: ServiceMapSample): string => `${labels['service']}\n${labels['span_name']}`
  const errors = new Map(answers.spanErrors.map((sample) => [key(sample), sample.value]))
  const durations = new Map(answers.spanDuration.map((sample) => [key(sample), sample.value]))
  const rows = answers.spanRate.toSorted((a, b) => b.value - a.value)
  if (rows.length === 0) return []
  const operation = 'resource.service.name = "${__data.fields.Service}" && name = "${__data.fields.Name}"'
  return [
    frame({
      refId,
      name: 'Operations',
      meta: { preferredVisualisationType: 'table' },
      fields: [
        column(
          'string',
          'Service',
          rows.map(({ labels }) => labels['service'] ?? ''),
        ),
        column(
          'string',
          'Name',
          rows.map(({ labels }) => labels['span_name'] ?? ''),
          { config: { links: [link('View traces', () => links.traceql(`{ ${operation} }`))] } },
        ),
        column(
          'number',
          'Rate',
          rows.map(({ value }) => value),
          { config: { unit: 'reqps', decimals: 2 } },
        ),
        column(
          'number',
          'Error rate',
          rows.map((sample) => (errors.get(key(sample)) ?? 0) / sample.value),
          {
            config: {
              unit: 'percentunit',
              decimals: 1,
              links: [link('View errors', () => links.traceql(`{ ${operation} && status = error }`))],
            },
          },
        ),
        column(
          'number',
          'Duration (p90)',
          rows.map((sample) => durations.get(key(sample)) ?? null),
          { config: { unit: 's' } },
        ),
      ],
    }),
  ]
}

function averageMs({ rate, seconds }: Totals): number | null {
  return rate > 0 ? (seconds / rate) * 1000 : null
}

function failedShare({ failed, rate }: Totals): number {
  return rate > 0 ? Math.min(1, failed / rate) : 0
}

function nodeLinks(links: ServiceMapLinks): DataLink[] {
  return [
    ...metricLinks('server="${__data.fields.id}"', links),
    link('View traces', () => links.traceql('{ resource.service.name = "${__data.fields.id}" }')),
  ]
}

function edgeLinks(links: ServiceMapLinks): DataLink[] {
  const callee =
    '{ resource.service.name = "${__data.fields.source}" } > { resource.service.name = "${__data.fields.target}" }'
  return [
    ...metricLinks('client="${__data.fields.source}",server="${__data.fields.target}"', links),
    link('View traces', () => links.traceql(callee)),
  ]
}

function metricLinks(matchers: string, { promql }: ServiceMapLinks): DataLink[] {
  const rate = (metric: string): string => `rate(traces_service_graph_request_${metric}{${matchers}}[$__rate_interval])`
  return [
    link('Request rate', () => promql(`sum by (client, server) (${rate('total')})`)),
    link('Request histogram', () =>
      promql(`histogram_quantile(0.9, sum by (le, client, server) (${rate('server_seconds_bucket')}))`),
    ),
    link('Failed request rate', () => promql(`sum by (client, server) (${rate('failed_total')})`)),
  ]
}

/** Names are put in when the link is followed, escaped for the string that they stand in and then for the URL. */
function link(title: string, url: () => string): DataLink {
  return {
    title,
    url: '',
    onBuildUrl: ({ replaceVariables }) =>
      url().replaceAll(
        /%24%7B(__data\.fields\.\w+)%7D|\$\{(__data\.fields\.\w+)\}/g,
        (placeholder, encoded?: string, plain?: string) => {
          const text = replaceVariables?.(`\${${encoded ?? plain}}`) ?? placeholder
          return encodeURIComponent(JSON.stringify(escapeString(text)).slice(1, -1))
        },
      ),
  }
}
