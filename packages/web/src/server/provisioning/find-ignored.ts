import type { Finding } from '@quartet/runtime'
import { join } from 'node:path'
import { z } from 'zod'
import { loadProvisioningFiles } from './provisioning-files.ts'

const KEYS: Readonly<Record<string, readonly string[]>> = {
  datasources: ['apiVersion', 'datasources', 'deleteDatasources', 'prune'],
  dashboards: ['apiVersion', 'providers'],
}

/** Types that queries can be sent to, or that pages use; of another type only the entry is there. */
const TYPES = ['prometheus', 'loki', 'tempo', 'alertmanager']

const fileSchema = z.looseObject({
  datasources: z.array(z.looseObject({ type: z.string().optional() })).default([]),
})

/**
 * What a provisioning file says that does nothing, such as a list under a misspelt key. Upstream passes over it in silence.
 * @throws ConfigError when a file cannot be read
 */
export async function findIgnored(provisioningDirectory: string): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const [folder, known] of Object.entries(KEYS)) {
    for (const { file } of await loadProvisioningFiles(join(provisioningDirectory, folder), fileSchema)) {
      const warn = (path: readonly (string | number)[], message: string): void => {
        findings.push({ severity: 'warning', at: file.at(path), message })
      }
      for (const key of Object.keys(file.value)) {
        if (!known.includes(key) && key !== 'datasources')
          warn([key], `unknown key "${key}" has no effect; there are ${known.join(', ')}`)
      }
      for (const [index, { type }] of file.value.datasources.entries()) {
        if (type !== undefined && !TYPES.includes(type))
          warn(
            ['datasources', index, 'type'],
            `data sources of type "${type}" do not work here; there are ${TYPES.join(', ')}`,
          )
      }
    }
  }
  return findings
}
