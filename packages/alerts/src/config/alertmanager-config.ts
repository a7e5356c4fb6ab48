import { ConfigError, loadYaml } from '@quartet/runtime'
import type { Finding, LoadedYaml } from '@quartet/runtime'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { fillIn } from './environment.ts'
import type { Environment } from './environment.ts'
import { text } from './fields.ts'
import { globalConfig } from './global-config.ts'
import type { GlobalConfig } from './global-config.ts'
import { UNSUPPORTED_HTTP_KEYS } from './http-config.ts'
import type { HttpConfig } from './http-config.ts'
import { inhibitSchema } from './inhibit-config.ts'
import type { InhibitConfig } from './inhibit-config.ts'
import type { MatcherMode, MatcherNotice } from './matcher/parse-matchers.ts'
import type { ReceiverType } from './receiver-type.ts'
import { resolveFiles } from './resolve-files.ts'
import { depthProblem, routeSchema } from './route-config.ts'
import type { MatcherSyntax, RouteConfig } from './route-config.ts'
import { timeInterval } from './time-interval.ts'
import type { TimeInterval } from './time-interval.ts'

export interface NamedIntervals {
  readonly name: string
  readonly time_intervals: readonly TimeInterval[]
}

/** `name` and, under the key of each kind, the list of its settings. */
export interface ReceiverConfig {
  readonly name: string
  readonly [key: string]: unknown
}

/** alertmanager.yml with upstream's defaults and with the global section filled into every receiver. */
export interface AlertmanagerConfig {
  readonly global: GlobalConfig
  readonly route: RouteConfig
  readonly inhibit_rules?: readonly InhibitConfig[] | undefined
  readonly receivers?: readonly ReceiverConfig[] | undefined
  readonly templates: readonly string[]
  readonly mute_time_intervals?: readonly NamedIntervals[] | undefined
  readonly time_intervals?: readonly NamedIntervals[] | undefined
  readonly tracing?: unknown
}

export interface LoadConfigOptions {
  readonly path: string
  /** Instead of what is in the file. */
  readonly text?: string
  readonly mode?: MatcherMode
  /**
   * Replaces `${NAME}` and `${NAME:-default}` inside of texts by the environment, after parsing, so that no value can change what the
   * file says. An integration that then lacks what it needs is left out instead of being an error.
   */
  readonly environment?: Environment | undefined
  readonly receiverTypes: readonly ReceiverType[]
}

/** An integration that nobody has filled in. */
export interface LeftOut {
  readonly receiver: string
  /** `email[0]` */
  readonly integration: string
  /** What is empty: `to`. */
  readonly missing: readonly string[]
  /** Variables that the file names and that are not set. */
  readonly unset: readonly string[]
}

export interface LoadedConfig {
  readonly config: AlertmanagerConfig
  readonly leftOut: readonly LeftOut[]
  /** What has no effect or reads differently in the two matcher syntaxes. */
  readonly findings: readonly Finding[]
  readonly notices: readonly MatcherNotice[]
}

/** @throws ConfigError with every problem as `file:line:col: error: …`, the texts upstream's */
export async function loadConfig(options: LoadConfigOptions): Promise<LoadedConfig> {
  const { path, receiverTypes } = options
  const notices: MatcherNotice[] = []
  // A failed first parse is repeated after texts are restored; what it noticed is not said twice.
  const notice = (found: MatcherNotice): void => {
    if (!notices.some(({ input }) => input === found.input)) notices.push(found)
  }
  const { environment } = options
  const unset = new Set<string>()
  const schema = configSchema({ mode: options.mode ?? 'fallback', notice }, receiverTypes)
  const loaded = await loadYaml<ParsedConfig>({
    path,
    ...(options.text !== undefined && { text: options.text }),
    schema: environment ? z.preprocess((value) => fillIn(value, environment, unset), schema) : schema,
  })
  const { value } = loaded
  const problems = [...crossProblems(loaded)]
  const leftOut: LeftOut[] = []
  const receivers = value.receivers?.map((receiver, index) => {
    const filled = environment ? withoutEmpty(receiver, value.global, receiverTypes, [...unset], leftOut) : receiver
    return completeReceiver(filled, value.global, receiverTypes, (key, place, message) =>
      problems.push(`${loaded.at(['receivers', index, key, place])}: error: ${message}`),
    )
  })
  if (problems.length > 0) throw new ConfigError(problems)
  const directory = dirname(resolve(path))
  const config = { ...value, receivers, templates: value.templates.map((file) => resolve(directory, file)) }
  resolveFiles(config, directory)
  const findings = [...findingsOf(loaded, receiverTypes, notices), ...leftOut.map(leftOutFinding)]
  return { config: config as AlertmanagerConfig, leftOut, findings, notices }
}

type ParsedConfig = Omit<AlertmanagerConfig, 'route'> & { readonly route?: RouteConfig | undefined }

function configSchema(syntax: MatcherSyntax, types: readonly ReceiverType[]): z.ZodType<ParsedConfig> {
  const receiver = z
    .strictObject({
      name: text,
      ...Object.fromEntries(types.map(({ key, schema }) => [key, z.array(schema).optional()])),
    })
    .superRefine(({ name }, context) => {
      if (name === '') context.addIssue({ code: 'custom', message: 'missing name in receiver' })
    })
  const named = (what: string) =>
    z
      .strictObject({ name: text, time_intervals: z.array(timeInterval).default([]) })
      .superRefine(({ name }, context) => {
        if (name === '') context.addIssue({ code: 'custom', message: `missing name in ${what}` })
      })
  return z.strictObject({
    global: globalConfig.prefault({}),
    route: routeSchema(syntax).optional(),
    inhibit_rules: z.array(inhibitSchema(syntax)).optional(),
    receivers: z.array(receiver).optional(),
    templates: z.array(z.string()).default([]),
    mute_time_intervals: z.array(named('mute time interval')).optional(),
    time_intervals: z.array(named('time interval')).optional(),
    tracing: z.unknown().optional(),
  }) as unknown as z.ZodType<ParsedConfig>
}

function* crossProblems({ at, value }: LoadedYaml<ParsedConfig>): Iterable<string> {
  const receivers = new Set<string>()
  for (const [index, { name }] of (value.receivers ?? []).entries()) {
    if (receivers.has(name)) {
      yield `${at(['receivers', index, 'name'])}: error: notification config name ${JSON.stringify(name)} is not unique`
    }
    receivers.add(name)
  }
  const intervals = new Set<string>()
  for (const [key, what] of [
    ['mute_time_intervals', 'mute time interval'],
    ['time_intervals', 'time interval'],
  ] as const) {
    for (const [index, { name }] of (value[key] ?? []).entries()) {
      if (intervals.has(name)) {
        yield `${at([key, index, 'name'])}: error: ${what} ${JSON.stringify(name)} is not unique`
      }
      intervals.add(name)
    }
  }
  const { route } = value
  if (!route) {
    yield `${at([])}: error: no routes provided`
    return
  }
  const place = at(['route'])
  if (!route.receiver) yield `${place}: error: root route must specify a default receiver`
  if (route.match || route.match_re || route.matchers?.length) {
    yield `${place}: error: root route must not have any matchers`
  }
  for (const [key, what] of [
    ['mute_time_intervals', 'mute'],
    ['active_time_intervals', 'active'],
  ] as const) {
    if (route[key]?.length) yield `${at(['route', key])}: error: root route must not have any ${what} time intervals`
  }
  if (route.continue) yield `${at(['route', 'continue'])}: error: cannot have continue in root route`
  const depth = depthProblem(route)
  if (depth) yield `${place}: error: ${depth}`
  else yield* routeReferences(route, ['route'], { at, receivers, intervals })
}

interface References {
  readonly at: (path: readonly (string | number)[]) => string
  readonly receivers: ReadonlySet<string>
  readonly intervals: ReadonlySet<string>
}

function* routeReferences(route: RouteConfig, path: readonly (string | number)[], known: References): Iterable<string> {
  if (route.receiver && !known.receivers.has(route.receiver)) {
    const where = known.at([...path, 'receiver'])
    yield `${where}: error: undefined receiver ${JSON.stringify(route.receiver)} used in route`
  }
  for (const key of ['mute_time_intervals', 'active_time_intervals'] as const) {
    for (const [index, name] of (route[key] ?? []).entries()) {
      if (known.intervals.has(name)) continue
      yield `${known.at([...path, key, index])}: error: undefined time interval ${JSON.stringify(name)} used in route`
    }
  }
  for (const [index, child] of (route.routes ?? []).entries()) {
    yield* routeReferences(child, [...path, 'routes', index], known)
  }
}

function completeReceiver(
  receiver: ReceiverConfig,
  global: GlobalConfig,
  types: readonly ReceiverType[],
  report: (key: string, index: number, message: string) => void,
): ReceiverConfig {
  const completed: Record<string, unknown> = { name: receiver.name }
  for (const type of types) {
    const configs = receiver[type.key] as readonly unknown[] | undefined
    if (!configs) continue
    completed[type.key] = configs.map((config, index) =>
      inOrder(
        type.complete(config, global, (message) => report(type.key, index, message)),
        type.schema,
      ),
    )
  }
  return completed as ReceiverConfig
}

function withoutEmpty(
  receiver: ReceiverConfig,
  global: GlobalConfig,
  types: readonly ReceiverType[],
  unset: readonly string[],
  leftOut: LeftOut[],
): ReceiverConfig {
  const kept: Record<string, unknown> = { ...receiver }
  for (const type of types) {
    const configs = receiver[type.key] as readonly unknown[] | undefined
    if (!type.missing || !configs) continue
    kept[type.key] = configs.filter((config, index) => {
      const missing = type.missing!(config, global)
      if (missing.length === 0) return true
      leftOut.push({ receiver: receiver.name, integration: `${type.name}[${index}]`, missing, unset })
      return false
    })
  }
  return kept as ReceiverConfig
}

function leftOutFinding({ integration, missing, receiver, unset }: LeftOut): Finding {
  const variables = unset.length > 0 ? `; set ${unset.join(', ')}` : ''
  const message = `${integration} of receiver ${JSON.stringify(receiver)} is off, because ${missing.join(', ')} is empty${variables}`
  return { severity: 'info', at: undefined, message }
}

/** Keys in the order of the schema, which is the one in which upstream prints them. */
function inOrder(config: unknown, schema: z.ZodType): unknown {
  if (!(schema instanceof z.ZodObject)) return config
  const section = config as Record<string, unknown>
  return Object.fromEntries(
    Object.keys(schema.shape)
      .filter((key) => section[key] !== undefined)
      .map((key) => [key, section[key]]),
  )
}

function* findingsOf(
  { at, value }: LoadedYaml<ParsedConfig>,
  types: readonly ReceiverType[],
  notices: readonly MatcherNotice[],
): Iterable<Finding> {
  for (const [index, receiver] of (value.receivers ?? []).entries()) {
    for (const { key, name } of types) {
      const configs = receiver[key] as readonly { http_config?: HttpConfig }[] | undefined
      if (!configs?.length) continue
      for (const [place, config] of configs.entries()) {
        for (const option of UNSUPPORTED_HTTP_KEYS) {
          if (!config.http_config?.[option]) continue
          const where = at(['receivers', index, key, place, 'http_config', option])
          yield { severity: 'warning', at: where, message: `${option} of ${name} receivers is not supported yet` }
        }
      }
    }
  }
  for (const option of UNSUPPORTED_HTTP_KEYS) {
    if (!value.global.http_config[option]) continue
    yield { severity: 'warning', at: at(['global', 'http_config', option]), message: `${option} is not supported yet` }
  }
  if (value.tracing !== undefined) {
    yield { severity: 'warning', at: at(['tracing']), message: 'tracing is not supported yet; it has no effect' }
  }
  for (const { input, message, suggestion } of notices) {
    const hint = suggestion === undefined ? '' : ` suggestion=${JSON.stringify(suggestion)}`
    yield { severity: 'warning', at: undefined, message: `${message} input=${JSON.stringify(input)}${hint}` }
  }
}
