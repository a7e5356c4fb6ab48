import { labelsFromPairs, labelValue, labelsKey } from '@quartet/model'
import type { Label, Labels } from '@quartet/model'
import { formatDuration, parseDuration } from '@quartet/query'

import { relabel } from '../relabel/relabel.ts'
import type { ScrapeConfig } from '../scrape-config.ts'

/** What discovery found: labels before relabelling. */
export interface DiscoveredTarget {
  readonly discoveredLabels: Labels
  /** Which discovery and group it came from, as `/api/v1/targets` shows nothing of; for messages. */
  readonly source: string
}

/** A target that will be scraped. */
export interface Target extends DiscoveredTarget {
  /** Labels that every sample gets: without `__…` ones. */
  readonly labels: Labels
  readonly url: string
  /** URL as upstream shows it in `globalUrl`; equal to `url` unless the host is this machine's own loopback. */
  readonly globalUrl: string
  readonly intervalMs: number
  readonly timeoutMs: number
  /** Equal keys are the same target: it keeps its loop over a reload. */
  readonly key: string
}

const META_PREFIX = '__meta_'
const INTERNAL_PREFIX = '__'
const PARAM_PREFIX = '__param_'

/** Labels as discovery and the scrape configuration give them, before relabelling. */
export function withScrapeDefaults(discovered: Labels, config: ScrapeConfig): Labels {
  const pairs = new Map<string, string>(discovered)
  const fill = (name: string, value: string): void => {
    if ((pairs.get(name) ?? '') === '') pairs.set(name, value)
  }
  fill('job', config.jobName)
  fill('__scrape_interval__', formatDuration(config.scrapeIntervalMs))
  fill('__scrape_timeout__', formatDuration(config.scrapeTimeoutMs))
  fill('__metrics_path__', config.metricsPath)
  fill('__scheme__', config.scheme)
  for (const [name, values] of Object.entries(config.params)) {
    if (values.length > 0 && !pairs.has(PARAM_PREFIX + name)) pairs.set(PARAM_PREFIX + name, values[0])
  }
  return labelsFromPairs(pairs as Iterable<Label>)
}

export type PopulatedLabels =
  | { kind: 'kept'; labels: Labels }
  | { kind: 'dropped' }
  | { kind: 'invalid'; reason: string }

/**
 * Relabels and checks what was discovered, as `PopulateLabels` of Prometheus' scrape package. The result still has the
 * internal labels that say how to scrape.
 */
export function populateLabels(withDefaults: Labels, config: ScrapeConfig): PopulatedLabels {
  const relabelled = relabel(withDefaults, config.relabelRules)
  if (!relabelled) return { kind: 'dropped' }
  const pairs = new Map<string, string>(relabelled)
  const address = pairs.get('__address__') ?? ''
  if (address === '') return { kind: 'invalid', reason: 'no address' }
  if (address.includes('/')) return { kind: 'invalid', reason: `"${address}" is not a valid hostname` }
  const timing = checkTiming(pairs)
  if (timing !== undefined) return { kind: 'invalid', reason: timing }
  for (const name of pairs.keys()) if (name.startsWith(META_PREFIX)) pairs.delete(name)
  if ((pairs.get('instance') ?? '') === '') pairs.set('instance', address)
  for (const [name, value] of pairs) {
    if (!value.isWellFormed()) return { kind: 'invalid', reason: `invalid label value for "${name}": "${value}"` }
  }
  return { kind: 'kept', labels: labelsFromPairs(pairs as Iterable<Label>) }
}

function checkTiming(pairs: ReadonlyMap<string, string>): string | undefined {
  const interval = duration(pairs.get('__scrape_interval__') ?? '', 'scrape interval')
  if (typeof interval === 'string') return interval
  const timeout = duration(pairs.get('__scrape_timeout__') ?? '', 'scrape timeout')
  if (typeof timeout === 'string') return timeout
  if (timeout > interval) {
    return `scrape timeout cannot be greater than scrape interval ("${pairs.get('__scrape_timeout__')}" > "${pairs.get('__scrape_interval__')}")`
  }
  return undefined
}

function duration(text: string, what: string): number | string {
  try {
    const value = parseDuration(text)
    return value === 0 ? `${what} cannot be 0` : value
  } catch (error) {
    return `error parsing ${what}: ${(error as Error).message}`
  }
}

/** Builds the target of labels that {@link populateLabels} kept. */
export function createTarget(discovered: DiscoveredTarget, populated: Labels, config: ScrapeConfig): Target {
  const scheme = labelValue(populated, '__scheme__')
  const url = new URL(`${scheme}://${labelValue(populated, '__address__')}`)
  url.pathname = labelValue(populated, '__metrics_path__')
  for (const [name, value] of parameters(populated, config)) url.searchParams.append(name, value)
  const labels = populated.filter(([name]) => !name.startsWith(INTERNAL_PREFIX))
  return {
    ...discovered,
    labels,
    url: url.href,
    globalUrl: url.href,
    intervalMs: parseDuration(labelValue(populated, '__scrape_interval__')),
    timeoutMs: parseDuration(labelValue(populated, '__scrape_timeout__')),
    key: `${url.href}\xff${labelsKey(labels)}${labelValue(populated, '__scrape_interval__')}`,
  }
}

/** `params` of the configuration, of which relabelling may have replaced the first value of a name. */
function* parameters(populated: Labels, config: ScrapeConfig): Generator<readonly [string, string]> {
  const replaced = new Map<string, string>()
  for (const [name, value] of populated) {
    if (name.startsWith(PARAM_PREFIX)) replaced.set(name.slice(PARAM_PREFIX.length), value)
  }
  for (const [name, values] of Object.entries(config.params)) {
    for (const [index, value] of values.entries()) yield [name, index === 0 ? (replaced.get(name) ?? value) : value]
    replaced.delete(name)
  }
  yield* replaced
}
