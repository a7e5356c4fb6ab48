import { body, required, type, withDefault } from '../../../graph/index.ts'
import type { Decoded } from '../../../graph/index.ts'
import { input } from './stage.ts'
import type { StageDefinition } from './stage.ts'

const schema = body(
  {
    expressions: required(type.map(type.text)),
    source: withDefault(type.text, ''),
    drop_malformed: withDefault(type.bool, false),
  },
  ({ expressions }) => {
    for (const [name, expression] of Object.entries(expressions)) {
      if (!parsePath(expression || name))
        return `expression ${JSON.stringify(expression)} of "${name}" is not supported by Quartet yet: only names, dots and [index]`
    }
    return undefined
  },
)

/** Extracts values from JSON by JMESPath, of which names, dots and indices are understood. */
export const jsonStage: StageDefinition<Decoded<typeof schema>> = {
  name: 'json',
  schema,
  create({ expressions, source, drop_malformed }, { dropped }) {
    const paths = Object.entries(expressions).map(([name, text]) => [name, parsePath(text || name)!] as const)
    return (entry) => {
      const text = input(entry, source)
      if (text === undefined) return true
      const document = parseObject(text)
      if (!document) {
        if (drop_malformed) dropped('malformed_json')
        return !drop_malformed
      }
      for (const [name, path] of paths) entry.extracted.set(name, flat(follow(document, path)))
      return true
    }
  },
}

type Path = readonly (string | number)[]

/** `a.b[1]."c d"`; `undefined` for anything else of JMESPath. */
function parsePath(text: string): Path | undefined {
  const path: (string | number)[] = []
  const part = /\.?(?:([A-Za-z_]\w*)|"((?:[^"\\]|\\.)*)")|\[(-?\d+)\]/y
  while (part.lastIndex < text.length) {
    const isFirst = part.lastIndex === 0
    const found = part.exec(text)
    if (!found || (isFirst && found[0].startsWith('.'))) return undefined
    if (!isFirst && found[3] === undefined && !found[0].startsWith('.')) return undefined
    path.push(found[3] === undefined ? (found[1] ?? (JSON.parse(`"${found[2]}"`) as string)) : Number(found[3]))
  }
  return path.length > 0 ? path : undefined
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined // not JSON: the stage finds nothing
  }
}

function follow(document: unknown, path: Path): unknown {
  let value = document
  for (const part of path) {
    if (typeof part === 'number') value = Array.isArray(value) ? value.at(part) : undefined
    else if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, part))
      return null
    else value = (value as Record<string, unknown>)[part]
  }
  return value ?? null
}

function flat(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value
}
