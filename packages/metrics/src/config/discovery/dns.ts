import { z } from 'zod'
import { checked, port, refreshInterval, section } from '../fields.ts'

const TYPES = ['SRV', 'A', 'AAAA', 'MX', 'NS']
const TYPES_WITH_PORT = ['SRV', 'MX', 'NS']

/** Keys of `dns_sd_configs`. */
export const dns = checked(
  section(
    'dns.plain',
    {
      names: z.array(z.string()).default([]),
      refresh_interval: refreshInterval(30_000),
      type: z.string().default('SRV'),
      port: port(0),
    },
    'empty or null section in dns_sd_configs',
  ),
  ({ names, type, port: number }) => {
    if (names.length === 0) return 'DNS-SD config must contain at least one SRV record name'
    const record = type.toUpperCase()
    if (!TYPES.includes(record)) return `invalid DNS-SD records type ${type}`
    if (number !== 0 || TYPES_WITH_PORT.includes(record)) return undefined
    return 'a port is required in DNS-SD configs for all record types except SRV, MX and NS'
  },
)
