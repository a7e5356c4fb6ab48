import { z } from 'zod'
import { checked, listOf, port, refreshInterval, section, url } from '../fields.ts'
import { checkHttp, httpFields } from '../http-config.ts'

/** Keys of `dockerswarm_sd_configs`. */
export const dockerswarm = checked(
  section(
    'moby.plain',
    {
      host: url.default(''),
      role: z.string().default(''),
      port: port(80),
      filters: listOf(
        section('moby.Filter', { name: z.string().default(''), values: z.array(z.string()).default([]) }),
      ).default([]),
      refresh_interval: refreshInterval(60_000),
      ...httpFields,
    },
    'empty or null section in dockerswarm_sd_configs',
  ),
  ({ host, role }) => {
    if (host === '') return 'host missing'
    if (role === '') return 'role missing (one of: tasks, services, nodes)'
    if (['tasks', 'services', 'nodes'].includes(role)) return undefined
    return `invalid role ${role}, expected tasks, services, or nodes`
  },
  checkHttp,
)
