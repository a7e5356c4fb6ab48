/**
 * The port through which every engine touches the disk, so that tests can put a faulty disk under it.
 * Paths are absolute. Errors are Node's (`code` ENOENT, ENOSPC, EIO …) and are never swallowed here.
 */
export interface FileSystem {
  open(path: string, mode: OpenMode): Promise<FileHandle>
  /** The whole file, owned by the caller. */
  readFile(path: string): Promise<Uint8Array<ArrayBuffer>>
  /** Names in a directory, sorted; empty when the directory does not exist. */
  list(directory: string): Promise<readonly string[]>
  stat(path: string): Promise<FileStat | undefined>
  /** Creates a directory and its parents; no error when it exists. */
  makeDirectory(path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  /** Hard link; falls back to nothing: the caller copies when this throws EXDEV. */
  link(from: string, to: string): Promise<void>
  /** No error when it is gone already. */
  removeFile(path: string): Promise<void>
  /** Removes a directory with all it holds; no error when it is gone already. */
  removeDirectory(path: string): Promise<void>
  /** Makes renames, creations and removals in a directory durable. */
  syncDirectory(path: string): Promise<void>
}

/** `read`: must exist. `create`: truncated. `append`: created when missing, written at the end only. */
export type OpenMode = 'read' | 'create' | 'append'

export interface FileStat {
  readonly sizeBytes: number
  readonly isDirectory: boolean
  readonly modifiedMs: number
}

export interface FileHandle {
  readonly path: string
  sizeBytes(): Promise<number>
  /** Fills `target` from `offset`; returns how many bytes there were (fewer only at the end of the file). */
  readAt(target: Uint8Array, offset: number): Promise<number>
  /** Appends all of `parts` in order, or throws; after a throw the file may end in a part of them. */
  append(parts: readonly Uint8Array[]): Promise<void>
  truncate(sizeBytes: number): Promise<void>
  /** fdatasync. */
  sync(): Promise<void>
  close(): Promise<void>
}
