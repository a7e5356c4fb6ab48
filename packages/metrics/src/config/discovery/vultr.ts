import { checked, port, refreshInterval, section } from '../fields.ts'
import { checkHttp, httpFields } from '../http-config.ts'

/** Keys of `vultr_sd_configs`. */
export const vultr = checked(
  section(
    'vultr.plain',
    {
      port: port(80),
      refresh_interval: refreshInterval(60_000),
      ...httpFields,
    },
    'empty or null section in vultr_sd_configs',
  ),
  checkHttp,
)
