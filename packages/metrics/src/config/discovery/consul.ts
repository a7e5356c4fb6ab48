import { z } from 'zod'
import { checked, countSet, optionalText, refreshInterval, secret, section, stringMap, texts } from '../fields.ts'
import { checkHttp, httpFields } from '../http-config.ts'

/** Keys of `consul_sd_configs`. */
export const consul = checked(
  section(
    'consul.plain',
    {
      server: z.string().default('localhost:8500'),
      path_prefix: optionalText,
      token: secret.optional(),
      datacenter: optionalText,
      namespace: optionalText,
      partition: optionalText,
      tag_separator: z.string().default(','),
      scheme: z.string().default('http'),
      username: optionalText,
      password: secret.optional(),
      allow_stale: z.boolean().default(true),
      refresh_interval: refreshInterval(30_000),
      services: texts,
      tags: texts,
      node_meta: stringMap.optional(),
      filter: optionalText,
      ...httpFields,
    },
    'empty or null section in consul_sd_configs',
  ),
  ({ server }) => (server.trim() === '' ? 'Consul SD configuration requires a server address' : undefined),
  (consulSection) => {
    const { basic_auth: basic, authorization, oauth2, token } = consulSection
    if (countSet(consulSection.username, consulSection.password) > 0 && basic !== undefined) {
      return 'at most one of consul SD configuration username and password and basic auth can be configured'
    }
    if (countSet(token) > 0 && countSet(authorization, oauth2) > 0) {
      return 'at most one of consul SD token, authorization, or oauth2 can be configured'
    }
    return undefined
  },
  checkHttp,
)
