import { join } from 'node:path'
import { copyData, SNAPSHOTS_DIRECTORY, takeSnapshot, Wal } from '@quartet/storage'
import type { FileSystem } from '@quartet/storage'
import { toLogged } from './tombstones.ts'
import type { Tombstones } from './tombstones.ts'
import { RecordWriter } from './wal-records.ts'

/** Makes `snapshots/<name>`, a data directory of its own; nobody may change blocks meanwhile. */
export async function writeSnapshot(options: {
  readonly fileSystem: FileSystem
  readonly directory: string
  readonly name: string
  readonly skipHead: boolean
  readonly tombstones: Tombstones
}): Promise<void> {
  const { fileSystem, directory, name, skipHead, tombstones } = options
  await takeSnapshot({
    fileSystem,
    target: join(directory, SNAPSHOTS_DIRECTORY, name),
    async write(target) {
      if (!skipHead) return copyData({ fileSystem, directory, target })
      const blocks = join(target, 'blocks')
      await fileSystem.makeDirectory(blocks)
      await copyData({ fileSystem, directory: join(directory, 'blocks'), target: blocks })
      await fileSystem.syncDirectory(blocks)
      await writeTombstones(fileSystem, join(target, 'wal'), tombstones)
    },
  })
}

/** What is deleted from the blocks stands in the WAL alone. */
async function writeTombstones(fileSystem: FileSystem, directory: string, { deletions }: Tombstones): Promise<void> {
  if (deletions.length === 0) return
  const record = new RecordWriter()
  for (const deletion of deletions) record.deletion(toLogged(deletion))
  // A new log has no problem but those that the append throws.
  const wal = await Wal.open({ fileSystem, directory, sync: 'always', onProblem: () => undefined })
  await wal.replay(() => undefined)
  await wal.append(record.view())
  await wal.close()
}
