import { labelsFromRecord } from '@quartet/model'
import { GoTime } from '@quartet/query'
import { loadYaml } from '@quartet/runtime'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { loadConfig } from './config/alertmanager-config.ts'
import type { AlertmanagerConfig } from './config/alertmanager-config.ts'
import { environmentOf } from './config/flags.ts'
import { parseMatcher } from './config/matcher/parse-matchers.ts'
import { Route } from './dispatch/route.ts'
import { Alerts, Data, KV } from './notify/template/data.ts'
import { NotificationTemplates } from './notify/template/notification-templates.ts'
import { RECEIVER_KINDS } from './notify/registry.ts'

/*
 * What `quartet amtool` does without a server. Loaded by it alone, see index.ts.
 */

export { MatcherError } from './config/matcher/matcher-error.ts'
export { TemplateError } from '@quartet/query'
export { GoTime }
export type { AlertmanagerConfig, Route }

export interface ToolMatcher {
  readonly name: string
  readonly value: string
  readonly isRegex: boolean
  readonly isEqual: boolean
}

/** One matcher, by both syntaxes. @throws MatcherError */
export function readMatcher(text: string): ToolMatcher {
  const { isEqual, name, type, value } = parseMatcher(text, 'fallback')
  return { name, value, isEqual, isRegex: type === '=~' || type === '!~' }
}

/**
 * As the server would read it: the environment fills in a file of the stack folder of the current directory, or any by `expandEnv`.
 * @throws ConfigError
 */
export async function readConfig(path: string, options: { text?: string; expandEnv?: boolean } = {}) {
  const { text, expandEnv } = options
  const isFile = text === undefined
  const environment = environmentOf({ configFile: path, expandEnv: expandEnv ?? (isFile ? undefined : false) }, 'stack')
  const { config } = await loadConfig({
    path,
    ...(!isFile && { text }),
    ...(environment && { environment }),
    receiverTypes: RECEIVER_KINDS,
  })
  return config
}

/** @throws ConfigError with the place of every mistake in a template */
export async function checkTemplates(patterns: readonly string[]): Promise<void> {
  await NotificationTemplates.load(patterns, () => 0)
}

export function routeTree(config: AlertmanagerConfig): Route {
  return new Route(config.route)
}

/** `{a="b",c=~"d"}`; `default-route` without any. */
export function routeName(route: Route): string {
  return route.matchers.length === 0 ? 'default-route' : `{${route.matchers.map(String).join(',')}}`
}

export function matchRoutes(route: Route, labels: Readonly<Record<string, string>>): readonly Route[] {
  return route.match(labelsFromRecord(labels))
}

export function isMatching(route: Route, labels: Readonly<Record<string, string>>): boolean {
  const list = labelsFromRecord(labels)
  return route.matchers.every((matcher) => matcher.matches(list.find(([name]) => name === matcher.name)?.[1] ?? ''))
}

/** Keys of an amtool configuration file; undefined when there is none. @throws ConfigError */
export async function readToolConfig(path: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  let text
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  return (await loadYaml({ path, text, schema: z.record(z.string(), z.unknown()) })).value
}

export interface RenderOptions {
  readonly globs: readonly string[]
  readonly text: string
  readonly isHtml: boolean
  /** As webhooks carry it; an example without. */
  readonly dataJson?: string | undefined
  readonly nowMs: number
}

/** @throws ConfigError, TemplateError */
export async function renderTemplate({ dataJson, globs, isHtml, nowMs, text }: RenderOptions): Promise<string> {
  const templates = await NotificationTemplates.load(globs, () => nowMs)
  return templates.execute(text, dataJson === undefined ? exampleData(nowMs) : readData(dataJson), isHtml)
}

const pairs = z.record(z.string(), z.string()).default({})
const dataSchema = z.object({
  receiver: z.string().default(''),
  status: z.string().default(''),
  alerts: z
    .array(
      z.object({
        status: z.string().default(''),
        labels: pairs,
        annotations: pairs,
        startsAt: z.string().default('0001-01-01T00:00:00Z'),
        endsAt: z.string().default('0001-01-01T00:00:00Z'),
        generatorURL: z.string().default(''),
        fingerprint: z.string().default(''),
      }),
    )
    .default([]),
  groupLabels: pairs,
  commonLabels: pairs,
  commonAnnotations: pairs,
  externalURL: z.string().default(''),
})

function readData(json: string): Data {
  return toData(dataSchema.parse(JSON.parse(json)))
}

function toData(data: z.output<typeof dataSchema>): Data {
  const kv = (record: Readonly<Record<string, string>>): KV => KV.of(labelsFromRecord(record))
  const alerts = new Alerts()
  for (const alert of data.alerts) {
    alerts.push({
      Status: alert.status,
      Labels: kv(alert.labels),
      Annotations: kv(alert.annotations),
      StartsAt: GoTime.ofMs(Date.parse(alert.startsAt)),
      EndsAt: GoTime.ofMs(Date.parse(alert.endsAt)),
      GeneratorURL: alert.generatorURL,
      Fingerprint: alert.fingerprint,
    })
  }
  return new Data({
    Receiver: data.receiver,
    Status: data.status,
    Alerts: alerts,
    GroupLabels: kv(data.groupLabels),
    CommonLabels: kv(data.commonLabels),
    CommonAnnotations: kv(data.commonAnnotations),
    ExternalURL: data.externalURL,
  })
}

/** Upstream's example, so that the same template gives the same text. */
function exampleData(nowMs: number): Data {
  const labels = { commonlabelkey1: 'commonlabelvalue1', commonlabelkey2: 'commonlabelvalue2' }
  const annotations = {
    commonannotationkey1: 'commonannotationvalue1',
    commonannotationkey2: 'commonannotationvalue2',
  }
  const alert = (index: number, own: Record<string, string>, notes: Record<string, string>) => ({
    status: 'alertstatus',
    labels: { ...labels, ...own },
    annotations: { ...annotations, ...notes },
    startsAt: new Date(nowMs - index * 300_000).toISOString(),
    endsAt: new Date(nowMs).toISOString(),
    generatorURL: 'https://generatorurl.com',
    fingerprint: `fingerprint${index}`,
  })
  return toData({
    receiver: 'receiver',
    status: 'alertstatus',
    alerts: [
      alert(
        1,
        { instance: 'foo.bar:1234', label1: 'value1', label2: 'value2' },
        { annotation1: 'value1', annotation2: 'value2' },
      ),
      alert(2, { foo: 'bar', baz: 'qux' }, { aaa: 'bbb', ccc: 'ddd' }),
    ],
    groupLabels: { grouplabelkey1: 'grouplabelvalue1', grouplabelkey2: 'grouplabelvalue2' },
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: 'https://example.com',
  })
}
