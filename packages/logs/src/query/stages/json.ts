import type { Entry } from '../engine/entry.ts'
import type { StageNode } from '../ast.ts'
import { eachElement, eachMember, JsonScanError, skipSpace, valueAt, valueText } from './json-scan.ts'
import type { JsonValue } from './json-scan.ts'
import { sanitizeLabelKey, withoutReplacementCharacters } from './label-key.ts'
import { StageError } from './stage.ts'
import type { Stage } from './stage.ts'

const MAX_DEPTH = 64
export const JSON_ERROR = 'JSONParserErr'

/** `| json` flattens the whole object with `_`; `| json a="b.c[0]"` takes single values. */
export function jsonStage(node: Extract<StageNode, { kind: 'json' }>): Stage {
  if (node.extractions.length === 0) return { run: runWhole }
  const paths = node.extractions.map(({ name, expression }) => ({ name, path: parseJsonPath(expression) }))
  return { run: (entry) => runPaths(entry, paths) }
}

function runWhole(entry: Entry): boolean {
  const { line } = entry
  if (line === '') return true
  entry.extracted.clear()
  try {
    flatten(entry, line, skipSpace(line, 0), '', 0)
  } catch (error) {
    if (!(error instanceof JsonScanError)) throw error
    entry.fail(JSON_ERROR, error.message)
  }
  return true
}

function flatten(entry: Entry, line: string, start: number, prefix: string, depth: number): void {
  if (depth > MAX_DEPTH) throw new JsonScanError(`nested deeper than ${MAX_DEPTH} levels`)
  eachMember(line, start, (key, value) => {
    const part = sanitizeLabelKey(key, prefix === '')
    const name = prefix === '' || part === '' ? prefix + part : `${prefix}_${part}`
    if (value.kind === 'object') flatten(entry, line, value.start, name, depth + 1)
    else if (value.kind !== 'array' && value.kind !== 'null') {
      entry.extract(name, withoutReplacementCharacters(valueText(line, value)))
    }
  })
}

function runPaths(entry: Entry, paths: readonly { name: string; path: readonly (string | number)[] }[]): boolean {
  const { line } = entry
  if (line === '') return true
  entry.extracted.clear()
  const start = skipSpace(line, 0)
  if (line[start] !== '{' && line[start] !== '[') {
    entry.fail(JSON_ERROR)
    return true
  }
  try {
    const root = valueAt(line, start)
    for (const { name, path } of paths) {
      const value = walk(line, root, path)
      entry.extract(name, value ? withoutReplacementCharacters(valueText(line, value)) : '')
    }
  } catch (error) {
    if (!(error instanceof JsonScanError)) throw error
    entry.fail(JSON_ERROR)
  }
  return true
}

function walk(line: string, root: JsonValue, path: readonly (string | number)[]): JsonValue | undefined {
  let value: JsonValue | undefined = root
  for (const step of path) {
    let found: JsonValue | undefined
    if (typeof step === 'string' && value.kind === 'object') {
      eachMember(line, value.start, (key, member) => {
        if (key !== step) return true
        found = member
        return false
      })
    } else if (typeof step === 'number' && value.kind === 'array') {
      eachElement(line, value.start, (index, element) => {
        if (index !== step) return true
        found = element
        return false
      })
    }
    if (!found) return undefined
    value = found
  }
  return value
}

/** Parses `a.b["c d"][0]`. @throws StageError with upstream's text */
export function parseJsonPath(expression: string): readonly (string | number)[] {
  const path: (string | number)[] = []
  let at = 0
  const token = (): { kind: string; text: string; end: number } => {
    while (expression[at] === ' ') at++
    PATH_TOKEN.lastIndex = at
    const match = PATH_TOKEN.exec(expression)
    if (at >= expression.length) return { kind: '$end', text: '', end: at }
    if (!match) return { kind: 'UNKNOWN', text: expression[at], end: at + 1 }
    const [text, field, string, index] = match
    const kind =
      field !== undefined
        ? 'FIELD'
        : string !== undefined
          ? 'STRING'
          : index !== undefined
            ? 'INDEX'
            : (MARK_NAMES[text] ?? text)
    return { kind, text, end: at + text.length }
  }
  const take = (...kinds: string[]): string => {
    const next = token()
    if (!kinds.includes(next.kind)) {
      throw new StageError(
        `syntax error: unexpected ${next.kind}${kinds.length > 0 ? `, expecting ${kinds.join(' or ')}` : ''}`,
      )
    }
    at = next.end
    return next.text
  }
  for (;;) {
    const next = token()
    if (next.kind === '$end' && path.length > 0) return path
    if (next.kind === 'LSB') {
      at = next.end
      const inside = take('STRING', 'INDEX')
      path.push(inside.startsWith('"') ? inside.slice(1, -1).replace(/\\(.)/g, '$1') : Number(inside))
      take('RSB')
    } else if (path.length === 0) path.push(take('LSB', 'FIELD'))
    else if (next.kind === 'DOT') {
      at = next.end
      path.push(take('FIELD'))
    } else throw new StageError(`syntax error: unexpected ${next.kind}`)
  }
}

const PATH_TOKEN = /([a-zA-Z_][a-zA-Z0-9_]*)|("(?:[^"\\]|\\.)*")|([0-9]+)|[.[\]]/y
const MARK_NAMES: Record<string, string> = { '.': 'DOT', '[': 'LSB', ']': 'RSB' }
