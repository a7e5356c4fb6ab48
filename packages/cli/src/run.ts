import { DataDirectoryInUseError } from './data-lock.ts'
import { readCommandLine } from './command/command-line.ts'
import { SYSTEMS } from './system-table.ts'
import type { SystemEntry } from './system-table.ts'
import { UsageError } from './system-flags.ts'
import { UnfinishedRestoreError } from './unfinished-restore.ts'
import { quartetVersion } from './version.ts'

export interface RunOptions {
  readonly args: readonly string[]
  readonly cacheDirectory: string
  /** How long one system may take to stop. */
  readonly stopTimeoutMs?: number
  /** The systems there are; tests bring their own. */
  readonly systems?: readonly SystemEntry[]
  readonly print?: (line: string) => void
  readonly printError?: (line: string) => void
}

/** The `quartet` command. @returns the exit code */
export async function run(options: RunOptions): Promise<number> {
  const { args, cacheDirectory, systems = SYSTEMS } = options
  const print = options.print ?? ((line) => void process.stdout.write(line + '\n'))
  const printError = options.printError ?? ((line) => void process.stderr.write(line + '\n'))
  try {
    if (args[0] === 'amtool') {
      const { amtool } = await import('./command/amtool.ts')
      return await amtool({ args: args.slice(1), print, printError })
    }
    if (args[0] === 'promtool') {
      const { promtool } = await import('./command/promtool.ts')
      return await promtool({ args: args.slice(1), print, printError })
    }
    if (args[0] === 'import' || args[0] === 'export') {
      const { transfer } = await import('./command/transfer.ts')
      return await transfer(args[0], args.slice(1), { print, printError })
    }
    const line = readCommandLine(args, systems)
    switch (line.command) {
      case 'version':
        print(`quartet ${quartetVersion()} (node ${process.version})`)
        return 0
      case 'help': {
        const { help } = await import('./command/help.ts')
        await help(systems, print)
        return 0
      }
      case 'check': {
        const { check } = await import('./command/check.ts')
        return await check(line.systems, line.options, print)
      }
      case 'backup': {
        const { backup } = await import('./command/backup.ts')
        return await backup(line.args, { print, printError })
      }
      case 'restore': {
        const { restoreCommand } = await import('./command/restore.ts')
        return await restoreCommand(line.args, { print, printError })
      }
      case 'verify': {
        const { verify } = await import('./command/verify.ts')
        return await verify(line.args, { print, printError })
      }
      case 'up':
      case 'serve': {
        const { up } = await import('./command/up.ts')
        return await up({
          ...line,
          cacheDirectory,
          print,
          printError,
          ...(options.stopTimeoutMs !== undefined && { stopTimeoutMs: options.stopTimeoutMs }),
        })
      }
    }
  } catch (error) {
    if (isToldProblems(error)) for (const problem of error.problems) printError(problem)
    else if (error instanceof DataDirectoryInUseError || error instanceof UnfinishedRestoreError)
      printError(error.message)
    else throw error
    return 1
  }
}

/** UsageError, and BackupError, whose module only its commands load. */
function isToldProblems(error: unknown): error is Error & { readonly problems: readonly string[] } {
  return error instanceof UsageError || (error instanceof Error && error.name === 'BackupError' && 'problems' in error)
}
