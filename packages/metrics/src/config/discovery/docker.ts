import { z } from 'zod'
import { checked, listOf, port, refreshInterval, section, url } from '../fields.ts'
import { checkHttp, httpFields } from '../http-config.ts'

/** Keys of `docker_sd_configs`. */
export const docker = checked(
  section(
    'moby.plain',
    {
      host: url.default(''),
      port: port(80),
      filters: listOf(
        section('moby.Filter', { name: z.string().default(''), values: z.array(z.string()).default([]) }),
      ).default([]),
      host_networking_host: z.string().default('localhost'),
      match_first_network: z.boolean().default(true),
      refresh_interval: refreshInterval(60_000),
      ...httpFields,
    },
    'empty or null section in docker_sd_configs',
  ),
  ({ host }) => (host === '' ? 'host missing' : undefined),
  checkHttp,
)
