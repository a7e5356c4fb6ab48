import { readFile } from 'node:fs/promises'
import { ConfigError } from '../system.ts'
import type { LoadedYaml, LoadYamlOptions } from './yaml-file.ts'

/**
 * Reads a YAML 1.1 file as Go's decoders do: a key without a value counts as absent, and where the schema wants a string, an
 * unquoted `yes`, `1.10` or `12:30` keeps its text.
 * @throws ConfigError with every problem as `file:line:col: error: …`
 */
export async function loadYaml<T>(options: LoadYamlOptions<T>): Promise<LoadedYaml<T>> {
  const text = options.text ?? (await readText(options.path))
  // Only those with a file pay for the parser.
  const { parseYaml } = await import('./parse-yaml.ts')
  return parseYaml({ ...options, text })
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    const reason = code === 'ENOENT' ? 'no such file' : cause instanceof Error ? cause.message : String(cause)
    throw new ConfigError([`${path}:1:1: error: cannot be read: ${reason}`])
  }
}
