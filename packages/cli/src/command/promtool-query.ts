import { PromtoolError, readFlags } from './promtool-flags.ts'
import type { PromtoolOptions } from './promtool-flags.ts'

const STRING = { type: 'string' } as const
const STRINGS = { type: 'string', multiple: true } as const

interface Metric {
  readonly metric: Readonly<Record<string, string>>
  readonly value?: readonly [number, string]
  readonly values?: readonly (readonly [number, string])[]
}

/** `promtool query …` against any Prometheus. @returns the exit code */
export async function query(what: string, args: readonly string[], options: PromtoolOptions): Promise<number> {
  const flags = readFlags(args, {
    time: STRING,
    start: STRING,
    end: STRING,
    step: STRING,
    match: STRINGS,
    format: { type: 'string', short: 'o' },
  })
  const [server, subject] = flags.words
  if (server === undefined) throw new PromtoolError("required argument 'server' not provided")
  const parameters = new URLSearchParams()
  const path = { instant: 'query', range: 'query_range', series: 'series', labels: `label/${subject}/values` }[what]!
  if (what !== 'series' && subject === undefined) throw new PromtoolError("required argument 'expr' not provided")
  if (what === 'instant' || what === 'range') parameters.set('query', subject!)
  for (const name of ['time', 'start', 'end', 'step']) {
    const value = flags.one(name)
    if (value !== undefined) parameters.set(name, value)
  }
  if (what === 'range') setRange(parameters)
  for (const match of flags.many('match')) parameters.append('match[]', match)
  const answer = await ask(server, `${path}?${parameters}`)
  if (answer.status !== 'success') {
    options.printError(`query error: ${answer.errorType}: ${answer.error}`)
    return 1
  }
  if (flags.one('format') === 'json') options.print(JSON.stringify(answer.data))
  else for (const line of linesOf(what, answer.data)) options.print(line)
  return 0
}

/** As upstream: the last five minutes, in about 250 steps. */
function setRange(parameters: URLSearchParams): void {
  const end = Number(parameters.get('end') ?? Math.floor(new Date().getTime() / 1000))
  const start = Number(parameters.get('start') ?? end - 300)
  if (!parameters.has('end')) parameters.set('end', String(end))
  if (!parameters.has('start')) parameters.set('start', String(start))
  if (!parameters.has('step')) parameters.set('step', String(Math.max(1, Math.floor((end - start) / 250) || 1)))
}

async function ask(
  server: string,
  path: string,
): Promise<{ status: string; data?: unknown; errorType?: string; error?: string }> {
  const base = server.includes('://') ? server : `http://${server}`
  try {
    const response = await fetch(`${base.replace(/\/$/, '')}/api/v1/${path}`)
    return (await response.json()) as Awaited<ReturnType<typeof ask>>
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error
    const reason = error.cause instanceof Error ? error.cause.message : error.message
    throw new PromtoolError(`${base} does not answer as a Prometheus: ${reason}`)
  }
}

function linesOf(what: string, data: unknown): string[] {
  if (what === 'labels') return data as string[]
  if (what === 'series') return (data as Record<string, string>[]).map(metricText)
  const { resultType, result } = data as { resultType: string; result: unknown }
  if (resultType === 'scalar' || resultType === 'string') {
    const [time, value] = result as [number, string]
    return [`${resultType}: ${value} @[${time}]`]
  }
  return (result as Metric[]).flatMap(({ metric, value, values }) => {
    if (values) return [`${metricText(metric)} =>`, ...values.map(([time, one]) => `${one} @[${time}]`)]
    return [`${metricText(metric)} => ${value?.[1]} @[${value?.[0]}]`]
  })
}

function metricText({ __name__: name = '', ...labels }: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`)
  return pairs.length === 0 && name !== '' ? name : `${name}{${pairs.join(', ')}}`
}
