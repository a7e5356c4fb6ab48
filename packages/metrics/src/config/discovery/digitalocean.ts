import { checked, port, refreshInterval, section } from '../fields.ts'
import { checkHttp, httpFields } from '../http-config.ts'

/** Keys of `digitalocean_sd_configs`. */
export const digitalocean = checked(
  section(
    'digitalocean.plain',
    {
      port: port(80),
      refresh_interval: refreshInterval(60_000),
      ...httpFields,
    },
    'empty or null section in digitalocean_sd_configs',
  ),
  checkHttp,
)
