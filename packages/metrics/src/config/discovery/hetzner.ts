import { z } from 'zod'
import { checked, optionalText, port, refreshInterval, section } from '../fields.ts'
import { checkHttp, httpFields } from '../http-config.ts'

/** Keys of `hetzner_sd_configs`. */
export const hetzner = checked(
  section(
    'hetzner.plain',
    {
      role: z.string().default(''),
      label_selector: optionalText,
      port: port(80),
      refresh_interval: refreshInterval(60_000),
      ...httpFields,
    },
    'empty or null section in hetzner_sd_configs',
  ),
  ({ role }) => {
    if (role === '') return 'role missing (one of: robot, hcloud)'
    return role === 'robot' || role === 'hcloud' ? undefined : `unknown role "${role}"`
  },
  checkHttp,
)
