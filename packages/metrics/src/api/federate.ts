import type { FastifyReply, FastifyRequest } from 'fastify'
import {
  compareText,
  formatFamily,
  isStaleAt,
  labelsKey,
  labelValue,
  METRIC_NAME,
  writeDelimitedFamilies,
} from '@quartet/model'
import type { FamilyLabel, FamilyMetric, Labels, MetricFamily, NameEscaping } from '@quartet/model'
import type { Matcher } from '@quartet/query'
import { requestSignal } from '@quartet/runtime'
import { SampleColumns } from '../query/source.ts'
import { ParseError } from '../query/syntax/parse-error.ts'
import { parseSelector } from '../query/syntax/parser.ts'
import type { ApiContext } from './context.ts'
import { Parameters } from './parameters.ts'

const PROTOBUF = 'application/vnd.google.protobuf'
const ESCAPINGS: readonly NameEscaping[] = ['allow-utf-8', 'underscores', 'dots', 'values']

/** `GET /federate`: the newest sample of every series that matches, in the formats of a scrape. */
export async function federate(
  context: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const matcherSets: (readonly Matcher[])[] = []
  for (const text of Parameters.of(request).all('match[]')) {
    try {
      matcherSets.push(parseSelector(text))
    } catch (error) {
      if (!(error instanceof ParseError)) throw error
      return reply.code(400).type('text/plain; charset=utf-8').send(`${error.message}\n`)
    }
  }
  const samples = await newestSamples(context, matcherSets, requestSignal(request))
  const families = toFamilies(samples, context.config().externalLabels)
  const { isProtobuf, escaping } = negotiate(String(request.headers.accept ?? ''))
  if (isProtobuf) {
    const type = `${PROTOBUF}; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping=${escaping}`
    return reply.header('content-type', type).send(Buffer.from(writeDelimitedFamilies(families).toBytes()))
  }
  return reply
    .header('content-type', `text/plain; version=0.0.4; charset=utf-8; escaping=${escaping}`)
    .send(families.map((family) => formatFamily(family, escaping)).join(''))
}

interface NewestSample {
  readonly name: string
  readonly labels: Labels
  readonly metric: Pick<FamilyMetric, 'timestampMs' | 'value'>
}

async function newestSamples(
  context: ApiContext,
  matcherSets: readonly (readonly Matcher[])[],
  signal: AbortSignal,
): Promise<NewestSample[]> {
  const maxMs = context.clock.nowMs()
  const minMs = maxMs - context.settings.lookbackMs
  const found = new Map<string, NewestSample>()
  const columns = new SampleColumns()
  for (const matchers of matcherSets) {
    const selection = await context.source.select({ matchers, minMs, maxMs, signal })
    try {
      for (const series of selection.series) {
        series.read(columns)
        const last = columns.count - 1
        // Neither format has stale markers, and nameless series have no family.
        const name = labelValue(series.labels, METRIC_NAME)
        if (last < 0 || name === '') continue
        const histogram = columns.histograms?.[last]
        if (histogram === undefined && isStaleAt(columns.bits, last)) continue
        const value: FamilyMetric['value'] =
          histogram === undefined
            ? { kind: 'untyped', value: columns.values[last] }
            : { kind: 'histogram', count: histogram.count, sum: histogram.sum, buckets: [] }
        const metric = { timestampMs: columns.timesMs[last], value }
        found.set(labelsKey(series.labels), { name, labels: series.labels, metric })
      }
    } finally {
      selection.release()
    }
  }
  return [...found.values()].sort((a, b) => compareText(a.name, b.name))
}

/** Samples of one name and kind are a family. Series get the external labels that they lack, and an empty `instance`. */
function toFamilies(
  samples: readonly NewestSample[],
  externalLabels: Readonly<Record<string, string>>,
): MetricFamily[] {
  const external = Object.entries({ instance: '', ...externalLabels }).sort(([a], [b]) => compareText(a, b))
  const families: MetricFamily[] = []
  for (const { name, labels, metric } of samples) {
    const type = metric.value.kind === 'histogram' ? 'HISTOGRAM' : 'UNTYPED'
    const shown: FamilyLabel[] = labels
      .filter(([label, value]) => label !== METRIC_NAME && value !== '')
      .map(([label, value]) => ({ name: label, value }))
    for (const [label, value] of external) {
      if (!shown.some((one) => one.name === label)) shown.push({ name: label, value })
    }
    let family = families.at(-1)
    if (family?.name !== name || family.type !== type) {
      families.push((family = { name, help: undefined, type, metrics: [] }))
    }
    family.metrics.push({ labels: shown, ...metric })
  }
  return families
}

function negotiate(accept: string): { isProtobuf: boolean; escaping: NameEscaping } {
  for (const clause of accept.split(',')) {
    const [media, ...parameters] = clause.split(';').map((part) => part.trim())
    const of = (name: string): string | undefined =>
      parameters.find((parameter) => parameter.startsWith(`${name}=`))?.slice(name.length + 1)
    const escaping = ESCAPINGS.find((one) => one === of('escaping')) ?? 'underscores'
    if (media === PROTOBUF && of('proto') === 'io.prometheus.client.MetricFamily' && of('encoding') === 'delimited') {
      return { isProtobuf: true, escaping }
    }
    if (media === 'text/plain' && ['0.0.4', undefined].includes(of('version'))) return { isProtobuf: false, escaping }
  }
  return { isProtobuf: false, escaping: 'underscores' }
}
