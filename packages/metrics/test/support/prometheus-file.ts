import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ConfigError } from '@quartet/runtime'
import { temporaryDirectory } from '@quartet/runtime/testing'
import { loadPrometheusConfig } from '../../src/config/prometheus-config.ts'
import type { PrometheusConfig } from '../../src/config/prometheus-config.ts'

/** Loads a configuration that stands in a test. @param others files beside it, by path @throws ConfigError without directories */
export async function loadText(text: string, others: Readonly<Record<string, string>> = {}): Promise<PrometheusConfig> {
  const directory = await temporaryDirectory()
  const path = join(directory.path, 'prometheus.yml')
  await writeFile(path, text)
  for (const [name, content] of Object.entries(others)) {
    await mkdir(dirname(join(directory.path, name)), { recursive: true })
    await writeFile(join(directory.path, name), content)
  }
  try {
    return await loadPrometheusConfig(path)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new ConfigError(error.problems.map((problem) => problem.replaceAll(`${directory.path}/`, '')))
  } finally {
    await directory.remove()
  }
}

/** What is wrong with it, as `prometheus.yml:line:col: error: …`. */
export async function problemsOf(text: string, others?: Readonly<Record<string, string>>): Promise<readonly string[]> {
  try {
    await loadText(text, others)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

/** As {@link problemsOf}, without the places. */
export async function messagesOf(text: string, others?: Readonly<Record<string, string>>): Promise<readonly string[]> {
  return (await problemsOf(text, others)).map((problem) => problem.replace(/^\S+:\d+:\d+: error: /, ''))
}
