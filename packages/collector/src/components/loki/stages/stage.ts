import type { BodySchema, Stage as WrittenStage, UnsupportedMember } from '../../../graph/index.ts'

/** One log line on its way through the stages; they change it in place. */
export interface StagedEntry {
  labels: Map<string, string>
  /** What earlier stages found in the line, beside the labels. */
  readonly extracted: Map<string, unknown>
  readonly metadata: Map<string, string>
  line: string
  timestampNs: bigint
}

/** One stage with its settings. @returns false when the line is dropped */
export type Stage = (entry: StagedEntry) => boolean

/** One kind of stage, as one file exports it. */
export interface StageDefinition<T = unknown> {
  /** `json` for the block `stage.json`. */
  readonly name: string
  readonly schema: BodySchema<T>
  create(settings: T, services: StageServices): Stage
}

/** What a stage that holds stages itself needs of the registry. */
export interface StageKit {
  /** By block name. */
  readonly schemas: () => Readonly<Record<string, BodySchema<unknown>>>
  /** Stages that exist upstream only; spread into a schema. */
  readonly members: Readonly<Record<`stage.${string}`, UnsupportedMember>>
  /** One function that runs the stages in their order; false when one drops the line. */
  readonly create: (written: readonly WrittenStage[], services: StageServices) => Stage
}

export interface StageServices {
  readonly nowNs: () => bigint
  /** Counts a dropped line under upstream's reasons. */
  readonly dropped: (reason: string) => void
}

/** An extracted value as a text; `undefined` for what has none, such as objects and null. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'
    ? String(value)
    : undefined
}

/** The text that a stage reads: the line, or the extracted value that `source` names. */
export function input(entry: StagedEntry, source: string): string | undefined {
  return source === '' ? entry.line : textOf(entry.extracted.get(source))
}
