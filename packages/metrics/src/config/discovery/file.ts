import { z } from 'zod'
import { checked, refreshInterval, section } from '../fields.ts'
import { quoteGo } from '@quartet/query'

/** Only the last part of a path may hold a star, and the ending says how the file is read. */
const FILE_PATTERN = /^[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)$/

/** Keys of `file_sd_configs`. */
export const file = checked(
  section(
    'file.plain',
    { files: z.array(z.string()).default([]), refresh_interval: refreshInterval(300_000) },
    'empty or null section in file_sd_configs',
  ),
  ({ files }) => {
    if (files.length === 0) return 'file service discovery config must contain at least one path name'
    const bad = files.find((name) => !FILE_PATTERN.test(name))
    return bad === undefined ? undefined : `path name ${quoteGo(bad)} is not valid for file discovery`
  },
)
