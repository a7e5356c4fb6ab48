/**
 * Where backups lie: keys with `/` in them, and bytes. An object is there with all its bytes or not at all, also after a crash or a
 * torn connection, and whoever lists after a write sees it.
 */
export interface ObjectStore {
  /** For people: without secrets. */
  readonly location: string
  /** Objects whose key begins with the prefix, in no particular order. */
  list(prefix: string): AsyncIterable<StoredObject>
  /**
   * All bytes, or those in [start, end).
   * @throws ObjectMissingError
   */
  read(key: string, range?: { readonly start: number; readonly end: number }): AsyncIterable<Uint8Array>
  write(key: string, content: ObjectContent): Promise<void>
  /** No error when it is gone already. */
  remove(key: string): Promise<void>
}

export interface StoredObject {
  readonly key: string
  readonly sizeBytes: number
}

export interface ObjectContent {
  readonly sizeBytes: number
  /** Hexadecimal. A content that turns out not to have it is refused. */
  readonly sha256: string
  /** May be called again, for another try. */
  read(): AsyncIterable<Uint8Array>
}

export class ObjectMissingError extends Error {
  constructor(key: string) {
    super(`${key} is not there`)
    this.name = 'ObjectMissingError'
  }
}

/** Something a person must know or do; the message is all there is to say. */
export class BackupError extends Error {
  /** Every problem, when there are several. */
  readonly problems: readonly string[]
  constructor(problems: string | readonly string[], options?: ErrorOptions) {
    const lines = typeof problems === 'string' ? [problems] : problems
    super(lines.join('\n'), options)
    this.name = 'BackupError'
    this.problems = lines
  }
}
