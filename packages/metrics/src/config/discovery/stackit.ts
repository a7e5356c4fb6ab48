import { z } from 'zod'
import { checked, optionalText, port, refreshInterval, secret, section } from '../fields.ts'
import { checkHttp, httpFields } from '../http-config.ts'

/** Keys of `stackit_sd_configs`. */
export const stackit = checked(
  section(
    'stackit.plain',
    {
      project: z.string().default(''),
      region: z.string().default('eu01'),
      endpoint: z.string().optional(),
      service_account_key: secret.optional(),
      service_account_key_path: optionalText,
      private_key: secret.optional(),
      private_key_path: optionalText,
      credentials_file_path: optionalText,
      port: port(80),
      refresh_interval: refreshInterval(60_000),
      ...httpFields,
    },
    'empty or null section in stackit_sd_configs',
  ),
  ({ endpoint }) => {
    if (endpoint === undefined || endpoint === '') return undefined
    return URL.canParse(endpoint) ? undefined : 'invalid endpoint'
  },
  checkHttp,
)
