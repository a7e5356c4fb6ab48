import type { FileSdConfig, HttpClientConfig, RelabelRule, TargetGroup } from '@quartet/scrape'
import { resolve } from 'node:path'
import { z } from 'zod'
import { sigv4 } from './cloud-auth.ts'
import { discoveryFields } from './discovery/registry.ts'
import { checked, countSet, duration, listOf, optionalText, section } from './fields.ts'
import { checkHttp, httpClient, httpFields } from './http-config.ts'
import { compileRule, effectiveRule, relabelRules } from './relabel-section.ts'
import { targetsProblem } from './static-section.ts'

const alertmanager = checked(
  section('config.plain', {
    ...httpFields,
    sigv4: sigv4.optional(),
    scheme: z.string().default('http'),
    path_prefix: optionalText,
    timeout: duration.default(10_000),
    api_version: z.string().default('v2'),
    relabel_configs: relabelRules('empty or null Alertmanager target relabeling rule'),
    alert_relabel_configs: relabelRules('empty or null Alertmanager alert relabeling rule'),
    ...discoveryFields,
  }),
  ({ api_version: version }) =>
    version === 'v2' ? undefined : `expected Alertmanager api version to be one of [v2] but got ${version}`,
  checkHttp,
  (target) =>
    target.sigv4 !== undefined && countSet(target.basic_auth, target.authorization, target.oauth2) > 0
      ? 'at most one of basic_auth, authorization, oauth2, & sigv4 must be configured'
      : undefined,
  (target) => targetsProblem(target.static_configs, target.relabel_configs),
)

/** `alerting`: where alerts are sent. */
export const alertingSection = section('config.plain', {
  alert_relabel_configs: relabelRules('empty or null alert relabeling rule'),
  alertmanagers: listOf(alertmanager).default([]),
})

type AlertingSection = z.infer<typeof alertingSection>

export function effectiveAlerting(alerting: AlertingSection): AlertingSection {
  return {
    alert_relabel_configs: alerting.alert_relabel_configs.map(effectiveRule),
    alertmanagers: alerting.alertmanagers.map((target) => ({
      ...target,
      relabel_configs: target.relabel_configs.map(effectiveRule),
      alert_relabel_configs: target.alert_relabel_configs.map(effectiveRule),
    })),
  }
}

/** Where alerts go. */
export interface AlertingConfig {
  readonly relabelRules: readonly RelabelRule[]
  readonly alertmanagers: readonly AlertmanagerConfig[]
}

export interface AlertmanagerConfig {
  readonly scheme: string
  readonly pathPrefix: string
  readonly timeoutMs: number
  readonly http: HttpClientConfig
  readonly staticConfigs: readonly TargetGroup[]
  readonly fileSdConfigs: readonly FileSdConfig[]
  /** Of the places. */
  readonly relabelRules: readonly RelabelRule[]
  /** Of the alerts that go there. */
  readonly alertRelabelRules: readonly RelabelRule[]
}

/** @param directory against which relative file names are resolved */
export async function toAlertingConfig(
  alerting: AlertingSection | undefined,
  { directory, isLegacy }: { readonly directory: string; readonly isLegacy: boolean },
): Promise<AlertingConfig> {
  const compile = (rules: AlertingSection['alert_relabel_configs']): RelabelRule[] =>
    rules.map((rule) => compileRule(rule, isLegacy))
  const { alert_relabel_configs: rules = [], alertmanagers = [] } = alerting ?? {}
  return {
    relabelRules: compile(rules),
    alertmanagers: await Promise.all(
      alertmanagers.map(async (target) => ({
        scheme: target.scheme,
        pathPrefix: target.path_prefix ?? '',
        timeoutMs: target.timeout,
        http: await httpClient(target, directory),
        staticConfigs: target.static_configs,
        fileSdConfigs: target.file_sd_configs.map((files) => ({
          files: files.files.map((file) => resolve(directory, file)),
          refreshIntervalMs: files.refresh_interval,
        })),
        relabelRules: compile(target.relabel_configs),
        alertRelabelRules: compile(target.alert_relabel_configs),
      })),
    ),
  }
}
