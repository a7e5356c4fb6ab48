import { resolve } from 'node:path'
import { isBackupId, isBackupPlace } from '../backup/manifest.ts'
import { BackupError } from '../backup/object-store.ts'
import { isS3 } from '../backup/open-store.ts'
import { formatBytes } from '../backup/progress.ts'
import { COMMON_HELP, readToolArguments, runTool } from '../backup/tool.ts'
import type { ToolOutput } from '../backup/tool.ts'
import { verifyBackups, verifyDataDirectory } from '../backup/verify.ts'
import { UsageError } from '../system-flags.ts'

const HELP = `quartet verify <place> [flags]      backups in a folder or in s3://bucket/prefix, or a data directory

  --id=ID                  one backup; default all
${COMMON_HELP}`

/** @returns the exit code: 1 when anything is wrong */
export async function verify(args: readonly string[], output: ToolOutput): Promise<number> {
  const { words, values } = readToolArguments(args, { id: { type: 'string' } })
  if (values['help']) {
    output.print(HELP)
    return 0
  }
  const [place, ...more] = words
  const problems = more.map((word) => `unexpected argument "${word}"`)
  if (place === undefined) problems.push('verify needs a place: a folder, s3://bucket/prefix, or a data directory')
  if (problems.length > 0) throw new UsageError(problems)
  const id = values['id'] as string | undefined
  return runTool('verify', values, output, async (context) => {
    const store = await context.open(place!)
    const isBackup = await isBackupPlace(store)
    if (!isBackup && isS3(place!)) throw new BackupError(`${store.location} holds no backups of Quartet`)
    if (id !== undefined && !(isBackup && isBackupId(id))) throw new BackupError(`there is no backup ${id} there`)
    const report = isBackup
      ? await verifyBackups({ ...context, store, id })
      : await verifyDataDirectory({ ...context, dataDirectory: resolve(place!) })
    for (const warning of report.warnings) context.print(`warning: ${warning}`)
    for (const error of report.errors) context.printError(`error: ${error}`)
    const { backups, blocks, bytes, errors, files, records, segments } = report
    const what = isBackup ? `${backups} backups, ${files} objects` : `${files} files`
    const read = `${formatBytes(bytes)} in ${what}; ${blocks} blocks, ${segments} log segments with ${records} records`
    context.print(errors.length === 0 ? `nothing is wrong: ${read}` : `${errors.length} errors: ${read}`)
    return errors.length === 0 ? 0 : 1
  })
}
