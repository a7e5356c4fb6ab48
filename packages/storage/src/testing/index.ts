export { FaultyFileSystem } from './faulty-file-system.ts'
export type { CrashMode, Fault, FaultyFileSystemOptions, FaultyOperation } from './faulty-file-system.ts'
export { seededRandom } from './random.ts'
export type { Random } from './random.ts'
