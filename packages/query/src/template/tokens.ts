export type Token =
  | {
      readonly kind: 'field' | 'variable' | 'identifier' | 'keyword' | 'char' | 'space' | 'end'
      readonly at: number
      readonly end: number
      readonly text: string
    }
  | {
      readonly kind: 'value'
      readonly at: number
      readonly end: number
      readonly text: string
      readonly value: string | number | bigint | boolean
    }

export const SPACE = /[ \t\r\n]+/y
export const NUMBER =
  /[-+]?(?:0[xXbBoO][0-9a-fA-F_]+|(?:[0-9][0-9_]*)(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?)/y
export const FIELD = /\.[\p{L}_][\p{L}\p{Nd}_]*/uy
export const VARIABLE = /\$(?:[\p{L}_][\p{L}\p{Nd}_]*)?/uy
export const WORD = /[\p{L}_][\p{L}\p{Nd}_]*/uy
export const QUOTED = /"(?:[^"\\\n]|\\.)*"/y
export const RAW = /`[^`]*`/y
export const RUNE = /'(?:[^'\\\n]|\\.)[^'\n]*'/y
export const MARK = /:=|[=|(),.]/y

export function describe(token: Token): string {
  if (token.kind === 'end') return '"}}"'
  return token.kind === 'keyword' ? `<${token.text}>` : JSON.stringify(token.text)
}

const ESCAPES: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
}

/** Undoes Go's escapes; `undefined` when one is wrong. */
export function unquote(inner: string): string | undefined {
  if (!inner.includes('\\')) return inner
  let isValid = true
  const text = inner.replace(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))/gs,
    (_, hex, short, long, octal, simple) => {
      const code = hex ?? short ?? long
      if (code !== undefined) {
        const point = Number.parseInt(code, 16)
        if (point <= 0x10ffff) return String.fromCodePoint(point)
      } else if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8))
      else if (ESCAPES[simple] !== undefined) return ESCAPES[simple]
      isValid = false
      return ''
    },
  )
  return isValid ? text : undefined
}
