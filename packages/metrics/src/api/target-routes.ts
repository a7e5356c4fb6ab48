import type { FastifyRequest } from 'fastify'
import { labelsFromRecord, labelsToRecord, METRIC_NAME } from '@quartet/model'
import type { Labels } from '@quartet/model'
import { createMatcher } from '@quartet/query'
import type { Matcher } from '@quartet/query'
import { requestSignal } from '@quartet/runtime'
import { relabel } from '@quartet/scrape'
import type { RelabelRule } from '@quartet/scrape'
import { ParseError } from '../query/syntax/parse-error.ts'
import { parseSelector } from '../query/syntax/parser.ts'
import type { ApiContext } from './context.ts'
import { ApiError, invalidParameter } from './errors.ts'
import { Parameters } from './parameters.ts'
import type { Reply } from './reply.ts'

/** What a family's series may be called besides the family itself. */
const SUFFIXES: readonly string[] = ['', '_total', '_bucket', '_count', '_sum', '_created', '_info']

/** Metadata by target: of the families of which the target's series are there. */
export async function targetsMetadata(context: ApiContext, request: FastifyRequest): Promise<Reply> {
  const parameters = Parameters.of(request)
  const limitText = parameters.get('limit')
  if (limitText !== '' && !/^[+-]?\d+$/.test(limitText)) throw new ApiError('bad_data', 'limit must be a number')
  const limit = limitText === '' ? -1 : Number(limitText)
  const wanted = matchTarget(parameters.get('match_target'))
  const metric = parameters.get('metric')
  const all = [...context.source.metadata()]
  const found: Record<string, unknown>[] = []
  for (const { target } of context.scrapes.active()) {
    if (limit >= 0 && found.length >= limit) break
    if (!wanted.every((matcher) => matcher.matches(labelsToRecord(target.labels)[matcher.name] ?? ''))) continue
    const names = await seriesNames(context, target.labels, requestSignal(request))
    const shown = labelsToRecord(target.labels)
    for (const { family, type, help, unit } of all) {
      if (limit >= 0 && found.length >= limit) break
      if (metric !== '' && family !== metric) continue
      if (!SUFFIXES.some((suffix) => names.has(family + suffix))) continue
      found.push({ target: shown, ...(metric === '' && { metric: family }), type, help, unit })
    }
  }
  if (found.length === 0) throw new ApiError('not_found', 'specified metadata not found')
  return { data: found }
}

function matchTarget(text: string): readonly Matcher[] {
  if (text === '') return []
  try {
    return parseSelector(text)
  } catch (error) {
    if (!(error instanceof ParseError)) throw error
    throw invalidParameter('match_target', error)
  }
}

async function seriesNames(context: ApiContext, labels: Labels, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const maxMs = context.clock.nowMs()
  const matchers = labels.map(([name, value]) => createMatcher(name, '=', value))
  const request = { matcherSets: [matchers], minMs: maxMs - context.settings.lookbackMs, maxMs, signal }
  return new Set(await context.source.labelValues(METRIC_NAME, request))
}

/** What every rule of a scrape pool makes of the labels, one after the other, until one drops them. */
export function relabelSteps(context: ApiContext, request: FastifyRequest): Reply {
  const parameters = Parameters.of(request)
  const pool = parameters.get('scrapePool')
  if (pool === '') throw new ApiError('bad_data', 'no scrapePool parameter provided')
  const text = parameters.get('labels')
  if (text === '') throw new ApiError('bad_data', 'no labels parameter provided')
  let labels: Labels | undefined = parseLabels(text)
  const config = context.config().scrapeConfigs.find(({ jobName }) => jobName === pool)
  if (config === undefined)
    throw new ApiError('bad_data', `error getting scrape configuration: scrape pool "${pool}" not found`)
  const steps: unknown[] = []
  for (const rule of config.relabelRules) {
    const before: Labels = labels
    labels = relabel(before, [rule])
    steps.push({ rule: showRule(rule), output: labelsToRecord(labels ?? before), keep: labels !== undefined })
    if (labels === undefined) break
  }
  return { data: { steps } }
}

function parseLabels(text: string): Labels {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one === 'string')) {
      return labelsFromRecord(value as Record<string, string>)
    }
    throw new SyntaxError('an object of strings is expected')
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new ApiError('bad_data', `error unmarshaling labels: ${error.message}`, { cause: error })
  }
}

function showRule({
  sourceLabels,
  separator,
  pattern,
  modulus,
  targetLabel,
  replacement,
  action,
}: RelabelRule): unknown {
  return {
    ...(sourceLabels.length > 0 && { sourceLabels }),
    ...(separator !== '' && { separator }),
    regex: pattern,
    ...(modulus !== 0 && { modulus }),
    ...(targetLabel !== '' && { targetLabel }),
    ...(replacement !== '' && { replacement }),
    action,
  }
}
