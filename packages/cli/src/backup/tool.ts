import { systemClock } from '@quartet/runtime'
import type { Clock } from '@quartet/runtime'
import { parseArgs } from 'node:util'
import type { ParseArgsOptionsConfig } from 'node:util'
import { suggest, UsageError } from '../system-flags.ts'
import { BackupError } from './object-store.ts'
import { openStore } from './open-store.ts'
import type { ObjectStore } from './object-store.ts'
import { Progress } from './progress.ts'
import type { S3Flags } from './s3-location.ts'

/** What `backup`, `restore` and `verify` have in common. */
export interface ToolOutput {
  readonly print: (line: string) => void
  readonly printError: (line: string) => void
}

export interface ToolContext extends ToolOutput {
  readonly clock: Clock
  readonly progress: Progress
  readonly signal: AbortSignal
  /** @throws BackupError */
  readonly open: (place: string) => Promise<ObjectStore>
}

export interface ToolArguments {
  readonly words: readonly string[]
  readonly values: Readonly<Record<string, string | boolean | readonly string[] | undefined>>
}

const COMMON = {
  help: { type: 'boolean', short: 'h' },
  's3.endpoint': { type: 'string' },
  's3.region': { type: 'string' },
  's3.path-style': { type: 'string' },
} as const satisfies ParseArgsOptionsConfig

export const COMMON_HELP = `
  --s3.endpoint=URL        an S3-compatible store other than AWS; also AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL
  --s3.region=NAME         default AWS_REGION, AWS_DEFAULT_REGION, us-east-1
  --s3.path-style=BOOL     the bucket in the path and not in the host; default true with an endpoint of your own
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN are read from the environment.`

/** @throws UsageError with every problem */
export function readToolArguments(args: readonly string[], options: ParseArgsOptionsConfig): ToolArguments {
  const all = { ...COMMON, ...options }
  const { positionals, tokens, values } = parseArgs({
    args: [...args],
    options: all,
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  const problems: string[] = []
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const option = (all as ParseArgsOptionsConfig)[token.name]
    if (!option) problems.push(`unknown flag ${token.rawName}${suggest(token.name, Object.keys(all))}`)
    else if (option.type === 'string' && !token.value) problems.push(`${token.rawName} needs a value`)
    else if (option.type === 'boolean' && token.value !== undefined) problems.push(`${token.rawName} takes no value`)
  }
  if (!['true', 'false', undefined].includes(values['s3.path-style'] as string | undefined)) {
    problems.push('--s3.path-style is true or false')
  }
  if (problems.length > 0) throw new UsageError(problems)
  return { words: positionals, values: values as ToolArguments['values'] }
}

/** Runs a tool until it is done or interrupted. @returns the exit code */
export async function runTool(
  name: string,
  values: ToolArguments['values'],
  output: ToolOutput,
  work: (context: ToolContext) => Promise<number>,
): Promise<number> {
  const clock = systemClock
  const controller = new AbortController()
  const { signal } = controller
  const interrupt = (): void => controller.abort(new BackupError(`${name} was interrupted; the same command goes on`))
  // The clock's timers do not keep a process alive, and waiting for the next try at a store is nothing but a timer.
  const keepAlive = setInterval(() => undefined, 2 ** 30)
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  const progress = new Progress({
    clock,
    isTerminal: process.stderr.isTTY === true,
    write: (text) => void process.stderr.write(text),
  })
  const text = (flag: string): string | undefined => values[flag] as string | undefined
  const pathStyle = text('s3.path-style')
  const s3: S3Flags = {
    endpoint: text('s3.endpoint'),
    region: text('s3.region'),
    isPathStyle: pathStyle === undefined ? undefined : pathStyle === 'true',
  }
  try {
    const open = (place: string): Promise<ObjectStore> =>
      openStore(place, { s3, environment: process.env, clock, signal })
    return await work({ ...output, clock, progress, signal, open })
  } catch (error) {
    progress.end()
    throw signal.aborted ? signal.reason : toBackupError(error)
  } finally {
    clearInterval(keepAlive)
    process.removeListener('SIGINT', interrupt).removeListener('SIGTERM', interrupt)
  }
}

const DISK_ERRORS = new Map([
  ['ENOSPC', 'the disk is full'],
  ['EDQUOT', 'the quota is used up'],
  ['EACCES', 'permission denied'],
  ['EROFS', 'the disk is read-only'],
  ['EIO', 'the disk failed'],
  ['ENOENT', 'a file is gone; was a system restarted meanwhile? Try again'],
])

/** A disk that refuses is a person's business and no bug. */
function toBackupError(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  const why = DISK_ERRORS.get(String(error.code))
  return why === undefined ? error : new BackupError(`${why}: ${error.message}`, { cause: error })
}
