import { checked, refreshInterval, section, url } from '../fields.ts'
import { checkHttp, httpFields } from '../http-config.ts'

/** Keys of `eureka_sd_configs`. */
export const eureka = checked(
  section(
    'eureka.plain',
    {
      server: url.default(''),
      refresh_interval: refreshInterval(30_000),
      ...httpFields,
    },
    'empty or null section in eureka_sd_configs',
  ),
  ({ server }) => {
    if (server === '') return 'eureka_sd: empty or null eureka server'
    return /^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(server) ? undefined : 'eureka_sd: invalid eureka server URL'
  },
  checkHttp,
)
