import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** The package graph of DESIGN.md. A package imports packages of lower layers only, so no system knows another. */
export const LAYERS: Readonly<Record<string, number>> = {
  model: 0,
  storage: 1,
  query: 1,
  runtime: 1,
  scrape: 2,
  rules: 2,
  metrics: 3,
  logs: 3,
  traces: 3,
  collector: 3,
  alerts: 3,
  pushgateway: 3,
  host: 3,
  web: 3,
  cli: 4,
}

interface Rooms {
  /** Top-down: a room imports only rooms before it. Each is a folder, or a file of that name. */
  readonly order: readonly string[]
  /** Rooms that may not be imported by others although they come before them. */
  readonly hidden?: Readonly<Record<string, readonly string[]>>
  /** Files that hold only what a room needs of those above it; whoever supplies it may import them. */
  readonly ports?: readonly string[]
}

const STORE: Rooms = {
  order: ['config', 'storage', 'ingest', 'query', 'rules', 'api'],
  hidden: { query: ['storage', 'ingest'] },
  ports: ['query/source.ts'],
}

/** Keys are package folders below `packages/`. */
export const ROOMS: Readonly<Record<string, Rooms>> = {
  'metrics/src': STORE,
  'logs/src': STORE,
  'traces/src': { ...STORE, order: ['config', 'storage', 'ingest', 'generator', 'query', 'api'] },
  'collector/src': { order: ['config', 'syntax', 'graph', 'components', 'api'] },
  'web/src': { order: ['common', 'server', 'browser'], hidden: { browser: ['server'] } },
  'web/src/server': { order: ['config', 'storage', 'provisioning', 'auth', 'query', 'api'] },
}

export interface SourceFile {
  /** Relative to the root, with forward slashes. */
  readonly path: string
  readonly text: string
}

/** @returns one line per violation, `path: what is wrong`; empty when the layers hold */
export function checkLayers(files: readonly SourceFile[]): string[] {
  const known = new Set(files.map((file) => file.path))
  const edges = new Map<string, string[]>()
  const problems: string[] = []
  for (const file of files) {
    const targets: string[] = []
    for (const specifier of importsOf(file.text)) {
      const target = specifier.startsWith('.') ? resolveRelative(file.path, specifier) : undefined
      if (target && known.has(target)) targets.push(target)
      const problem = target ? checkRelative(file.path, target) : checkPackage(file.path, specifier)
      if (problem) problems.push(`${file.path}: ${problem}`)
    }
    edges.set(file.path, targets)
  }
  return [...problems, ...findCycles(edges)]
}

const IMPORT =
  /(?:^|[\n;])\s*(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*['"]([^'"\n]+)['"]|\bimport\(\s*['"]([^'"\n]+)['"]\s*\)/g

/** The specifiers of static, dynamic and type imports. */
export function importsOf(text: string): string[] {
  return [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2]!)
}

function resolveRelative(from: string, specifier: string): string {
  return join(dirname(from), specifier.replace(/\?.*$/, '')).replaceAll('\\', '/')
}

function packageOf(path: string): string | undefined {
  return /^packages\/([^/]+)\//.exec(path)?.[1]
}

function checkPackage(path: string, specifier: string): string | undefined {
  const match = /^@quartet\/([^/]+)(\/.*)?$/.exec(specifier)
  if (!match) return undefined
  const [, target = '', door = ''] = match
  if (LAYERS[target] === undefined) return `imports ${specifier}, which no layer knows`
  if (door === '/testing') {
    if (!isTest(path)) return `imports ${specifier} outside of a test`
  } else if (door !== '') return `imports ${specifier}; a package is imported by its front door`
  const own = packageOf(path)
  if (own === undefined) return undefined
  if (own === target) return isTest(path) ? undefined : `imports its own package by name`
  const [from, to] = [LAYERS[own], LAYERS[target]]
  if (from === undefined) return `is in a package that no layer knows`
  if (to >= from) return `${own} (layer ${from}) imports ${target} (layer ${to}); imports point strictly down`
  return undefined
}

function checkRelative(path: string, target: string): string | undefined {
  const [own, other] = [packageOf(path), packageOf(target)]
  if (own !== other) return `reaches into ${target} by a path`
  return isTest(path) ? undefined : checkRooms(path, target)
}

function checkRooms(path: string, target: string): string | undefined {
  for (const [folder, { order, hidden, ports }] of Object.entries(ROOMS)) {
    const root = `packages/${folder}/`
    if (!path.startsWith(root) || !target.startsWith(root)) continue
    const [from, to] = [roomOf(path, root, order), roomOf(target, root, order)]
    if (ports?.includes(target.slice(root.length))) continue
    if (from === undefined) continue // index.ts and service.ts wire the rooms together
    if (to === undefined) return `the room ${from} imports ${target}, which wires the rooms`
    if (order.indexOf(to) > order.indexOf(from)) return `the room ${from} imports ${to}, which is below it`
    if (hidden?.[from]?.includes(to)) return `the room ${from} must not know ${to}`
  }
  return undefined
}

/** @returns `undefined` for a file that belongs to no room */
function roomOf(path: string, root: string, order: readonly string[]): string | undefined {
  const first = path
    .slice(root.length)
    .split('/', 1)[0]!
    .replace(/\.tsx?$/, '')
  return order.includes(first) ? first : undefined
}

/** Folders of a system that are no room: a missing room is omitted, never renamed. */
export function unknownRooms(files: readonly SourceFile[]): string[] {
  const problems = new Set<string>()
  for (const { path } of files) {
    for (const [folder, { order }] of Object.entries(ROOMS)) {
      const root = `packages/${folder}/`
      const [first, ...rest] = path.startsWith(root) ? path.slice(root.length).split('/') : []
      if (first === undefined || rest.length === 0 || order.includes(first)) continue
      problems.add(`${root}${first}: is no room; there are ${order.join(', ')}`)
    }
  }
  return [...problems]
}

/** Strongly connected files, by Tarjan's algorithm; type imports count, since a reader has to follow them too. */
function findCycles(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const onStack = new Set<string>()
  const cycles: string[] = []
  const visit = (file: string): void => {
    index.set(file, index.size)
    low.set(file, index.get(file)!)
    stack.push(file)
    onStack.add(file)
    for (const target of edges.get(file) ?? []) {
      if (!index.has(target)) visit(target)
      if (onStack.has(target)) low.set(file, Math.min(low.get(file)!, low.get(target)!))
    }
    if (low.get(file) !== index.get(file)) return
    const members: string[] = []
    for (let member = stack.pop()!; ; member = stack.pop()!) {
      onStack.delete(member)
      members.push(member)
      if (member === file) break
    }
    if (members.length > 1 || edges.get(file)?.includes(file))
      cycles.push(`${members.sort().join(' <-> ')}: import each other`)
  }
  for (const file of edges.keys()) if (!index.has(file)) visit(file)
  return cycles.sort()
}

export function isTest(path: string): boolean {
  return /\.test\.tsx?$/.test(path) || /^packages\/[^/]+\/(test|bench)\//.test(path) || /\/src\/testing\//.test(path)
}

const TOPS = ['packages', 'examples', 'bench', 'scripts', 'test']
const SKIPPED = new Set(['node_modules', 'dist', 'data', 'assets'])

/** Every TypeScript file of the repository. */
export function readSources(root: string): SourceFile[] {
  const files: SourceFile[] = []
  const walk = (directory: string): void => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name)
      if (entry.isDirectory() && !SKIPPED.has(entry.name)) walk(path)
      else if (entry.isFile() && /\.tsx?$/.test(entry.name)) {
        files.push({ path: relative(root, path).replaceAll('\\', '/'), text: readFileSync(path, 'utf8') })
      }
    }
  }
  for (const top of TOPS) walk(join(root, top))
  return files
}
