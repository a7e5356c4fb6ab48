import { z } from 'zod'
import { checked, countSet, optionalText, port, refreshInterval, secret, section, texts, url } from '../fields.ts'
import { checkHttp, httpFields } from '../http-config.ts'

/** Keys of `scaleway_sd_configs`. */
export const scaleway = checked(
  section(
    'scaleway.plain',
    {
      project_id: z.string().default(''),
      api_url: url.default('https://api.scaleway.com'),
      zone: z.string().default('fr-par-1'),
      access_key: z.string().default(''),
      secret_key: secret.optional(),
      secret_key_file: optionalText,
      name_filter: optionalText,
      tags_filter: texts,
      role: z.string().default(''),
      port: port(80),
      refresh_interval: refreshInterval(60_000),
      ...httpFields,
    },
    'empty or null section in scaleway_sd_configs',
  ),
  ({ role }) => {
    if (role === '') return 'role missing (one of: instance, baremetal)'
    return role === 'instance' || role === 'baremetal' ? undefined : `unknown role "${role}"`
  },
  (scalewaySection) => {
    if (scalewaySection.project_id === '') return 'project_id is mandatory'
    const secrets = countSet(scalewaySection.secret_key, scalewaySection.secret_key_file)
    if (secrets === 0) return 'one of secret_key & secret_key_file must be configured'
    if (secrets > 1) return 'at most one of secret_key & secret_key_file must be configured'
    return scalewaySection.access_key === '' ? 'access_key is mandatory' : undefined
  },
  checkHttp,
)
