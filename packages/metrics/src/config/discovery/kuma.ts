import { z } from 'zod'
import { checked, duration, httpUrlProblem, refreshInterval, section, url } from '../fields.ts'
import { checkHttp, httpFields } from '../http-config.ts'

/** Keys of `kuma_sd_configs`. */
export const kuma = checked(
  section(
    'xds.plainKumaConf',
    {
      server: url.default(''),
      client_id: z.string().default(''),
      refresh_interval: refreshInterval(15_000),
      fetch_timeout: duration.default(120_000),
      ...httpFields,
    },
    'empty or null section in kuma_sd_configs',
  ),
  ({ server }) => {
    if (server === '') return 'kuma SD server must not be empty'
    return httpUrlProblem(server) === undefined ? undefined : 'kuma SD server must be a valid HTTP URL'
  },
  checkHttp,
)
