export type { FileHandle, FileStat, FileSystem, OpenMode } from './file-system.ts'
