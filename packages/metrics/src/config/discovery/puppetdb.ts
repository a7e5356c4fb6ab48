import { z } from 'zod'
import { checked, httpUrlProblem, port, refreshInterval, section, url } from '../fields.ts'
import { checkHttp, httpFields } from '../http-config.ts'

/** Keys of `puppetdb_sd_configs`. */
export const puppetdb = checked(
  section(
    'puppetdb.plain',
    {
      url: url.default(''),
      query: z.string().default(''),
      include_parameters: z.boolean().default(false),
      port: port(80),
      refresh_interval: refreshInterval(60_000),
      ...httpFields,
    },
    'empty or null section in puppetdb_sd_configs',
  ),
  ({ url: address }) => httpUrlProblem(address),
  ({ query }) => (query === '' ? 'query missing' : undefined),
  checkHttp,
)
