import { ConfigError } from '@quartet/runtime'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import type { DataSourceDto } from '../../common/api.ts'
import { expandOrReport } from './expand-values.ts'
import { loadProvisioningFiles } from './provisioning-files.ts'

/** A data source as the server uses it; `secrets` never leave the server. */
export interface DataSource {
  readonly id: number
  readonly uid: string
  readonly name: string
  readonly type: string
  readonly access: 'proxy' | 'direct'
  readonly url: string
  readonly user: string
  readonly database: string
  readonly basicAuth: boolean
  readonly basicAuthUser: string
  readonly withCredentials: boolean
  readonly isDefault: boolean
  readonly isEditable: boolean
  readonly jsonData: Readonly<Record<string, unknown>>
  readonly secrets: Readonly<Record<string, string>>
}

const dataSourceSchema = z.looseObject({
  name: z.string().min(1),
  type: z.string().min(1),
  uid: z.string().optional(),
  access: z.enum(['proxy', 'direct']).default('proxy'),
  url: z.string().default(''),
  user: z.string().default(''),
  database: z.string().default(''),
  basicAuth: z.boolean().default(false),
  basicAuthUser: z.string().default(''),
  withCredentials: z.boolean().default(false),
  isDefault: z.boolean().default(false),
  editable: z.boolean().default(false),
  jsonData: z.record(z.string(), z.unknown()).default({}),
  secureJsonData: z.record(z.string(), z.string()).default({}),
})

const fileSchema = z.looseObject({
  apiVersion: z.number().default(1),
  prune: z.boolean().default(false),
  deleteDatasources: z.array(z.looseObject({ name: z.string() })).default([]),
  datasources: z.array(dataSourceSchema).default([]),
})

type DataSourceEntry = z.infer<typeof dataSourceSchema>

/** The data sources of one organisation, as the files say. */
export class DataSources {
  readonly list: readonly DataSource[]

  constructor(list: readonly DataSource[]) {
    this.list = list
  }

  /** By uid, by numeric id, or by name, which older dashboards use. */
  find(reference: string): DataSource | undefined {
    return (
      this.list.find(({ uid }) => uid === reference) ??
      this.list.find(({ id }) => String(id) === reference) ??
      this.list.find(({ name }) => name === reference)
    )
  }
}

/**
 * Reads `datasources/*.yaml` of a provisioning folder. Nothing is kept between starts, so `deleteDatasources` only removes what an
 * earlier file added, and `prune` has nothing to do.
 * @throws ConfigError with every problem as `file:line:col: error: …`
 */
export async function loadDataSources(
  provisioningDirectory: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<DataSources> {
  const byName = new Map<string, DataSourceEntry>()
  const problems: string[] = []
  const origin = new Map<string, string>()
  let defaultName: string | undefined
  for (const { file } of await loadProvisioningFiles(join(provisioningDirectory, 'datasources'), fileSchema)) {
    for (const { name } of file.value.deleteDatasources) byName.delete(name)
    for (const [index, raw] of file.value.datasources.entries()) {
      const at = file.at(['datasources', index, 'name'])
      const entry = expandOrReport(raw, environment, at, problems)
      if (!entry) continue
      const uid = entry.uid ?? uidFromName(entry.name)
      for (const key of [`name "${entry.name}"`, `uid "${uid}"`]) {
        const first = origin.get(key)
        if (first !== undefined) problems.push(`${at}: error: ${key} is used already at ${first}`)
        else origin.set(key, at)
      }
      if (entry.isDefault && defaultName !== undefined) {
        problems.push(`${at}: error: only one data source can be the default, "${defaultName}" is already`)
      }
      if (entry.isDefault) defaultName = entry.name
      if (entry.url !== '' && !URL.canParse(entry.url)) {
        problems.push(`${file.at(['datasources', index, 'url'])}: error: "${entry.url}" is not a URL`)
      }
      byName.set(entry.name, { ...entry, uid })
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return new DataSources([...byName.values()].map(toDataSource))
}

/** What a browser may know: no secrets, only which of them are set. */
export function describeDataSource(source: DataSource): DataSourceDto & Readonly<Record<string, unknown>> {
  return {
    id: source.id,
    uid: source.uid,
    orgId: 1,
    name: source.name,
    type: source.type,
    typeName: source.type.charAt(0).toUpperCase() + source.type.slice(1),
    typeLogoUrl: `public/img/datasources/${source.type}.svg`,
    access: source.access,
    url: source.url,
    user: source.user,
    database: source.database,
    basicAuth: source.basicAuth,
    basicAuthUser: source.basicAuthUser,
    withCredentials: source.withCredentials,
    isDefault: source.isDefault,
    jsonData: source.jsonData,
    secureJsonFields: Object.fromEntries(Object.keys(source.secrets).map((name) => [name, true])),
    readOnly: !source.isEditable,
  }
}

/** Upstream's uid of a data source that has none. */
export function uidFromName(name: string): string {
  return `P${createHash('sha256').update(name).digest('hex').slice(0, 16).toUpperCase()}`
}

function toDataSource(entry: DataSourceEntry, index: number): DataSource {
  return {
    id: index + 1,
    uid: entry.uid ?? uidFromName(entry.name),
    name: entry.name,
    type: entry.type,
    access: entry.access,
    url: entry.url.replace(/\/+$/, ''),
    user: entry.user,
    database: entry.database,
    basicAuth: entry.basicAuth,
    basicAuthUser: entry.basicAuthUser,
    withCredentials: entry.withCredentials,
    isDefault: entry.isDefault,
    isEditable: entry.editable,
    jsonData: entry.jsonData,
    secrets: entry.secureJsonData,
  }
}
