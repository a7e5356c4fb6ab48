/** `legacy`: `[a-zA-Z_:][a-zA-Z0-9_:]*`; `utf8`: anything that is not empty. */
export type NameRules = 'legacy' | 'utf8'
/** What an exposition does with names that are not legacy names, as negotiated by `escaping=` in Accept. */
export type NameEscaping = 'allow-utf-8' | 'underscores' | 'dots' | 'values'

const LEGACY_METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LEGACY_LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/** Callers see to it that the text came from valid UTF-8. */
export function isMetricName(name: string, rules: NameRules): boolean {
  return rules === 'utf8' ? name !== '' : LEGACY_METRIC.test(name)
}

export function isLabelName(name: string, rules: NameRules): boolean {
  return rules === 'utf8' ? name !== '' : LEGACY_LABEL.test(name)
}

/** @returns the name itself when it needs no escaping; `dots` and `values` can be undone by {@link unescapeName} */
export function escapeName(name: string, escaping: NameEscaping): string {
  if (name === '') return name
  switch (escaping) {
    case 'allow-utf-8':
      return name
    case 'underscores':
      return LEGACY_METRIC.test(name) ? name : mapRunes(name, (rune, isLegacy) => (isLegacy ? rune : '_'))
    case 'dots':
      return mapRunes(name, (rune, isLegacy) => (rune === '_' ? '__' : rune === '.' ? '_dot_' : isLegacy ? rune : '__'))
    case 'values':
      if (LEGACY_METRIC.test(name)) return name
      return (
        'U__' +
        mapRunes(name, (rune, isLegacy) =>
          rune === '_' ? '__' : isLegacy ? rune : `_${rune.codePointAt(0)!.toString(16)}_`,
        )
      )
  }
}

/** Undoes `dots` or `values`; what is not well escaped is returned as it is. */
export function unescapeName(name: string, escaping: 'dots' | 'values'): string {
  if (escaping === 'dots') return name.replaceAll('_dot_', '.').replaceAll('__', '_')
  if (!name.startsWith('U__')) return name
  const body = name.slice(3)
  // Every underscore is doubled or starts a code point; whatever is left over makes the whole name a plain one.
  let result = ''
  for (let index = 0; index < body.length;) {
    if (body[index] !== '_') {
      result += body[index++]
      continue
    }
    const [all, hex] = /^_(?:_|([0-9a-fA-F]{1,6})_)/.exec(body.slice(index, index + 8)) ?? []
    if (all === undefined) return name
    const code = hex === undefined ? 0x5f : Number.parseInt(hex, 16)
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return name
    result += String.fromCodePoint(code)
    index += all.length
  }
  return result
}

function mapRunes(name: string, map: (rune: string, isLegacy: boolean) => string): string {
  let result = ''
  let isFirst = true
  for (const rune of name) {
    result += map(rune, isFirst ? /[a-zA-Z_:]/.test(rune) : /[a-zA-Z0-9_:]/.test(rune))
    isFirst = false
  }
  return result
}
