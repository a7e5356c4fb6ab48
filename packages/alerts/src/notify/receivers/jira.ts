import { z } from 'zod'
import { checked, duration, durationMs, optionalText, text, url } from '../../config/fields.ts'
import { httpConfig } from '../../config/http-config.ts'
import { goJson } from '../go-json.ts'
import { hashKey } from '../hash-key.ts'
import type { JsonClient } from '../json-client.ts'
import { NotifyError } from '../notify-error.ts'
import { defineReceiver } from '../notifier.ts'
import type { Notification } from '../notifier.ts'
import { expandDeep } from '../template/expand-deep.ts'
import type { Expander } from '../template/notification-templates.ts'
import { truncateRunes } from '../truncate.ts'

const schema = checked(
  z.strictObject({
    send_resolved: z.boolean().default(true),
    http_config: httpConfig.optional(),
    api_url: url.optional(),
    api_type: z.enum(['auto', 'cloud', 'datacenter']).default('auto'),
    project: text,
    summary: z
      .union([
        z.string().transform((template) => ({ template, enable_update: true })),
        z.strictObject({
          template: z.string().default('{{ template "jira.default.summary" . }}'),
          enable_update: z.boolean().default(true),
        }),
      ])
      .default({ template: '{{ template "jira.default.summary" . }}', enable_update: true }),
    description: z
      .union([
        z.string().transform((template) => ({ template, enable_update: true })),
        z.strictObject({
          template: z.string().default('{{ template "jira.default.description" . }}'),
          enable_update: z.boolean().default(true),
        }),
      ])
      .default({ template: '{{ template "jira.default.description" . }}', enable_update: true }),
    labels: z.array(z.string()).optional(),
    priority: z.string().default('{{ template "jira.default.priority" . }}'),
    issue_type: text,
    reopen_transition: optionalText,
    resolve_transition: optionalText,
    wont_fix_resolution: optionalText,
    reopen_duration: duration.optional(),
    fields: z.record(z.string(), z.unknown()).optional(),
  }),
  function* (config) {
    if (config.project === '') yield 'missing project in jira_config'
    if (config.issue_type === '') yield 'missing issue_type in jira_config'
  },
)

/** Keeps one issue per group: creates, updates, reopens and resolves it. */
export const jira = defineReceiver<z.infer<typeof schema>>({
  name: 'jira',
  key: 'jira_configs',
  schema,
  complete(config, global, report) {
    if (!config.api_url && !global.jira_api_url) report('no global Jira Cloud URL set')
    return {
      ...config,
      http_config: config.http_config ?? global.http_config,
      api_url: config.api_url ?? global.jira_api_url,
    }
  },
  create(config, { http, logger, templates }) {
    const client = http(config.http_config!)
    return {
      async notify(notification) {
        const { data, isFiring, signal } = notification
        const expand = templates.expander(data)
        const api = new JiraApi(client, config.api_url!, signal)
        const existing = await wrap('failed to look up existing issues: HTTP request to JIRA API', () =>
          findIssue(api, config, notification, expand),
        )
        if (!existing && !isFiring) return
        const fields = fieldsOf(config, notification, expand)
        if (existing) {
          if (!config.summary.enable_update) delete fields['summary']
          if (!config.description.enable_update) delete fields['description']
        }
        const [method, path] = existing ? (['PUT', `issue/${existing.key}`] as const) : (['POST', 'issue'] as const)
        const body = { fields: Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))) }
        await wrap(`failed to ${method} request to ${JSON.stringify(path)}`, () => api.call(method, path, body))
        logger.debug({ groupKey: notification.groupKey, issue: existing?.key }, 'issue is up to date')
        if (existing) await moveIssue(api, config, existing, isFiring)
      },
    }
  },
})

type JiraConfig = z.infer<typeof schema>

interface Issue {
  readonly key: string
  readonly fields?: { readonly status?: { readonly statusCategory?: { readonly key?: string } } }
}

const MAX_SUMMARY_RUNES = 255
const MAX_DESCRIPTION_RUNES = 32_767

/** Requests below the configured API. */
class JiraApi {
  readonly base: string
  readonly #client: JsonClient
  readonly #signal: AbortSignal

  constructor(client: JsonClient, url: string, signal: AbortSignal) {
    this.base = url.replace(/\/+$/, '')
    this.#client = client
    this.#signal = signal
  }

  async call(method: 'GET' | 'POST' | 'PUT', path: string, body?: object, base = this.base): Promise<unknown> {
    const reply = await this.#client.post({
      url: `${base}/${path}`,
      method,
      body: body === undefined ? '' : goJson(body) + '\n',
      headers: { 'accept-language': 'en' },
      signal: this.#signal,
      retryStatuses: [429],
    })
    const text = reply.body.toString('utf8')
    if (text.trim() === '') return undefined
    try {
      return JSON.parse(text)
    } catch (cause) {
      throw new NotifyError(`Jira answered with something else than JSON: ${text.slice(0, 200)}`, {
        canRetry: false,
        cause,
      })
    }
  }
}

/** The label by which a group's issue is found again. */
function labelOf({ groupKey }: Notification): string {
  return `ALERT{${hashKey(groupKey)}}`
}

async function findIssue(
  api: JiraApi,
  config: JiraConfig,
  notification: Notification,
  expand: Expander,
): Promise<Issue | undefined> {
  const project = JSON.stringify(expand(config.project))
  const jql =
    (config.wont_fix_resolution ? `resolution != ${JSON.stringify(config.wont_fix_resolution)} and ` : '') +
    (reopenMinutes(config, notification) > 0
      ? `(resolutiondate is EMPTY OR resolutiondate >= -${reopenMinutes(config, notification)}m) and `
      : 'statusCategory != Done and ') +
    `project=${project} and labels=${JSON.stringify(labelOf(notification))} order by status ASC,resolutiondate DESC`
  const isCloud =
    config.api_type === 'cloud' ||
    (config.api_type === 'auto' && new URL(config.api_url!).hostname.endsWith('atlassian.net'))
  // Cloud has only the newer search, which its version 2 does not offer.
  const base = isCloud ? api.base.replace('/rest/api/2', '/rest/api/3') : api.base
  const body = { fields: ['status'], jql, maxResults: 2 }
  const found = (await api.call('POST', isCloud ? 'search/jql' : 'search', body, base)) as
    | { issues?: Issue[] }
    | undefined
  return found?.issues?.[0]
}

/** How long ago an issue may have been resolved to be opened again; 0 looks for open ones only. */
function reopenMinutes(
  { reopen_duration: span, reopen_transition: name }: JiraConfig,
  { isFiring }: Notification,
): number {
  return isFiring && name && span ? Math.floor(durationMs(span) / 60_000) : 0
}

function fieldsOf(config: JiraConfig, notification: Notification, expand: Expander): Record<string, unknown> {
  const labels = [...(config.labels ?? []).map(expand), labelOf(notification)].sort()
  const description = descriptionOf(config, expand)
  const priority = expand(config.priority)
  return {
    project: { key: expand(config.project) },
    issuetype: { name: expand(config.issue_type) },
    summary: truncateRunes(expand(config.summary.template), MAX_SUMMARY_RUNES).text,
    ...(description !== undefined && { description }),
    labels,
    ...(priority !== '' && { priority: { name: priority } }),
    ...(expandDeep(config.fields ?? {}, expand) as Record<string, unknown>),
  }
}

/** Version 3 of the API wants a document in JSON, version 2 text. */
function descriptionOf(config: JiraConfig, expand: Expander): unknown {
  const { text } = truncateRunes(expand(config.description.template), MAX_DESCRIPTION_RUNES)
  if (!/\/3\/*$/.test(new URL(config.api_url!).pathname)) return text === '' ? undefined : text
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new NotifyError('description template: invalid JSON for API v3', { canRetry: false, cause })
  }
}

/** Reopens what fires again and resolves what has ended. */
async function moveIssue(api: JiraApi, config: JiraConfig, issue: Issue, isFiring: boolean): Promise<void> {
  const category = issue.fields?.status?.statusCategory?.key
  if (category === undefined || isFiring !== (category === 'done')) return
  const name = (isFiring ? config.reopen_transition : config.resolve_transition) ?? ''
  const path = `issue/${issue.key}/transitions`
  const known = (await api.call('GET', path)) as { transitions?: { id: string; name: string }[] } | undefined
  const transition = known?.transitions?.find((candidate) => candidate.name === name)
  if (!transition) {
    throw new NotifyError(`can't find transition ${name} for issue ${issue.key}`, { canRetry: false })
  }
  await api.call('POST', path, { transition: { id: transition.id } })
}

async function wrap<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof NotifyError)) throw error
    const { canRetry, reason } = error
    throw new NotifyError(`${what}: ${error.message}`, { canRetry, reason, cause: error })
  }
}
