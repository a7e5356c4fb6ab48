import { z } from 'zod'
import { checked, refreshInterval, secret, section, url } from '../fields.ts'
import { checkHttp, httpFields } from '../http-config.ts'

/** Keys of `uyuni_sd_configs`. */
export const uyuni = checked(
  section(
    'uyuni.plain',
    {
      server: url.default(''),
      username: z.string().default(''),
      password: secret.default(''),
      entitlement: z.string().default('monitoring_entitled'),
      separator: z.string().default(','),
      refresh_interval: refreshInterval(60_000),
      ...httpFields,
    },
    'empty or null section in uyuni_sd_configs',
  ),
  ({ server, username, password }) => {
    if (server === '') return 'Uyuni SD configuration requires server host'
    if (username === '') return 'Uyuni SD configuration requires a username'
    return password === '' ? 'Uyuni SD configuration requires a password' : undefined
  },
  checkHttp,
)
