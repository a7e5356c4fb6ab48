import { parseTime, TimeError } from '@quartet/query'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { lockDataDirectory } from '../data-lock.ts'
import { UsageError } from '../system-flags.ts'

const IMPORT_HELP = `quartet import prometheus <directory> [--data=./data]

Takes over the data directory of a Prometheus that does not run: its blocks, and what its WAL holds. The directory is only read.
Goes on where an interrupted run has stopped; refuses when data of the same time is there already.

  --data=DIR    default ./data`

const EXPORT_HELP = `quartet export prometheus <directory> [flags]

Writes blocks that Prometheus, promtool, Thanos and Mimir read; a Prometheus can be started on the directory. Quartet must not run.

  --data=DIR          default ./data
  --from=TIME         RFC 3339 or Unix seconds; default everything
  --to=TIME
  --match=SELECTOR    only these series, such as '{job="node"}'`

export interface TransferOutput {
  readonly print: (line: string) => void
  readonly printError: (line: string) => void
}

/** `quartet import …` and `quartet export …`. @returns the exit code */
export async function transfer(
  command: 'import' | 'export',
  args: readonly string[],
  output: TransferOutput,
): Promise<number> {
  const { words, values } = readArguments(command, args)
  if (values.help) {
    output.print(command === 'import' ? IMPORT_HELP : EXPORT_HELP)
    return 0
  }
  const [what, place, ...more] = words
  if (what !== 'prometheus' || place === undefined || more.length > 0) {
    throw new UsageError([`usage: quartet ${command} prometheus <directory>; --help says more`])
  }
  const dataDirectory = resolve(values.data ?? 'data')
  const lock = await lockDataDirectory(dataDirectory)
  try {
    const directory = join(dataDirectory, 'prometheus')
    if (command === 'import') return await importFrom(resolve(place), directory, output)
    return await exportTo(resolve(place), directory, { ...values, ...output })
  } finally {
    await lock.release()
  }
}

interface Values {
  readonly data?: string
  readonly from?: string
  readonly to?: string
  readonly match?: string
  readonly help?: boolean
}

function readArguments(command: string, args: readonly string[]): { words: readonly string[]; values: Values } {
  const string = { type: 'string' } as const
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { data: string, help: { type: 'boolean', short: 'h' }, from: string, to: string, match: string },
    })
    const unknown = command === 'import' ? (['from', 'to', 'match'] as const).filter((name) => name in values) : []
    if (unknown.length > 0) throw new UsageError(unknown.map((name) => `unknown flag --${name}`))
    return { words: positionals, values }
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError([error instanceof Error ? error.message : String(error)])
  }
}

async function importFrom(from: string, directory: string, { print, printError }: TransferOutput): Promise<number> {
  const { loadTool } = await import('@quartet/metrics')
  const { importInto, ImportConflictError, UpstreamFormatError } = await loadTool()
  try {
    const { blocks, skipped, samples } = await importInto({
      directory,
      from,
      onDamage: ({ file, message }) => printError(`left out: ${file}: ${message}`),
      onProgress({ done, total, minMs, maxMs, seriesCount, sampleCount, isSkipped }) {
        const what = isSkipped ? 'there already' : `${seriesCount} series, ${sampleCount} samples`
        print(`${done}/${total}  ${iso(minMs)} to ${iso(maxMs)}  ${what}`)
      },
    })
    print(`${samples} samples in ${blocks} blocks imported${skipped > 0 ? `, ${skipped} were there already` : ''}`)
    return 0
  } catch (error) {
    if (!(error instanceof ImportConflictError || error instanceof UpstreamFormatError)) throw error
    printError(error.message)
    return 1
  }
}

async function exportTo(to: string, directory: string, options: Values & TransferOutput): Promise<number> {
  const { loadTool } = await import('@quartet/metrics')
  const { exportFrom, ParseError, parseSelector } = await loadTool()
  try {
    const range = {
      minMs: options.from === undefined ? -Infinity : parseTime(options.from),
      maxMs: options.to === undefined ? Infinity : parseTime(options.to),
    }
    const { blocks, samples } = await exportFrom({
      directory,
      to,
      range,
      matchers: options.match === undefined ? [] : parseSelector(options.match),
      signal: new AbortController().signal,
      onProgress({ done, total, sampleCount, path }) {
        if (path !== undefined) options.print(`${done}/${total}  ${path}  ${sampleCount} samples`)
      },
    })
    options.print(`${samples} samples in ${blocks} blocks exported to ${to}`)
    return 0
  } catch (error) {
    if (error instanceof ParseError || error instanceof TimeError) throw new UsageError([error.message])
    throw error
  }
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString()
}
