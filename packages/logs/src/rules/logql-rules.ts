import { access, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { compareText } from '@quartet/model'
import { ConfigError } from '@quartet/runtime'
import { loadRuleFile } from '@quartet/rules'
import type { LoadedRuleFile, RuleGroupSpec, RuleLanguage } from '@quartet/rules'
import { LogqlParseError } from '../query/errors.ts'
import { parseLogql } from '../query/parser.ts'
import { printQuery } from '../query/printer.ts'

/** LogQL as the language of rules. As upstream, a log query is a rule too: one that fails whenever it is evaluated. */
const LOGQL: RuleLanguage = {
  check(expr) {
    try {
      parseLogql(expr)
      return []
    } catch (error) {
      if (!(error instanceof LogqlParseError)) throw error
      return [{ severity: 'error', message: error.message, range: { start: 0, end: expr.length } }]
    }
  },
  print: (expr) => printQuery(parseLogql(expr)),
}
/** For lists of what files say: expressions as they are written. */
const AS_WRITTEN: RuleLanguage = { check: LOGQL.check, print: (expr) => expr }

/** The groups of one file; its name is the namespace. */
export interface RuleNamespace {
  readonly tenant: string
  readonly name: string
  readonly groups: readonly RuleGroupSpec[]
  readonly duplicates: LoadedRuleFile['duplicates']
}

/** A directory or file of rules that cannot be used; the message is upstream's. */
export class RuleStoreError extends Error {
  /** Of the files, as `file:line:col: error: …`. */
  readonly problems: readonly string[]

  constructor(message: string, problems: readonly string[] = []) {
    super(message)
    this.name = 'RuleStoreError'
    this.problems = problems
  }
}

/** Upstream's local rule storage, which is read only: `<directory>/<tenant>/<namespace>`, one file per namespace. */
export class RuleFiles {
  readonly directory: string

  constructor(directory: string) {
    this.directory = directory
  }

  /** @throws RuleStoreError when the directory cannot be read */
  async tenants({ mayBeMissing = false } = {}): Promise<string[]> {
    if (mayBeMissing && !(await exists(this.directory))) return []
    const names = await read(`unable to read dir ${this.directory}`, () => readdir(this.directory))
    const found = names.map(async (name) => ((await isDirectory(join(this.directory, name))) ? [name] : []))
    return (await Promise.all(found)).flat().sort(compareText)
  }

  /** Every file of a tenant. @throws RuleStoreError with the problems of all files */
  async namespaces(tenant: string, form: 'canonical' | 'as written'): Promise<RuleNamespace[]> {
    const root = join(this.directory, tenant)
    const names = await read(`unable to read rule dir ${root}`, () => readdir(root))
    const loaded: RuleNamespace[] = []
    const errors: RuleStoreError[] = []
    for (const name of names.sort(compareText)) {
      // Kubernetes mounts a directory of links beside `..data`.
      if (await isDirectory(join(root, name))) continue
      try {
        loaded.push(await this.namespace(tenant, name, form))
      } catch (error) {
        if (!(error instanceof RuleStoreError)) throw error
        const message = `failed to list rule group for user ${tenant} and namespace ${name}: ${error.message}`
        errors.push(new RuleStoreError(message, error.problems))
      }
    }
    if (errors.length > 0) {
      throw new RuleStoreError(
        errors[0].message,
        errors.flatMap(({ problems }) => problems),
      )
    }
    return loaded
  }

  /** @throws RuleStoreError */
  async namespace(tenant: string, name: string, form: 'canonical' | 'as written'): Promise<RuleNamespace> {
    const root = join(this.directory, tenant)
    const path = join(root, name)
    if (name.includes('/') || name === '..') throw new RuleStoreError(`error parsing ${path}: not a file of ${root}`)
    try {
      const file = await loadRuleFile({ path, language: form === 'canonical' ? LOGQL : AS_WRITTEN })
      return { tenant, name, ...file }
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      throw new RuleStoreError(`error parsing ${path}: ${error.problems[0]}`, error.problems)
    }
  }
}

/** What is wrong with a group that is not in a file. @throws ConfigError */
export async function checkGroup(text: string): Promise<readonly RuleGroupSpec[]> {
  return (await loadRuleFile({ path: 'group', text, language: LOGQL })).groups
}

async function read<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const [, path] = /^ENOENT: .* '(.*)'$/.exec(reason) ?? []
    throw new RuleStoreError(`${what}: ${path === undefined ? reason : `open ${path}: no such file or directory`}`)
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return read(`unable to stat rule file ${path}`, async () => (await stat(path)).isDirectory())
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
