import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isTest, ROOMS } from './layers.ts'
import type { SourceFile } from './layers.ts'

export const MAX_LINES = 500

/** Files that are one idea and longer than {@link MAX_LINES}: path and why. */
export const LONG_FILES: Readonly<Record<string, string>> = {}

/** Rules about source text that the linter does not have (`any` is oxlint's). @returns `path:line: what is wrong` */
export function checkSource({ path, text }: SourceFile): string[] {
  const problems: string[] = []
  const lines = text.split('\n')
  if (lines.length > MAX_LINES && LONG_FILES[path] === undefined) {
    problems.push(
      `${path}:${MAX_LINES}: has ${lines.length} lines; split it by concept, or give the reason in scripts/tidy.ts`,
    )
  }
  lines.forEach((line, index) => {
    for (const { pattern, message, applies } of RULES) {
      if (applies(path) && pattern.test(line) && !isComment(line)) problems.push(`${path}:${index + 1}: ${message}`)
    }
  })
  return problems
}

interface Rule {
  readonly pattern: RegExp
  readonly message: string
  readonly applies: (path: string) => boolean
}

const always = (): boolean => true

/** Browsers have no injected clock: React effects and animation frames belong to the page. */
function isSystemCode(path: string): boolean {
  const isSystem = Object.keys(ROOMS).some((folder) => path.startsWith(`packages/${folder}/`))
  return isSystem && !isTest(path) && !path.startsWith('packages/web/src/browser/')
}

const RULES: readonly Rule[] = [
  { pattern: /^\s*(export\s+)?(const\s+)?enum\s+\w/, message: 'enum; use a union of literals', applies: always },
  {
    pattern: /^\s*export\s+default\b/,
    message: 'default export; name it',
    applies: (path) => !path.startsWith('packages/web/vite'),
  },
  {
    pattern: /\b(Date\.now|setTimeout|setInterval)\(|\bnew Date\(\)/,
    message: 'time is an input; take a Clock',
    applies: isSystemCode,
  },
  {
    pattern: /@ts-(ignore|nocheck)\b/,
    message: '@ts-ignore; say what is expected with @ts-expect-error and why',
    applies: always,
  },
]

function isComment(line: string): boolean {
  return /^\s*(\/\/|\*|\/\*)/.test(line)
}

/** Versions that `npm install` could move. @returns `path: name version` */
export function inexactVersions(root: string): string[] {
  const problems: string[] = []
  for (const path of packageFiles(root)) {
    const manifest = JSON.parse(readFileSync(join(root, path), 'utf8')) as Record<
      string,
      Record<string, string> | undefined
    >
    for (const field of ['dependencies', 'devDependencies', 'optionalDependencies', 'overrides']) {
      for (const [name, version] of Object.entries(manifest[field] ?? {})) {
        if (!/^(npm:@?[\w./-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) problems.push(`${path}: ${name} ${version}`)
      }
    }
  }
  return problems
}

export function packagesWithoutReadme(root: string): string[] {
  return packageFiles(root)
    .map((path) => path.replace(/package\.json$/, 'README.md'))
    .filter((path) => !existsSync(join(root, path)))
}

/** The root's package.json and those of all workspaces. */
function packageFiles(root: string): string[] {
  const folders = ['packages', 'examples'].flatMap((top) =>
    readdirSync(join(root, top)).map((name) => `${top}/${name}`),
  )
  return ['package.json', ...[...folders, 'bench'].map((folder) => `${folder}/package.json`)].filter((path) =>
    existsSync(join(root, path)),
  )
}
