import { z } from 'zod'
import { checked, optionalText, port, refreshInterval, section } from '../fields.ts'
import { checkHttp, httpFields } from '../http-config.ts'

/** Keys of `linode_sd_configs`. */
export const linode = checked(
  section(
    'linode.plain',
    {
      region: optionalText,
      port: port(80),
      tag_separator: z.string().default(','),
      refresh_interval: refreshInterval(60_000),
      ...httpFields,
    },
    'empty or null section in linode_sd_configs',
  ),
  checkHttp,
)
