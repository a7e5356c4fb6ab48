export { FakeClock } from './fake-clock.ts'
export { recordingLogger } from './recording-logger.ts'
export type { LogRecord } from './recording-logger.ts'
export { temporaryDirectory } from './temporary-directory.ts'
