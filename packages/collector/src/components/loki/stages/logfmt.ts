import { body, required, type, withDefault } from '../../../graph/index.ts'
import type { Decoded } from '../../../graph/index.ts'
import { input } from './stage.ts'
import type { StageDefinition } from './stage.ts'

const schema = body({
  mapping: required(type.map(type.text)),
  source: withDefault(type.text, ''),
})

/** Extracts values of `key=value key="quoted value"`. */
export const logfmtStage: StageDefinition<Decoded<typeof schema>> = {
  name: 'logfmt',
  schema,
  create({ mapping, source }) {
    const names = Object.entries(mapping).map(([name, key]) => [name, key || name] as const)
    return (entry) => {
      const pairs = parseLogfmt(input(entry, source) ?? '')
      for (const [name, key] of names) {
        const value = pairs?.get(key)
        if (value !== undefined) entry.extracted.set(name, value)
      }
      return true
    }
  },
}

/** `undefined` when the text is not logfmt throughout. A key without a value is `''`. */
function parseLogfmt(text: string): Map<string, string> | undefined {
  const pairs = new Map<string, string>()
  const pair = /[\s]*(?:([^\s="]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s"=]*)))?(?=\s|$))?/y
  while (pair.lastIndex < text.length) {
    const before = pair.lastIndex
    const found = pair.exec(text)
    if (!found || pair.lastIndex === before) return undefined
    if (found[1] !== undefined) pairs.set(found[1], unescaped(found[2]) ?? found[3] ?? '')
  }
  return pairs
}

function unescaped(quoted: string | undefined): string | undefined {
  return quoted?.replaceAll(/\\(.)/g, (_, letter: string) => ({ n: '\n', t: '\t', r: '\r' })[letter] ?? letter)
}
