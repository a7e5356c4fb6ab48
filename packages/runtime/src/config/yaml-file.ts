import type { ZodType } from 'zod'
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
