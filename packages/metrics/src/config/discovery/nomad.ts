import { z } from 'zod'
import { checked, refreshInterval, section, url } from '../fields.ts'
import { checkHttp, httpFields } from '../http-config.ts'

/** Keys of `nomad_sd_configs`. */
export const nomad = checked(
  section(
    'nomad.plain',
    {
      allow_stale: z.boolean().default(true),
      namespace: z.string().default('default'),
      refresh_interval: refreshInterval(60_000),
      region: z.string().default('global'),
      server: url.default('http://localhost:4646'),
      tag_separator: z.string().default(','),
      ...httpFields,
    },
    'empty or null section in nomad_sd_configs',
  ),
  ({ server }) => (server.trim() === '' ? 'nomad SD configuration requires a server address' : undefined),
  checkHttp,
)
