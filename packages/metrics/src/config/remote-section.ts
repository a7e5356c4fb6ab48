import { quoteGo } from '@quartet/query'
import { z } from 'zod'
import { azuread, googleIam, sigv4 } from './cloud-auth.ts'
import { checked, duration, labelsProblem, optionalText, section, stringMap, url } from './fields.ts'
import { checkHttp, httpFields, RESERVED_HEADERS } from './http-config.ts'
import { effectiveRule, relabelRules } from './relabel-section.ts'

function headersProblem(headers: Readonly<Record<string, string>>): string | undefined {
  const names = Object.keys(headers)
  if (names.some((name) => name.toLowerCase() === 'authorization')) {
    return 'authorization header must be changed via the basic_auth, authorization, oauth2, sigv4, azuread or google_iam parameter'
  }
  const reserved = names.find((name) => RESERVED_HEADERS.has(name.toLowerCase()))
  return reserved === undefined ? undefined : `${reserved} is a reserved header. It must not be changed`
}

const MESSAGES = ['prometheus.WriteRequest', 'io.prometheus.write.v2.Request']

const count = (fallback: number) => z.number().int().default(fallback)

/** One entry of `remote_write`. */
export const remoteWriteSection = checked(
  section(
    'config.plain',
    {
      url: url.default(''),
      remote_timeout: duration.default(30_000),
      headers: stringMap.default({}),
      write_relabel_configs: relabelRules('empty or null relabeling rule in remote write config'),
      name: optionalText,
      send_exemplars: z.boolean().default(false),
      send_native_histograms: z.boolean().default(false),
      round_robin_dns: z.boolean().default(false),
      protobuf_message: z.string().default('prometheus.WriteRequest'),
      ...httpFields,
      enable_http2: z.boolean().default(false),
      queue_config: section('config.QueueConfig', {
        capacity: count(10_000),
        max_shards: count(50),
        min_shards: count(1),
        max_samples_per_send: count(2000),
        batch_send_deadline: duration.default(5000),
        min_backoff: duration.default(30),
        max_backoff: duration.default(5000),
        retry_on_http_429: z.boolean().default(false),
        sample_age_limit: duration.default(0),
      }).prefault({}),
      metadata_config: section('config.MetadataConfig', {
        send: z.boolean().default(true),
        send_interval: duration.default(60_000),
        max_samples_per_send: count(2000),
      }).prefault({}),
      sigv4: sigv4.optional(),
      azuread: azuread.optional(),
      google_iam: googleIam.optional(),
    },
    'empty or null remote write config section',
  ),
  ({ url: address }) => (address === '' ? 'url for remote_write is empty' : undefined),
  ({ headers }) => headersProblem(headers),
  ({ protobuf_message: message }) => {
    if (MESSAGES.includes(message)) return undefined
    const supported = `supported: ${MESSAGES.join(', ')}`
    return `invalid protobuf_message value: unknown type for remote write protobuf message ${message}, ${supported}`
  },
  checkHttp,
  (write) => {
    const ways = (['basic_auth', 'authorization', 'oauth2', 'sigv4', 'azuread', 'google_iam'] as const).filter(
      (key) => write[key] !== undefined,
    )
    if (ways.length < 2) return undefined
    const rule = 'at most one of basic_auth, authorization, oauth2, sigv4, azuread or google_iam must be configured'
    return `${rule}. Currently configured: [${ways.join(' ')}]`
  },
)

/** One entry of `remote_read`. */
export const remoteReadSection = checked(
  section(
    'config.plain',
    {
      url: url.default(''),
      remote_timeout: duration.default(60_000),
      chunked_read_limit: z.number().int().nonnegative().default(50_000_000),
      headers: stringMap.default({}),
      read_recent: z.boolean().default(false),
      name: optionalText,
      ...httpFields,
      required_matchers: stringMap.default({}),
      filter_external_labels: z.boolean().default(true),
    },
    'empty or null remote read config section',
  ),
  ({ url: address }) => (address === '' ? 'url for remote_read is empty' : undefined),
  ({ headers }) => headersProblem(headers),
  ({ required_matchers: matchers }) => labelsProblem(matchers),
  checkHttp,
)

/** Upstream's complaint about a name that two entries have; those without get one from their content. */
export function duplicateName(
  sections: readonly { readonly name?: string | undefined }[],
  kind: 'write' | 'read',
): { readonly index: number; readonly message: string } | undefined {
  const seen = new Set<string>()
  for (const [index, { name = '' }] of sections.entries()) {
    if (seen.has(name))
      return { index, message: `found multiple remote ${kind} configs with job name ${quoteGo(name)}` }
    if (name !== '') seen.add(name)
  }
  return undefined
}

export type RemoteWriteSection = z.infer<typeof remoteWriteSection>

export function effectiveRemoteWrite(write: RemoteWriteSection): RemoteWriteSection {
  return { ...write, write_relabel_configs: write.write_relabel_configs.map(effectiveRule) }
}
