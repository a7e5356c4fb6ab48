import { DurationError, parseDuration } from '@quartet/query'
import { z } from 'zod'
import { createRelabelRule } from '../relabel/relabel.ts'
import type { RelabelRule } from '../relabel/relabel.ts'

/** One receiver of samples, as Prometheus's `remote_write` describes it. */
export interface RemoteWriteConfig {
  readonly name: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly basicAuth:
    | { readonly username: string; readonly password: string; readonly passwordFile: string }
    | undefined
  readonly bearerToken: { readonly text: string; readonly file: string } | undefined
  readonly tls: {
    readonly caFile: string
    readonly certFile: string
    readonly keyFile: string
    readonly serverName: string
    readonly skipVerify: boolean
  }
  readonly followRedirects: boolean
  readonly sendExemplars: boolean
  readonly relabelRules: readonly RelabelRule[]
  readonly maxSamplesPerSend: number
  readonly minBackoffMs: number
  readonly maxBackoffMs: number
  readonly retryOn429: boolean
  readonly metadataIntervalMs: number | undefined
}

/** Milliseconds from a Prometheus duration. */
const prometheusDuration = z.string().transform((text, context) => {
  try {
    return parseDuration(text)
  } catch (error) {
    if (!(error instanceof DurationError)) throw error
    context.addIssue({ code: 'custom', message: error.message })
    return z.NEVER
  }
})

/** One entry of `relabel_configs`, checked. */
export const relabelRuleSchema = z
  .strictObject({
    source_labels: z.array(z.string()).optional(),
    separator: z.string().optional(),
    regex: z.string().optional(),
    modulus: z.number().int().nonnegative().optional(),
    target_label: z.string().optional(),
    replacement: z.string().optional(),
    action: z.string().optional(),
  })
  .transform((rule, context): RelabelRule => {
    try {
      return createRelabelRule({
        sourceLabels: rule.source_labels,
        separator: rule.separator,
        regex: rule.regex,
        modulus: rule.modulus,
        targetLabel: rule.target_label,
        replacement: rule.replacement,
        action: rule.action,
      })
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) })
      return z.NEVER
    }
  })

const count = z.number().int().positive()
const unsupported = (name: string) =>
  z
    .unknown()
    .optional()
    .refine((value) => value === undefined || value === null, `${name} is not supported here`)

const CLIENT = {
  basic_auth: z
    .strictObject({
      username: z.string().default(''),
      username_file: unsupported('username_file'),
      password: z.string().default(''),
      password_file: z.string().default(''),
    })
    .nullish(),
  authorization: z
    .strictObject({
      type: z.string().default('Bearer'),
      credentials: z.string().default(''),
      credentials_file: z.string().default(''),
    })
    .refine(({ type }) => type.toLowerCase() === 'bearer', 'only the authorization type Bearer is supported')
    .nullish(),
  bearer_token: z.string().default(''),
  bearer_token_file: z.string().default(''),
  tls_config: z
    .strictObject({
      ca_file: z.string().default(''),
      cert_file: z.string().default(''),
      key_file: z.string().default(''),
      server_name: z.string().default(''),
      insecure_skip_verify: z.boolean().default(false),
      min_version: z.unknown().optional(),
      max_version: z.unknown().optional(),
    })
    .nullish(),
  follow_redirects: z.boolean().default(true),
  enable_http2: z.boolean().optional(),
  oauth2: unsupported('oauth2'),
  sigv4: unsupported('sigv4'),
  azuread: unsupported('azuread'),
  google_iam: unsupported('google_iam'),
  proxy_url: unsupported('proxy_url'),
  proxy_from_environment: z.literal(false, 'proxy_from_environment is not supported here').optional(),
  no_proxy: z.unknown().optional(),
}

const QUEUE = z.strictObject({
  capacity: count.optional(),
  max_shards: count.optional(),
  min_shards: count.optional(),
  max_samples_per_send: count.default(2000),
  batch_send_deadline: prometheusDuration.optional(),
  min_backoff: prometheusDuration.default(30),
  max_backoff: prometheusDuration.default(5000),
  retry_on_http_429: z.boolean().default(true),
  sample_age_limit: prometheusDuration.optional(),
})

const METADATA = z.strictObject({
  send: z.boolean().default(true),
  send_interval: prometheusDuration.default(60_000),
  max_samples_per_send: count.optional(),
})

/** One entry of `remote_write` in the configuration of Prometheus, Tempo and Loki. */
export const remoteWriteSchema = z
  .strictObject({
    url: z.string().refine((text) => URL.canParse(text), 'remote_write needs a valid url'),
    name: z.string().default(''),
    remote_timeout: prometheusDuration.default(30_000),
    headers: z.record(z.string(), z.string()).default({}),
    send_exemplars: z.boolean().default(false),
    send_native_histograms: z.boolean().optional(),
    round_robin_dns: z.boolean().optional(),
    protobuf_message: z
      .literal('prometheus.WriteRequest', 'only remote write 1.0 is written: prometheus.WriteRequest')
      .optional(),
    write_relabel_configs: z.array(relabelRuleSchema).default([]),
    queue_config: QUEUE.nullish(),
    metadata_config: METADATA.nullish(),
    ...CLIENT,
  })
  .transform((yaml): RemoteWriteConfig => {
    const queue = yaml.queue_config ?? QUEUE.parse({})
    const metadata = yaml.metadata_config ?? METADATA.parse({})
    const bearer = {
      text: yaml.authorization?.credentials || yaml.bearer_token,
      file: yaml.authorization?.credentials_file || yaml.bearer_token_file,
    }
    return {
      name: yaml.name,
      url: yaml.url,
      headers: yaml.headers,
      timeoutMs: yaml.remote_timeout,
      basicAuth: yaml.basic_auth
        ? {
            username: yaml.basic_auth.username,
            password: yaml.basic_auth.password,
            passwordFile: yaml.basic_auth.password_file,
          }
        : undefined,
      bearerToken: bearer.text !== '' || bearer.file !== '' ? bearer : undefined,
      tls: {
        caFile: yaml.tls_config?.ca_file ?? '',
        certFile: yaml.tls_config?.cert_file ?? '',
        keyFile: yaml.tls_config?.key_file ?? '',
        serverName: yaml.tls_config?.server_name ?? '',
        skipVerify: yaml.tls_config?.insecure_skip_verify ?? false,
      },
      followRedirects: yaml.follow_redirects,
      sendExemplars: yaml.send_exemplars,
      relabelRules: yaml.write_relabel_configs,
      maxSamplesPerSend: queue.max_samples_per_send,
      minBackoffMs: queue.min_backoff,
      maxBackoffMs: queue.max_backoff,
      retryOn429: queue.retry_on_http_429,
      metadataIntervalMs: metadata.send ? metadata.send_interval : undefined,
    }
  })
