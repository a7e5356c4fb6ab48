import { z } from 'zod'
import { bytes, checked, duration, labelsProblem, limit, optionalText, section, stringMap } from './fields.ts'
import { protocolsProblem } from './scrape-protocols.ts'

const DEFAULT_INTERVAL_MS = 60_000
const DEFAULT_TIMEOUT_MS = 10_000

/** A zero counts as absent, as upstream has it. */
const interval = duration.default(0)

/** `global`: defaults of all jobs, and what is told about this server to others. */
export const globalSection = checked(
  section('config.plain', {
    scrape_interval: interval,
    scrape_timeout: interval,
    scrape_protocols: z.array(z.string()).optional(),
    evaluation_interval: interval,
    rule_query_offset: duration.default(0),
    query_log_file: optionalText,
    scrape_failure_log_file: optionalText,
    external_labels: stringMap.default({}),
    body_size_limit: bytes.default(0),
    sample_limit: limit.default(0),
    target_limit: limit.default(0),
    label_limit: limit.default(0),
    label_name_length_limit: limit.default(0),
    label_value_length_limit: limit.default(0),
    keep_dropped_targets: limit.default(0),
    metric_name_validation_scheme: z.enum(['', 'legacy', 'utf8']).default('utf8'),
    metric_name_escaping_scheme: optionalText,
    scrape_native_histograms: z.boolean().default(false),
    convert_classic_histograms_to_nhcb: z.boolean().default(false),
    always_scrape_classic_histograms: z.boolean().default(false),
    extra_scrape_metrics: z.boolean().default(false),
  }),
  ({ external_labels: labels, metric_name_validation_scheme: scheme }) => labelsProblem(labels, scheme === 'legacy'),
  ({ scrape_interval: every, scrape_timeout: timeout }) =>
    timeout > (every || DEFAULT_INTERVAL_MS) ? 'global scrape timeout greater than scrape interval' : undefined,
  ({ scrape_protocols: protocols }) => {
    const problem = protocolsProblem(protocols)
    return problem === undefined ? undefined : `${problem} for global config`
  },
)

export type GlobalSection = z.infer<typeof globalSection>

/** Fills in what depends on another key. */
export function effectiveGlobal(given: GlobalSection): GlobalSection {
  const scrapeInterval = given.scrape_interval || DEFAULT_INTERVAL_MS
  return {
    ...given,
    scrape_interval: scrapeInterval,
    scrape_timeout: given.scrape_timeout || Math.min(DEFAULT_TIMEOUT_MS, scrapeInterval),
    evaluation_interval: given.evaluation_interval || DEFAULT_INTERVAL_MS,
    metric_name_validation_scheme: given.metric_name_validation_scheme || 'utf8',
  }
}
