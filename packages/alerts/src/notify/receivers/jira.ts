import { z } from 'zod'
import { checked, duration, optionalText, text, url } from '../../config/fields.ts'
import { httpConfig } from '../../config/http-config.ts'
import { defineReceiver } from '../notifier.ts'

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
        z.strictObject({ template: optionalText, enable_update: z.boolean().default(true) }),
      ])
      .default({ template: '{{ template "jira.default.summary" . }}', enable_update: true }),
    description: z
      .union([
        z.string().transform((template) => ({ template, enable_update: true })),
        z.strictObject({ template: optionalText, enable_update: z.boolean().default(true) }),
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

/** Read and checked; sending is not built yet. */
export const jira = defineReceiver<z.infer<typeof schema>>({
  name: 'jira',
  key: 'jira_configs',
  schema,
  unsupported: 'jira_configs are not supported yet: their notifications fail',
  complete(config, global, report) {
    if (!config.api_url && !global.jira_api_url) report('no global Jira Cloud URL set')
    return {
      ...config,
      http_config: config.http_config ?? global.http_config,
      api_url: config.api_url ?? global.jira_api_url,
    }
  },
})
