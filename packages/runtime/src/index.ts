export { systemClock } from './clock.ts'
export type { Clock, Timer } from './clock.ts'
export { createLogger, silentLogger } from './log.ts'
export type { Logger, LogLevel } from './log.ts'
export { ConfigError } from './system.ts'
export type {
  CheckOptions,
  Endpoint,
  Finding,
  FlagDefinition,
  RunningSystem,
  SystemDefinition,
  SystemOptions,
} from './system.ts'
