import { resolve } from 'node:path'
import { isBackupId, listBackups, readManifest, requirePlace } from '../backup/manifest.ts'
import type { Manifest } from '../backup/manifest.ts'
import { BackupError, ObjectMissingError } from '../backup/object-store.ts'
import type { ObjectStore } from '../backup/object-store.ts'
import { formatBytes } from '../backup/progress.ts'
import { restore } from '../backup/restore.ts'
import { COMMON_HELP, readToolArguments, runTool } from '../backup/tool.ts'
import type { ToolOutput } from '../backup/tool.ts'
import { UsageError } from '../system-flags.ts'

const HELP = `quartet restore <place> [flags]     a folder, or s3://bucket/prefix

  --data=DIR               an empty directory; default ./data
  --id=ID                  which backup, as \`quartet backup list\` shows; default the newest
  --only=NAME              one system, such as prometheus; may be given several times; default all
${COMMON_HELP}`

/** @returns the exit code */
export async function restoreCommand(args: readonly string[], output: ToolOutput): Promise<number> {
  const { words, values } = readToolArguments(args, {
    data: { type: 'string' },
    id: { type: 'string' },
    only: { type: 'string', multiple: true },
  })
  if (values['help']) {
    output.print(HELP)
    return 0
  }
  const [place, ...more] = words
  const problems = more.map((word) => `unexpected argument "${word}"`)
  if (place === undefined) problems.push('restore needs a place: a folder, or s3://bucket/prefix')
  if (problems.length > 0) throw new UsageError(problems)
  const dataDirectory = resolve((values['data'] as string | undefined) ?? 'data')
  const only = values['only'] as readonly string[] | undefined
  return runTool('the restore', values, output, async (context) => {
    const store = await context.open(place!)
    await requirePlace(store)
    const manifest = await chooseBackup(store, values['id'] as string | undefined)
    const { seconds, systems } = await restore({ ...context, store, manifest, dataDirectory, ...(only && { only }) })
    let bytes = 0
    for (const system of systems) {
      bytes += system.bytes
      const kept = system.keptFiles > 0 ? `; ${system.keptFiles} were there already` : ''
      context.print(`${system.service}: ${formatBytes(system.bytes)} in ${system.files} files${kept}`)
    }
    context.print(
      `backup ${manifest.id} is restored to ${dataDirectory}: ${formatBytes(bytes)} in ${seconds.toFixed(1)} s`,
    )
    return 0
  })
}

export async function chooseBackup(store: ObjectStore, id: string | undefined): Promise<Manifest> {
  const chosen = id ?? (await listBackups(store)).at(-1)
  if (chosen === undefined) throw new BackupError(`${store.location} holds no finished backup`)
  const missing = `there is no backup ${chosen} in ${store.location}`
  if (!isBackupId(chosen)) throw new BackupError(missing)
  try {
    return await readManifest(store, chosen)
  } catch (error) {
    throw error instanceof ObjectMissingError ? new BackupError(missing) : error
  }
}
