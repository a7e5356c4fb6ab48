import { ArgumentError, valueFromData } from '../value.ts'
import { define } from './parameters.ts'

type Step =
  | { readonly kind: 'child'; readonly names: readonly string[] }
  | { readonly kind: 'element'; readonly indexes: readonly number[] }
  | { readonly kind: 'slice'; readonly from: number | undefined; readonly to: number | undefined; readonly by: number }
  | { readonly kind: 'every' }
  | { readonly kind: 'descend' }

const MAX_MATCHES = 10_000

/** `json_path(text, path)`: all matches as a list. Filters (`?()`) and scripts are refused. */
export const jsonPath = define('json_path', 2, (parameters) => {
  let data: unknown
  try {
    data = JSON.parse(parameters.text(0))
  } catch (error) {
    throw new ArgumentError(0, (error as Error).message, { cause: error })
  }
  let matches: unknown[] = [data]
  for (const step of parsePath(parameters.text(1))) {
    matches = matches.flatMap((match) => follow(match, step))
    if (matches.length > MAX_MATCHES) throw new ArgumentError(1, `json_path: more than ${MAX_MATCHES} matches`)
  }
  return matches.map((match) => valueFromData(match, true))
})

function parsePath(path: string): Step[] {
  const steps: Step[] = []
  let rest = path.replace(/^[$@]/, '')
  if (rest === path && rest !== '' && !rest.startsWith('.') && !rest.startsWith('[')) rest = '.' + rest
  while (rest !== '') {
    const found = /^\.\.(?=\[)|^\.?\.\*|^(\.\.?)([^.[\]*?()]+)|^\[([^\]]*)\]/.exec(rest)
    if (!found) throw new ArgumentError(1, `json_path: cannot read ${JSON.stringify(rest)}`)
    if (found[0].startsWith('..')) steps.push({ kind: 'descend' })
    if (found[2] !== undefined) steps.push({ kind: 'child', names: [found[2]] })
    else if (found[3] !== undefined) steps.push(bracket(found[3].trim()))
    else if (found[0].endsWith('*')) steps.push({ kind: 'every' })
    rest = rest.slice(found[0].length)
  }
  return steps
}

function bracket(inner: string): Step {
  if (inner === '*') return { kind: 'every' }
  if (/^-?\d+(\s*,\s*-?\d+)*$/.test(inner)) return { kind: 'element', indexes: inner.split(',').map(Number) }
  const slice = /^(-?\d*):(-?\d*)(?::(\d+))?$/.exec(inner)
  if (slice) {
    const bound = (text: string): number | undefined => (text === '' ? undefined : Number(text))
    return { kind: 'slice', from: bound(slice[1]), to: bound(slice[2]), by: Math.max(1, Number(slice[3] ?? 1)) }
  }
  const names = [...inner.matchAll(/'([^']*)'|"([^"]*)"/g)].map((match) => match[1] ?? match[2])
  if (names.length === 0) throw new ArgumentError(1, `json_path: [${inner}] is not supported`)
  return { kind: 'child', names }
}

function follow(data: unknown, step: Step): unknown[] {
  switch (step.kind) {
    case 'child':
      if (data === null || typeof data !== 'object' || Array.isArray(data)) return []
      return step.names
        .filter((name) => Object.hasOwn(data, name))
        .map((name) => (data as Record<string, unknown>)[name])
    case 'element':
      if (!Array.isArray(data)) return []
      return step.indexes.filter((index) => index >= -data.length && index < data.length).map((index) => data.at(index))
    case 'slice':
      if (!Array.isArray(data)) return []
      return data.slice(step.from, step.to).filter((_, index) => index % step.by === 0)
    case 'every':
      return data !== null && typeof data === 'object' ? Object.values(data) : []
    case 'descend':
      return descendants(data)
  }
}

function descendants(data: unknown): unknown[] {
  const found: unknown[] = []
  const waiting: unknown[] = [data]
  while (waiting.length > 0) {
    const next = waiting.pop()
    found.push(next)
    if (next !== null && typeof next === 'object') waiting.push(...Object.values(next).reverse())
  }
  return found
}
