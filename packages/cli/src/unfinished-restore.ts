import { stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Below the data directory: what `quartet restore` writes until everything is there. */
export const RESTORE_DIRECTORY = 'restore.part'

/** The data directory is half of one. */
export class UnfinishedRestoreError extends Error {
  constructor(directory: string) {
    super(`${directory} holds an unfinished restore: run the same \`quartet restore\` again, or remove the directory`)
    this.name = 'UnfinishedRestoreError'
  }
}

/** Starting on a part of the data would look like a loss of the rest. @throws UnfinishedRestoreError */
export async function refuseUnfinishedRestore(dataDirectory: string): Promise<void> {
  const path = join(dataDirectory, RESTORE_DIRECTORY)
  const isThere = await stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw error
    },
  )
  if (isThere) throw new UnfinishedRestoreError(path)
}
