import { readFile } from 'node:fs/promises'
import type { ZodType } from 'zod'
import { ConfigError } from '../system.ts'
import type { YamlPath } from './yaml-position.ts'

export interface LoadYamlOptions<T> {
  /** Read unless `text` is given; named in every problem. */
  readonly path: string
  readonly text?: string
  /** Unknown keys are errors through `z.strictObject`. */
  readonly schema: ZodType<T>
  /** Replaces `${NAME}` and `${NAME:-default}` before parsing, as upstream does with `-config.expand-env`. */
  readonly expandEnv?: boolean
}

export interface LoadedYaml<T> {
  readonly value: T
  /** `file:line:col` of a path, for problems that are found later. */
  at(path: YamlPath): string
}

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
