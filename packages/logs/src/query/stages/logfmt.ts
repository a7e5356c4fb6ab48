import type { Entry } from '../engine/entry.ts'
import type { StageNode } from '../ast.ts'
import { unescapeJson } from './json-scan.ts'
import { sanitizeLabelKey, withoutReplacementCharacters } from './label-key.ts'
import { StageError } from './stage.ts'
import type { Stage } from './stage.ts'

/** `| logfmt` takes every pair, `| logfmt a="b"` single ones; `--strict` makes malformed text an error. */
export function logfmtStage(node: Extract<StageNode, { kind: 'logfmt' }>): Stage {
  const { strict, keepEmpty, extractions } = node
  if (extractions.length === 0) {
    return {
      run(entry) {
        entry.extracted.clear()
        return scan(entry, strict, (key, value) => {
          const name = sanitizeLabelKey(key, true)
          if (name !== '' && (value !== '' || keepEmpty)) entry.extract(name, value)
        })
      },
    }
  }
  const wanted = extractions.map(({ name, expression }) => ({ name, key: parseLogfmtKey(expression) }))
  return {
    run(entry) {
      if (entry.line === '') return true
      entry.extracted.clear()
      const found = new Map<string, string>()
      scan(entry, strict, (key, value) => {
        const name = sanitizeLabelKey(key, true)
        if (!found.has(name)) found.set(name, value)
      })
      if (strict && entry.error !== '') return true
      for (const { name, key } of wanted) {
        const value = found.get(sanitizeLabelKey(key, true)) ?? ''
        if (value !== '' || !keepEmpty || found.size === 0) entry.extract(name, value)
        else entry.extract(name, value)
      }
      return true
    },
  }
}

/** The expression of `logfmt a="key"` is one key. @throws StageError */
export function parseLogfmtKey(expression: string): string {
  if (/^\s*(?:[a-zA-Z_][a-zA-Z0-9_.-]*)?\s*$/.test(expression)) return expression.trim()
  throw new StageError(
    /^\s*[a-zA-Z_][\w.-]*\s+[a-zA-Z_]/.test(expression)
      ? 'syntax error: unexpected KEY'
      : `unexpected char ${expression.trim()[0]}`,
  )
}

/** Reads pairs as go-logfmt does. Malformed ones are skipped up to the next space, or with `strict` end the scan with an error. */
function scan(entry: Entry, strict: boolean, visit: (key: string, value: string) => void): boolean {
  const { line } = entry
  const { length } = line
  let at = 0
  const unexpected = (offset: number): boolean => {
    if (!strict) {
      at = offset
      while (at < length && line.charCodeAt(at) > 32) at++
      return false
    }
    entry.fail(
      'LogfmtParserErr',
      `logfmt syntax error at pos ${offset + 1} : unexpected ${JSON.stringify(line[offset])
        .replace(/^"(.*)"$/, "'$1'")
        .replace('\\"', '"')}`,
    )
    return true
  }
  while (at < length) {
    while (at < length && line.charCodeAt(at) <= 32) at++
    if (at >= length) break
    const keyStart = at
    let isBad = false
    while (at < length) {
      const code = line.charCodeAt(at)
      if (code <= 32 || code === 61) break
      if (code === 34 || code === 0xfffd) {
        isBad = true
        break
      }
      at++
    }
    if (isBad || (line.charCodeAt(at) === 61 && at === keyStart)) {
      if (line.charCodeAt(at) === 0xfffd && strict) {
        entry.fail('LogfmtParserErr', `logfmt syntax error at pos ${at + 1} : invalid key`)
        return true
      }
      if (unexpected(at)) return true
      continue
    }
    const key = line.slice(keyStart, at)
    if (line.charCodeAt(at) !== 61) {
      visit(key, '')
      continue
    }
    at++
    if (line.charCodeAt(at) === 34) {
      const start = at + 1
      at = start
      while (at < length && line.charCodeAt(at) !== 34) at += line.charCodeAt(at) === 92 ? 2 : 1
      if (at >= length) {
        if (strict) entry.fail('LogfmtParserErr', `logfmt syntax error at pos ${length} : unterminated quoted value`)
        return true
      }
      const raw = line.slice(start, at)
      at++
      visit(key, withoutReplacementCharacters(unescapeJson(raw)))
      continue
    }
    const start = at
    while (at < length) {
      const code = line.charCodeAt(at)
      if (code <= 32 || code === 61 || code === 34) break
      at++
    }
    if (at < length && line.charCodeAt(at) > 32) {
      if (unexpected(at)) return true
      continue
    }
    visit(key, withoutReplacementCharacters(line.slice(start, at)))
  }
  return true
}
