import type { Diagnostic } from '@quartet/query'
import type { Logger } from '@quartet/runtime'
import { body, decodeBlock, type, unsupported, withDefault, withoutEffect } from '../graph/index.ts'
import type { BodySchema } from '../graph/index.ts'
import { layeredScope } from '../syntax/index.ts'
import type { Block, Value } from '../syntax/index.ts'

/** Blocks that configure the collector itself and not a component. */
export const SERVICE_BLOCKS: ReadonlySet<string> = new Set(['logging', 'livedebugging'])

const LEVELS = ['debug', 'info', 'warn', 'error'] as const
type Level = (typeof LEVELS)[number]

const loggingSchema = body({
  level: withDefault(type.oneOf(...LEVELS), 'info'),
  format: withoutEffect(withDefault(type.oneOf('logfmt', 'json'), 'logfmt'), 'the log is JSON throughout', 'json'),
  write_to: unsupported,
  destination: unsupported,
})

const NO_LIVE_DEBUGGING = 'there is no live debugging yet'

const liveDebuggingSchema = body({
  enabled: withoutEffect(withDefault(type.bool, false), NO_LIVE_DEBUGGING, false),
  buffer_size: withoutEffect(withDefault(type.count, 10), NO_LIVE_DEBUGGING),
})

/** A logger whose level the `logging` block sets. Quartet's log is JSON throughout; `format` is accepted and has no effect. */
export class LeveledLogger implements Logger {
  readonly #inner: Logger
  readonly #state: { threshold: number }

  constructor(inner: Logger, state: { threshold: number } = { threshold: 1 }) {
    this.#inner = inner
    this.#state = state
  }

  setLevel(level: Level): void {
    this.#state.threshold = LEVELS.indexOf(level)
  }

  debug: Logger['debug'] = (...parts: readonly unknown[]) => this.#write(0, parts)
  info: Logger['info'] = (...parts: readonly unknown[]) => this.#write(1, parts)
  warn: Logger['warn'] = (...parts: readonly unknown[]) => this.#write(2, parts)
  error: Logger['error'] = (...parts: readonly unknown[]) => this.#write(3, parts)

  child(fields: Record<string, unknown>): Logger {
    return new LeveledLogger(this.#inner.child(fields), this.#state)
  }

  #write(level: number, parts: readonly unknown[]): void {
    if (level < this.#state.threshold) return
    const write = this.#inner[LEVELS[level]] as (...parts: readonly unknown[]) => void
    write.apply(this.#inner, [...parts])
  }
}

/** Checks a service block. @returns what applies it once the whole configuration is known to be good */
export function checkServiceBlock(
  block: Block,
  library: ReadonlyMap<string, Value>,
  logger: LeveledLogger,
  diagnostics: Diagnostic[],
): () => void {
  const decode = <T>(schema: BodySchema<T>): T =>
    decodeBlock(block, schema, layeredScope(new Map(), library), diagnostics).value
  if (block.name === 'livedebugging') {
    decode(liveDebuggingSchema)
    return () => undefined
  }
  const { level } = decode(loggingSchema)
  return () => logger.setLevel(level)
}
