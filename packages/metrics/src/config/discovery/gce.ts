import { z } from 'zod'
import { checked, optionalText, port, refreshInterval, section } from '../fields.ts'

/** Keys of `gce_sd_configs`. */
export const gce = checked(
  section(
    'gce.plain',
    {
      project: z.string().default(''),
      zone: z.string().default(''),
      filter: optionalText,
      refresh_interval: refreshInterval(60_000),
      port: port(80),
      tag_separator: z.string().default(','),
    },
    'empty or null section in gce_sd_configs',
  ),
  ({ project, zone }) => {
    if (project === '') return 'GCE SD configuration requires a project'
    return zone === '' ? 'GCE SD configuration requires a zone' : undefined
  },
)
