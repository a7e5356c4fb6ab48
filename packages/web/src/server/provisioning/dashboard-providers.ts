import { ConfigError } from '@quartet/runtime'
import { isAbsolute, join, resolve } from 'node:path'
import { z } from 'zod'
import { expandOrReport } from './expand-values.ts'
import { loadProvisioningFiles } from './provisioning-files.ts'

/** A folder of files that dashboards are read from. */
export interface DashboardProvider {
  readonly name: string
  readonly path: string
  /** Title of the folder that the dashboards go to; empty for the root. */
  readonly folder: string
  readonly folderUid: string | undefined
  /** A folder for each sub-directory instead. */
  readonly foldersFromFilesStructure: boolean
  readonly isDeletionDisabled: boolean
  readonly areUiUpdatesAllowed: boolean
  readonly updateIntervalMs: number
}

const providerSchema = z.looseObject({
  name: z.string().min(1),
  type: z.literal('file').default('file'),
  folder: z.string().default(''),
  folderUid: z.string().optional(),
  disableDeletion: z.boolean().default(false),
  allowUiUpdates: z.boolean().default(false),
  updateIntervalSeconds: z.number().min(0).default(10),
  options: z.looseObject({
    path: z.string().optional(),
    /** Upstream's older name. */
    folder: z.string().optional(),
    foldersFromFilesStructure: z.boolean().default(false),
  }),
})

const fileSchema = z.looseObject({
  apiVersion: z.number().default(1),
  providers: z.array(providerSchema).default([]),
})

/**
 * Reads `dashboards/*.yaml` of a provisioning folder. A relative path is relative to the provisioning folder.
 * @throws ConfigError with every problem as `file:line:col: error: …`
 */
export async function loadDashboardProviders(
  provisioningDirectory: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<DashboardProvider[]> {
  const providers: DashboardProvider[] = []
  const problems: string[] = []
  for (const { file } of await loadProvisioningFiles(join(provisioningDirectory, 'dashboards'), fileSchema)) {
    for (const [index, raw] of file.value.providers.entries()) {
      const at = file.at(['providers', index, 'name'])
      const entry = expandOrReport(raw, environment, at, problems)
      if (!entry) continue
      const path = entry.options.path ?? entry.options.folder
      if (path === undefined) problems.push(`${at}: error: "options.path" is missing`)
      if (entry.folder !== '' && entry.options.foldersFromFilesStructure) {
        problems.push(`${at}: error: "folder" and "foldersFromFilesStructure" exclude each other`)
      }
      if (providers.some(({ name }) => name === entry.name)) {
        problems.push(`${at}: error: there is a provider "${entry.name}" already`)
      }
      providers.push({
        name: entry.name,
        path: isAbsolute(path ?? '') ? (path ?? '') : resolve(provisioningDirectory, path ?? ''),
        folder: entry.folder,
        folderUid: entry.folderUid,
        foldersFromFilesStructure: entry.options.foldersFromFilesStructure,
        isDeletionDisabled: entry.disableDeletion,
        areUiUpdatesAllowed: entry.allowUiUpdates,
        // Upstream's floor; changes are noticed at once anyway where the file system tells.
        updateIntervalMs: Math.max(3, entry.updateIntervalSeconds || 10) * 1000,
      })
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return providers
}
