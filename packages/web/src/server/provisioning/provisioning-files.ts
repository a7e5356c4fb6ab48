import { ConfigError, loadYaml } from '@quartet/runtime'
import type { LoadedYaml } from '@quartet/runtime'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ZodType } from 'zod'

/**
 * Reads every YAML file of one provisioning folder, in the order of their names.
 * A folder that does not exist holds no files.
 * @throws ConfigError with the problems of all files
 */
export async function loadProvisioningFiles<T>(
  directory: string,
  schema: ZodType<T>,
): Promise<{ path: string; file: LoadedYaml<T> }[]> {
  const loaded: { path: string; file: LoadedYaml<T> }[] = []
  const problems: string[] = []
  for (const name of await yamlNames(directory)) {
    const path = join(directory, name)
    try {
      loaded.push({ path, file: await loadYaml({ path, schema }) })
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      problems.push(...error.problems)
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return loaded
}

async function yamlNames(directory: string): Promise<string[]> {
  try {
    const names = await readdir(directory)
    return names.filter((name) => /\.ya?ml$/.test(name)).toSorted()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw new ConfigError([
      `${directory}:1:1: error: cannot be read: ${error instanceof Error ? error.message : error}`,
    ])
  }
}
