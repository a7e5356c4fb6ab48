import { printYaml } from '@quartet/runtime'
import { z } from 'zod'
import { prometheusSchema } from './prometheus-schema.ts'
import type { PrometheusSections } from './prometheus-schema.ts'

/** Written although they are false, zero or empty: there they say something. */
const ALWAYS: ReadonlySet<string> = new Set([
  'job_name',
  'honor_timestamps',
  'track_timestamps_staleness',
  'scrape_native_histograms',
  'always_scrape_classic_histograms',
  'convert_classic_histograms_to_nhcb',
  'enable_compression',
  'follow_redirects',
  'enable_http2',
  'insecure_skip_verify',
  'match_first_network',
  'allow_stale',
  'send',
  'regex',
  'separator',
  'replacement',
])

/** Left out of `global` when false, unlike in a job. */
const GLOBAL_SWITCHES: readonly string[] = [
  'always_scrape_classic_histograms',
  'convert_classic_histograms_to_nhcb',
  'extra_scrape_metrics',
]

/**
 * The configuration in effect as `/api/v1/status/config` shows it: written anew from the checked settings, so that a secret
 * cannot get through in whatever way it was written.
 */
export async function effectiveText(sections: PrometheusSections): Promise<string> {
  const written = withoutEmpty(z.encode(prometheusSchema, sections))
  if (isMapping(written) && isMapping(written['global'])) {
    for (const key of GLOBAL_SWITCHES) if (written['global'][key] === false) delete written['global'][key]
  }
  return printYaml(written)
}

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty)
  if (!isMapping(value)) return value
  const kept: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) {
    const inner = withoutEmpty(item)
    if (inner !== undefined && (ALWAYS.has(key) || !isEmpty(inner))) kept[key] = inner
  }
  return kept
}

/** What upstream's `omitempty` leaves out. */
function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0
  if (isMapping(value)) return Object.keys(value).length === 0
  return value === '' || value === 0 || value === false || value === '0s' || value === '0B'
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
