import type { Clock, Logger, SelfMetrics } from '@quartet/runtime'
import type { FileSystem } from '@quartet/storage'
import type { ObjectValue, Value } from '../syntax/index.ts'
import type { BodySchema } from './schema.ts'

export type HealthState = 'unknown' | 'healthy' | 'unhealthy' | 'exited'

export interface Health {
  readonly state: HealthState
  readonly message: string
  readonly updatedMs: number
}

/**
 * One kind of component, as one file under `components/` exports it. `build` must not touch the outside world: a reload builds
 * components that it throws away again when another block has an error. Listening, opening files and timers begin in `start`.
 */
export interface ComponentDefinition<Arguments = unknown> {
  /** `otelcol.receiver.otlp`. */
  readonly name: string
  readonly schema: BodySchema<Arguments>
  /** One of a kind, written without a label. */
  readonly isSingleton?: boolean
  build(context: ComponentContext, settings: Arguments): Component<Arguments>
}

export interface Component<Arguments> {
  /** What expressions of other blocks see under this block's name. Read again after {@link ComponentContext.exportsChanged}. */
  readonly exports: ObjectValue
  start(): Promise<void>
  /** Takes new arguments while running. Throwing makes the component unhealthy and keeps it with its old arguments. */
  update(settings: Arguments): Promise<void>
  /** Finishes or hands back what it has accepted. Called in the order of the data: receivers before exporters. */
  stop(): Promise<void>
  /** For the UI: what the component is doing. */
  debugInfo?(): ReadonlyMap<string, Value>
}

export interface ComponentContext {
  /** `otelcol.receiver.otlp.default`. */
  readonly id: string
  /** This component's own; not created yet. */
  readonly dataDirectory: string
  readonly fileSystem: FileSystem
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: SelfMetrics
  /** Where the collector's own HTTP server listens: `127.0.0.1:12345`. */
  readonly selfAddress: string
  exportsChanged(): void
  setHealth(state: HealthState, message: string): void
}
