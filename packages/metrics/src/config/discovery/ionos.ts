import { z } from 'zod'
import { checked, port, refreshInterval, section } from '../fields.ts'
import { checkHttp, httpFields } from '../http-config.ts'

/** Keys of `ionos_sd_configs`. */
export const ionos = checked(
  section(
    'ionos.plain',
    {
      datacenter_id: z.string().default(''),
      port: port(80),
      refresh_interval: refreshInterval(60_000),
      ...httpFields,
    },
    'empty or null section in ionos_sd_configs',
  ),
  ({ datacenter_id: id }) => (id === '' ? "datacenter id can't be empty" : undefined),
  checkHttp,
)
