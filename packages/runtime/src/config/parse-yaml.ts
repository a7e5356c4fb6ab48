import { isScalar, LineCounter, parseDocument, visit } from 'yaml'
import type { Document, YAMLParseError } from 'yaml'
import { ConfigError } from '../system.ts'
import { expandEnvironment } from './expand-environment.ts'
import type { LoadedYaml, LoadYamlOptions } from './yaml-file.ts'
import { binaryText } from './yaml-binary.ts'
import { locate } from './yaml-position.ts'
import type { YamlPath } from './yaml-position.ts'
import { plainValue, restoreText } from './yaml-value.ts'
import { describeIssues } from './zod-problems.ts'

/** The half of {@link loadYaml} that needs the parser. */
export function parseYaml<T>(options: LoadYamlOptions<T> & { text: string }): LoadedYaml<T> {
  const { path, schema } = options
  const lines = new LineCounter()
  const text = options.expandEnv ? expandEnvironment(options.text) : options.text
  const document = parseDocument(text, {
    version: '1.1',
    lineCounter: lines,
    prettyErrors: false,
    // Go reads neither base-60 numbers nor dates where a string is wanted; here they stay text.
    customTags: (tags) => [...tags.filter((tag) => !isDateOrBase60(tag) && !isBinary(tag)), binaryText],
  })
  const at = placer(path, document, lines)
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map((error) => `${place(path, lines, error.pos[0])}: error: ${syntaxProblem(error, text)}`),
    )
  }
  const value = readValue(document, path)
  let result = schema.safeParse(value)
  // Each round can uncover strings one union or record deeper; a document without any is not parsed twice.
  for (let round = 0; round < MAX_ROUNDS && !result.success; round++) {
    if (!restoreText(value, result.error.issues, document)) break
    result = schema.safeParse(value)
  }
  if (result.success) return { value: result.data, at }
  const problems = describeIssues(result.error.issues, value).map(({ path: where, atKey, message }) => ({
    offset: locate(document, where, atKey),
    message,
  }))
  problems.sort((left, right) => left.offset - right.offset)
  throw new ConfigError(problems.map(({ offset, message }) => `${place(path, lines, offset)}: error: ${message}`))
}

const MAX_ROUNDS = 4

function isDateOrBase60(tag: unknown): boolean {
  if (typeof tag !== 'object' || tag === null) return tag === 'timestamp' || tag === 'intTime' || tag === 'floatTime'
  if ('format' in tag && tag.format === 'TIME') return true
  return 'tag' in tag && tag.tag === 'tag:yaml.org,2002:timestamp'
}

function isBinary(tag: unknown): boolean {
  return tag === 'binary' || (typeof tag === 'object' && tag !== null && 'tag' in tag && tag.tag === binaryText.tag)
}

function readValue(document: Document, path: string): unknown {
  try {
    // An empty file is an empty mapping, as upstream has it.
    visit(document, { Pair: (_key, pair) => keepKeyText(pair.key) })
    return plainValue(document.toJS({ maxAliasCount: 1000 })) ?? {}
  } catch (cause) {
    throw new ConfigError([`${path}:1:1: error: ${cause instanceof Error ? cause.message : String(cause)}`])
  }
}

/** YAML 1.1 reads the key `on` as true; every key of a configuration is a name. */
function keepKeyText(key: unknown): void {
  if (!isScalar(key) || typeof key.source !== 'string') return
  if (typeof key.value === 'boolean' || typeof key.value === 'number') key.value = key.source
}

function placer(file: string, document: Document, lines: LineCounter): (path: YamlPath) => string {
  return (path) => place(file, lines, locate(document, path, false))
}

function place(file: string, lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset)
  return `${file}:${Math.max(1, line)}:${Math.max(1, col)}`
}

/** The parser names no key that stands twice; Go's decoders do. */
function syntaxProblem({ code, message, pos }: YAMLParseError, text: string): string {
  const key = code === 'DUPLICATE_KEY' ? /^[^\s:,{}[\]]+/.exec(text.slice(pos[0]))?.[0] : undefined
  return key === undefined ? oneLine(message) : `field ${key} already set`
}

function oneLine(message: string): string {
  return message.replace(/\s*\n\s*/g, ' ')
}
