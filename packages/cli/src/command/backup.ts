import { randomBytes } from 'node:crypto'
import { resolve, sep } from 'node:path'
import { createBackup } from '../backup/create-backup.ts'
import type { BackupSummary } from '../backup/create-backup.ts'
import { FolderStore } from '../backup/folder-store.ts'
import { listBackups, readManifest, requirePlace } from '../backup/manifest.ts'
import { BackupError } from '../backup/object-store.ts'
import type { ObjectStore } from '../backup/object-store.ts'
import { formatBytes } from '../backup/progress.ts'
import { prune } from '../backup/prune.ts'
import { COMMON_HELP, readToolArguments, runTool } from '../backup/tool.ts'
import type { ToolContext, ToolOutput } from '../backup/tool.ts'
import { UsageError } from '../system-flags.ts'
import { quartetVersion } from '../version.ts'

const HELP = `quartet backup <place> [flags]      a folder, or s3://bucket/prefix
quartet backup list <place>         the backups that are there

  --data=DIR               what to back up; may be given several times; default ./data
  --keep=N                 afterwards removes all but the newest N backups, and what only those held
  --rehash                 also reads files again that look unchanged since the last backup
${COMMON_HELP}`

/** @returns the exit code */
export async function backup(args: readonly string[], output: ToolOutput): Promise<number> {
  const { words, values } = readToolArguments(args, {
    data: { type: 'string', multiple: true },
    keep: { type: 'string' },
    rehash: { type: 'boolean' },
  })
  if (values['help']) {
    output.print(HELP)
    return 0
  }
  const isList = words[0] === 'list' && words.length > 1
  const [place, ...more] = isList ? words.slice(1) : words
  const keep = values['keep'] === undefined ? undefined : Number(values['keep'])
  const problems = more.map((word) => `unexpected argument "${word}"`)
  if (place === undefined) problems.push('backup needs a place: a folder, or s3://bucket/prefix')
  if (keep !== undefined && !(Number.isInteger(keep) && keep >= 1)) problems.push('--keep is a number from 1 on')
  if (problems.length > 0) throw new UsageError(problems)
  const dataDirectories = ((values['data'] as string[] | undefined) ?? ['data']).map((path) => resolve(path))
  return runTool('the backup', values, output, async (context) => {
    const store = await context.open(place!)
    if (isList) return list(store, context)
    refusePlaceInside(store, dataDirectories)
    const random = randomBytes(4).toString('hex')
    const quartet = quartetVersion()
    const rehash = values['rehash'] === true
    const summary = await createBackup({ ...context, store, dataDirectories, quartet, random, rehash })
    printSummary(summary, store, context)
    if (keep !== undefined) await pruneAfter(store, keep, summary.id, context)
    return 0
  })
}

function refusePlaceInside(store: ObjectStore, dataDirectories: readonly string[]): void {
  if (!(store instanceof FolderStore)) return
  for (const directory of dataDirectories) {
    if (`${store.location}${sep}`.startsWith(`${directory}${sep}`)) {
      throw new BackupError(
        `${store.location} lies in ${directory}, which is backed up: choose a place on another disk`,
      )
    }
  }
}

async function list(store: ObjectStore, { print, printError }: ToolOutput): Promise<number> {
  await requirePlace(store)
  const ids = await listBackups(store)
  if (ids.length === 0) print(`${store.location} holds no finished backup`)
  let code = 0
  for (const id of ids) {
    try {
      const { systems, quartet } = await readManifest(store, id)
      const files = systems.flatMap((system) => system.files)
      const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
      const names = systems.map(({ service }) => service).join(', ')
      print(`${id}  ${formatBytes(bytes)} in ${files.length} files  quartet ${quartet}  ${names}`)
    } catch (error) {
      if (!(error instanceof BackupError)) throw error
      printError(error.message)
      code = 1
    }
  }
  return code
}

function printSummary(summary: BackupSummary, store: ObjectStore, { print }: ToolOutput): void {
  let newBytes = 0
  for (const { service, files, bytes, newFiles, newBytes: added, isSnapshot } of summary.systems) {
    newBytes += added
    const state = isSnapshot ? '' : ' (not running)'
    print(`${service}${state}: ${formatBytes(bytes)} in ${files} files; new ${formatBytes(added)} in ${newFiles}`)
  }
  const seconds = summary.seconds.toFixed(1)
  print(`backup ${summary.id} is whole in ${store.location}: ${formatBytes(newBytes)} copied in ${seconds} s`)
}

/** The backup is made; that old ones stay for now is not its failure. */
async function pruneAfter(store: ObjectStore, keep: number, id: string, context: ToolContext): Promise<void> {
  try {
    const { removedBackups, removedBytes, removedObjects } = await prune({ ...context, store, keep, id })
    if (removedBackups.length + removedObjects === 0) return
    context.print(
      `removed ${removedBackups.length} old backups and ${formatBytes(removedBytes)} in ${removedObjects} objects that only they held`,
    )
  } catch (error) {
    if (!(error instanceof BackupError) || context.signal.aborted) throw error
    context.printError(`no old backups were removed: ${error.message}`)
  }
}
