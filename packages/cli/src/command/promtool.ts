import { TimeError } from '@quartet/query'
import { writeFile } from 'node:fs/promises'
import { PromtoolError, readFlags } from './promtool-flags.ts'
import type { PromtoolOptions } from './promtool-flags.ts'
import { query } from './promtool-query.ts'

const HELP = `usage: quartet promtool <command> [flags]

  check config [--syntax-only] <file>…     prometheus.yml and the rule files that it names
  check rules [--lint=duplicate-rules|none|all] [--lint-fatal] <file>…
  check web-config <file>…
  check healthy|ready [--url=http://localhost:9090]
  test rules [--run=REGEX]… [--junit=FILE] <file>…     unit tests of rules
  query instant|range|series|labels <server> …        --help of a query says more
  tsdb list <directory>                    a data directory in Prometheus's format
  tsdb dump [--min-time=MS] [--max-time=MS] [--match=SELECTOR] <directory>

  --enable-feature=NAME   promql-experimental-functions, promql-duration-expr, promql-extended-range-selectors,
                          promql-delayed-name-removal`

/** `quartet promtool …`: upstream's checks and unit tests, without a server. @returns the exit code */
export async function promtool(options: PromtoolOptions): Promise<number> {
  const { args, print, printError } = options
  if (args.length === 0 || args.includes('--help') || args.includes('-h') || args[0] === 'help') {
    print(HELP)
    return args.length === 0 ? 1 : 0
  }
  if (args[0] === '--version') {
    print('promtool, version 3.8.1 (quartet)')
    return 0
  }
  try {
    return await runCommand(args, options)
  } catch (error) {
    if (error instanceof PromtoolError || (error instanceof Error && 'code' in error)) {
      printError(`promtool: error: ${error.message}`)
      return 1
    }
    if (error instanceof TimeError || (error instanceof Error && /^(UpstreamFormat|Parse)Error$/.test(error.name))) {
      printError(error.message)
      return 1
    }
    throw error
  }
}

function runCommand(args: readonly string[], options: PromtoolOptions): Promise<number> {
  const command = args.slice(0, 2).join(' ')
  const rest = args.slice(2)
  switch (command) {
    case 'check config':
      return checkConfig(rest, options)
    case 'check rules':
      return checkRules(rest, options)
    case 'check web-config':
      return checkWebConfig(rest, options)
    case 'check healthy':
    case 'check ready':
      return checkServer(rest, command.slice('check '.length), options)
    case 'test rules':
      return testRules(rest, options)
    case 'tsdb list':
    case 'tsdb dump':
      return tsdb(rest, command, options)
    case 'query instant':
    case 'query range':
    case 'query series':
    case 'query labels':
      return query(command.slice('query '.length), rest, options)
    default:
      throw new PromtoolError(`expected command but got ${JSON.stringify(command)}`)
  }
}

const STRING = { type: 'string' } as const
const STRINGS = { type: 'string', multiple: true } as const
const SWITCH = { type: 'boolean' } as const
const FEATURES = { 'enable-feature': STRINGS }

function featuresOf(names: readonly string[]): {
  experimentalFunctions: boolean
  durationExpressions: boolean
  extendedRangeSelectors: boolean
  delayNameRemoval: boolean
} {
  const all = new Set(names.flatMap((name) => name.split(',')))
  return {
    experimentalFunctions: all.has('promql-experimental-functions'),
    durationExpressions: all.has('promql-duration-expr'),
    extendedRangeSelectors: all.has('promql-extended-range-selectors'),
    delayNameRemoval: all.has('promql-delayed-name-removal'),
  }
}

function required(words: readonly string[], what: string): readonly string[] {
  if (words.length === 0) throw new PromtoolError(`required argument '${what}' not provided`)
  return words
}

async function loadMetrics() {
  const { loadTool } = await import('@quartet/metrics')
  return loadTool()
}

async function checkConfig(args: readonly string[], { print, printError }: PromtoolOptions): Promise<number> {
  const flags = readFlags(args, { ...FEATURES, 'syntax-only': SWITCH })
  const tool = await loadMetrics()
  const features = featuresOf(flags.many('enable-feature'))
  const isSyntaxOnly = flags.isOn('syntax-only')
  const paths = required(flags.words, 'config-files')
  return (await tool.checkConfig(paths, { print, printError, isSyntaxOnly, features })) ? 0 : 1
}

async function checkRules(args: readonly string[], { print, printError }: PromtoolOptions): Promise<number> {
  const flags = readFlags(args, { ...FEATURES, lint: STRING, 'lint-fatal': SWITCH })
  const lint = flags.one('lint') ?? 'duplicate-rules'
  const tool = await loadMetrics()
  return tool.checkRules(required(flags.words, 'rule-files'), {
    print,
    printError,
    isLinted: lint.split(',').some((one) => one === 'all' || one === 'duplicate-rules'),
    isFatal: flags.isOn('lint-fatal'),
    features: featuresOf(flags.many('enable-feature')),
  })
}

async function checkWebConfig(args: readonly string[], { print, printError }: PromtoolOptions): Promise<number> {
  const { ConfigError, loadWebConfig } = await import('@quartet/runtime')
  let code = 0
  for (const path of required(args, 'web-config-files')) {
    try {
      await loadWebConfig(path)
      print(`${path} SUCCESS`)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      for (const problem of error.problems) printError(`${path} FAILED: ${problem}`)
      code = 1
    }
  }
  return code
}

async function checkServer(
  args: readonly string[],
  what: string,
  { print, printError }: PromtoolOptions,
): Promise<number> {
  const url = readFlags(args, { url: STRING }).one('url') ?? 'http://localhost:9090'
  try {
    const response = await fetch(new URL(`/-/${what}`, url))
    if (response.ok) {
      print(`  SUCCESS: Prometheus Server is ${what === 'ready' ? 'Ready' : 'Healthy'}.`)
      return 0
    }
    printError(`error: check failed: URL=${url}, status=${response.status}`)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    printError(`error: ${url} cannot be reached: ${error.cause instanceof Error ? error.cause.message : error.message}`)
  }
  return 1
}

async function testRules(args: readonly string[], { print, printError }: PromtoolOptions): Promise<number> {
  const flags = readFlags(args, { ...FEATURES, run: STRINGS, junit: STRING, diff: SWITCH })
  if (flags.isOn('diff')) throw new PromtoolError('--diff is not supported by Quartet')
  const tool = await loadMetrics()
  const { isGood, junit } = await tool.runUnitTests({
    paths: required(flags.words, 'test-rule-file'),
    run: flags.many('run').map((pattern) => new RegExp(pattern)),
    features: featuresOf(flags.many('enable-feature')),
    print,
    printError,
  })
  const file = flags.one('junit')
  if (file !== undefined) await writeFile(file, junit)
  return isGood ? 0 : 1
}

async function tsdb(args: readonly string[], command: string, { print }: PromtoolOptions): Promise<number> {
  const flags = readFlags(args, { 'min-time': STRING, 'max-time': STRING, match: STRING, 'human-readable': SWITCH })
  const [directory] = required(flags.words, 'db path')
  const tool = await loadMetrics()
  if (command === 'tsdb list') {
    await tool.listBlocks(directory!, print)
    return 0
  }
  const bound = (name: string, fallback: number): number => {
    const text = flags.one(name)
    if (text === undefined) return fallback
    if (!/^-?\d+$/.test(text))
      throw new PromtoolError(`--${name}: ${JSON.stringify(text)} is not a time in milliseconds`)
    return Number(text)
  }
  await tool.dumpBlocks(directory!, {
    minMs: bound('min-time', -Infinity),
    maxMs: bound('max-time', Infinity),
    matchers: tool.parseSelector(flags.one('match') ?? '{__name__=~"(?s:.*)"}'),
    print,
    flush: () => new Promise((resolve) => void process.stdout.write('', () => resolve())),
  })
  return 0
}
