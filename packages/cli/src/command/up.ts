import { createLogger, systemClock } from '@quartet/runtime'
import type { Logger } from '@quartet/runtime'
import { readFileSync } from 'node:fs'
import { banner } from '../banner.ts'
import { lockDataDirectory } from '../data-lock.ts'
import { refuseUnfinishedRestore } from '../unfinished-restore.ts'
import { serveControlSocket } from '../supervisor/control-socket.ts'
import type { Failure } from '../supervisor/messages.ts'
import { settleWhenIdle } from '../supervisor/settle.ts'
import { StartError, Supervisor } from '../supervisor/supervisor.ts'
import { Threads } from '../supervisor/threads.ts'
import { quartetVersion } from '../version.ts'
import type { OwnOptions, SystemArguments } from './command-line.ts'

type Print = (line: string) => void

export interface UpOptions {
  readonly systems: readonly SystemArguments[]
  readonly options: OwnOptions
  readonly cacheDirectory: string
  readonly stopTimeoutMs?: number
  readonly print: Print
  readonly printError: Print
}

/** A terminal and npm both pass Ctrl-C on, so two signals at once are one wish. */
const SECOND_SIGNAL_AFTER_MS = 500
const PARENT_CHECK_MS = 1_000

/** Runs systems until a signal ends them. @returns the exit code */
export async function up(up: UpOptions): Promise<number> {
  const { options, print, printError } = up
  const logger = createLogger({ level: options.logLevel, fields: { system: 'supervisor' } })
  // The clock's timers do not keep a process alive, and between two lives of the only system nothing else would.
  const keepAlive = setInterval(() => undefined, 2 ** 30)
  const lock = await lockDataDirectory(options.dataDirectory)
  let control: { close(): Promise<void> } | undefined
  const supervisor = createSupervisor(up, logger)
  // Before anything is up: by default the signal would end the process.
  process.on('SIGHUP', () => void reload(supervisor, print, printError))
  const stopped = stopOnSignal(supervisor, print, printError)
  try {
    await refuseUnfinishedRestore(options.dataDirectory)
    const reports = await Promise.race([supervisor.start(), stopped])
    if (typeof reports === 'boolean') return reports ? 0 : 1
    control = await openControl(options.dataDirectory, supervisor, logger)
    print(banner({ version: quartetVersion(), readyMs: performance.now(), reports }))
    settleWhenIdle(systemClock)
    return (await stopped) ? 0 : 1
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    for (const failure of error.failures) printFailure(failure, printError)
    return 1
  } finally {
    await control?.close()
    await lock.release()
    clearInterval(keepAlive)
  }
}

/** Without it everything works but a backup while it runs, so a disk that knows no sockets is no reason not to. */
async function openControl(dataDirectory: string, supervisor: Supervisor, logger: Logger) {
  try {
    return await serveControlSocket({ dataDirectory, controlled: supervisor, logger })
  } catch (error) {
    logger.warn({ err: error }, 'no control socket: `quartet backup` will not reach this instance')
    return undefined
  }
}

function createSupervisor({ systems, options, cacheDirectory, stopTimeoutMs }: UpOptions, logger: Logger): Supervisor {
  const { dataDirectory, stackDirectory, listenHost, logLevel } = options
  const threads = new Threads({ cacheDirectory, clock: systemClock })
  return new Supervisor({
    clock: systemClock,
    logger,
    ...(stopTimeoutMs !== undefined && { stopTimeoutMs }),
    systems: systems.map(({ entry, args }) => {
      const { name, module, service, stopRank, heapLimitMb } = entry
      const start = { name, module, args, dataDirectory, stackDirectory, listenHost, logLevel }
      return {
        name,
        service,
        stopRank,
        run: () => threads.run(start, heapLimitMb),
      }
    }),
  })
}

/** @returns whether everything stopped cleanly, once a signal came or the launcher went away */
function stopOnSignal(supervisor: Supervisor, print: Print, printError: Print): Promise<boolean> {
  const stopped = Promise.withResolvers<boolean>()
  let firstMs: number | undefined
  let isCrash = false
  const stop = (why: string): void => {
    if (firstMs !== undefined) {
      if (systemClock.monotonicMs() - firstMs < SECOND_SIGNAL_AFTER_MS) return
      process.exit(1)
    }
    firstMs = systemClock.monotonicMs()
    print(`${why}: stopping`)
    supervisor.stop().then((isClean) => stopped.resolve(isClean && !isCrash), stopped.reject)
  }
  process.on('SIGINT', () => stop('SIGINT'))
  process.on('SIGTERM', () => stop('SIGTERM'))
  process.on('uncaughtException', (error) => {
    printError(`this is a bug in Quartet: ${error.stack ?? error.message}`)
    isCrash = true
    stop('uncaught exception')
  })
  watchLauncher(() => stop('the process that started Quartet is gone'))
  return stopped.promise
}

/** Started through npm, Quartet must not outlive it, not even when npm is killed and cannot pass a signal on. */
function watchLauncher(onGone: () => void): void {
  const launcher = process.env['QUARTET_LAUNCHER_PID']
  if (!launcher) return
  const [parent, grandparent] = launcher.split(',').map(Number)
  const timer = systemClock.every(PARENT_CHECK_MS, () => {
    const isThere = process.ppid === parent && (grandparent === undefined || parentOf(parent) === grandparent)
    if (isThere) return
    timer.cancel()
    onGone()
  })
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined // the process is gone
  }
}

async function reload(supervisor: Supervisor, print: (line: string) => void, printError: Print): Promise<void> {
  const failures = await supervisor.reload()
  for (const failure of failures) printFailure(failure, printError)
  print(
    failures.length === 0
      ? 'SIGHUP: configuration read again'
      : 'SIGHUP: the old configuration stays where there are errors',
  )
}

function printFailure(failure: Failure & { service: string }, printError: Print): void {
  const { service, severity, lines, stack, flag } = failure
  if (severity === 'bug' && stack !== undefined) return printError(`${service}: this is a bug in Quartet: ${stack}`)
  for (const line of lines) {
    const isPlaced = /:\d+:\d+: /.test(line) || line.startsWith(service)
    const text = flag === undefined ? line : line.replace(`--${flag}`, `--${service}.${flag}`)
    printError(isPlaced ? text : `${service}: ${text}`)
  }
}
