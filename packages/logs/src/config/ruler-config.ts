import { dirname, resolve } from 'node:path'
import { relabelRuleSchema, remoteWriteSchema } from '@quartet/scrape'
import type { RelabelRule, RemoteWriteConfig } from '@quartet/scrape'
import { z } from 'zod'
import { duration, unused } from './fields.ts'

/** The part of `ruler` that has an effect here, with upstream's defaults. */
export interface RulerConfig {
  /** Holds one directory of rule files per tenant. Undefined: no rules are evaluated. */
  readonly directory: string | undefined
  /** Only `common` names it, where it stands for a place that need not be there. */
  readonly isDirectoryImplied: boolean
  /** Says only where upstream would keep its copies: part of the names of groups in metrics. */
  readonly rulePath: string
  readonly pollIntervalMs: number
  readonly evaluationIntervalMs: number
  /** Without a slash at the end. */
  readonly externalUrl: string
  readonly datasourceUid: string
  readonly enableApi: boolean
  readonly outageToleranceMs: number
  readonly forGracePeriodMs: number
  readonly resendDelayMs: number
  readonly alertmanagers: readonly AlertmanagerConfig[]
  readonly relabelRules: readonly RelabelRule[]
  readonly notificationCapacity: number
  readonly enabledTenants: readonly string[]
  readonly disabledTenants: readonly string[]
  /** Undefined: what rules give is not written anywhere. */
  readonly remoteWrite: { readonly clients: readonly RemoteWriteConfig[]; readonly addOrgId: boolean } | undefined
}

export interface AlertmanagerConfig {
  /** Up to the path of the API, without a slash at the end, without a login. */
  readonly url: string
  readonly authorization: string | undefined
  readonly timeoutMs: number
  readonly tls: {
    readonly caFile: string
    readonly certFile: string
    readonly keyFile: string
    readonly serverName: string
    readonly skipVerify: boolean
  }
}

const notBuilt = (what: string) =>
  z
    .unknown()
    .optional()
    .refine((value) => value === undefined || value === null || value === false, `${what} is not supported here`)
const text = z.string().default('')
const names = z
  .union([z.string(), z.array(z.string())])
  .transform((given) => (typeof given === 'string' ? given.split(',') : given).filter((name) => name !== ''))

const CLIENT = z.strictObject({
  tls_cert_path: text,
  tls_key_path: text,
  tls_ca_path: text,
  tls_server_name: text,
  tls_insecure_skip_verify: z.boolean().default(false),
  ...unused('tls_cipher_suites tls_min_version'),
  basic_auth_username: text,
  basic_auth_password: text,
  type: z.string().default('Bearer'),
  credentials: text,
  credentials_file: notBuilt('credentials_file of alertmanager_client'),
})

const REMOTE_WRITE = z
  .strictObject({
    enabled: z.boolean().default(false),
    client: remoteWriteSchema.nullish(),
    clients: z.record(z.string(), remoteWriteSchema).nullish(),
    add_org_id_header: z.boolean().default(true),
    ...unused('config_refresh_period'),
  })
  .refine(
    ({ enabled, client, clients }) => !enabled || !!client || Object.keys(clients ?? {}).length > 0,
    'remote-write enabled but no clients URL are configured',
  )

export const RULER = z.strictObject({
  external_url: z
    .string()
    .refine((given) => given === '' || URL.canParse(given), 'external_url is not a URL')
    .default(''),
  datasource_uid: text,
  alertmanager_url: z
    .string()
    .refine(
      (given) => given.split(',').every((one) => one.trim() === '' || URL.canParse(one.trim())),
      'alertmanager_url is not a list of URLs',
    )
    .default(''),
  enable_alertmanager_discovery: notBuilt('enable_alertmanager_discovery'),
  enable_alertmanager_v2: z.literal(true, 'alerts are sent to version 2 of the API only').default(true),
  alert_relabel_configs: z.array(relabelRuleSchema).nullish(),
  notification_queue_capacity: z.number().int().positive().default(10_000),
  notification_timeout: duration.default(10_000),
  alertmanager_client: CLIENT.nullish(),
  evaluation_interval: duration.default(60_000),
  poll_interval: duration.default(60_000),
  storage: z
    .looseObject({
      type: z.literal(['', 'local'], 'only the storage type local is supported here').default(''),
      local: z.strictObject({ directory: text }).nullish(),
    })
    .nullish(),
  rule_path: z.string().default('/rules'),
  for_outage_tolerance: duration.default(3_600_000),
  for_grace_period: duration.default(600_000),
  resend_delay: duration.default(60_000),
  enable_api: z.boolean().default(true),
  enabled_tenants: names.default([]),
  disabled_tenants: names.default([]),
  remote_write: REMOTE_WRITE.nullish(),
  ...unused(
    'ruler_client search_pending_for flush_period enable_sharding sharding_strategy sharding_algo ring query_stats_enabled ' +
      'disable_rule_group_label wal wal_cleaner evaluation alertmanager_refresh_interval',
  ),
})

type Section = z.output<typeof RULER>

/** `common` says where rules are when `ruler` does not. */
export const COMMON = z.looseObject({
  path_prefix: z.string().optional(),
  storage: z.looseObject({ filesystem: z.looseObject({ rules_directory: z.string().optional() }).nullish() }).nullish(),
})

/**
 * @param path of the configuration file; a relative directory of rules is beside it
 * @param common the section of that name
 */
export function resolveRuler(
  given: Section | null | undefined,
  { path, common }: { path: string; common: z.output<typeof COMMON> | null | undefined },
): RulerConfig {
  const section = given ?? RULER.parse({})
  const { storage, remote_write: remote } = section
  const ownDirectory = storage?.local?.directory ?? ''
  const directory = ownDirectory || common?.storage?.filesystem?.rules_directory || ''
  const clients = [...(remote?.client ? [remote.client] : []), ...namedClients(remote?.clients ?? {})]
  return {
    directory: directory === '' ? undefined : resolve(dirname(path), directory),
    isDirectoryImplied: ownDirectory === '',
    rulePath:
      section.rule_path === '/rules' && common?.path_prefix !== undefined
        ? `${common.path_prefix}/rules-temp`
        : section.rule_path,
    pollIntervalMs: section.poll_interval,
    evaluationIntervalMs: section.evaluation_interval,
    externalUrl: section.external_url.replace(/\/+$/, ''),
    datasourceUid: section.datasource_uid,
    enableApi: section.enable_api,
    outageToleranceMs: section.for_outage_tolerance,
    forGracePeriodMs: section.for_grace_period,
    resendDelayMs: section.resend_delay,
    alertmanagers: alertmanagersOf(section),
    relabelRules: section.alert_relabel_configs ?? [],
    notificationCapacity: section.notification_queue_capacity,
    enabledTenants: section.enabled_tenants,
    disabledTenants: section.disabled_tenants,
    remoteWrite: remote?.enabled === true ? { clients, addOrgId: remote.add_org_id_header } : undefined,
  }
}

function namedClients(clients: Readonly<Record<string, RemoteWriteConfig>>): RemoteWriteConfig[] {
  return Object.entries(clients).map(([id, client]) => ({ ...client, name: client.name || id }))
}

/** `alertmanager_url` may name several, separated by commas, each with a login. */
function alertmanagersOf({
  alertmanager_url,
  alertmanager_client,
  notification_timeout,
}: Section): AlertmanagerConfig[] {
  const client = alertmanager_client ?? CLIENT.parse({})
  return alertmanager_url
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
    .map((one) => {
      const url = new URL(one)
      const user = client.basic_auth_username || decodeURIComponent(url.username)
      const password = client.basic_auth_username ? client.basic_auth_password : decodeURIComponent(url.password)
      const basic = user === '' ? undefined : `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
      return {
        url: `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`,
        authorization: client.credentials === '' ? basic : `${client.type} ${client.credentials}`,
        timeoutMs: notification_timeout,
        tls: {
          caFile: client.tls_ca_path,
          certFile: client.tls_cert_path,
          keyFile: client.tls_key_path,
          serverName: client.tls_server_name,
          skipVerify: client.tls_insecure_skip_verify,
        },
      }
    })
}
