import { z } from 'zod'
import { checked, port, refreshInterval, section, texts } from '../fields.ts'
import { tlsConfig } from '../http-config.ts'

/** Keys of `triton_sd_configs`. */
export const triton = checked(
  section(
    'triton.plain',
    {
      account: z.string().default(''),
      role: z.string().default('container'),
      dns_suffix: z.string().default(''),
      endpoint: z.string().default(''),
      groups: texts,
      port: port(9163),
      refresh_interval: refreshInterval(60_000),
      tls_config: tlsConfig.optional(),
      version: z.number().int().default(1),
    },
    'empty or null section in triton_sd_configs',
  ),
  (tritonSection) => {
    const { role } = tritonSection
    if (role !== 'container' && role !== 'cn') {
      return "triton SD configuration requires role to be 'container' or 'cn'"
    }
    if (tritonSection.account === '') return 'triton SD configuration requires an account'
    if (tritonSection.dns_suffix === '') return 'triton SD configuration requires a dns_suffix'
    if (tritonSection.endpoint === '') return 'triton SD configuration requires an endpoint'
    if (tritonSection.refresh_interval > 0) return undefined
    return 'triton SD configuration requires RefreshInterval to be a positive integer'
  },
)
