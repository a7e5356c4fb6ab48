const ESCAPES: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}

/** What Go's json.Encoder writes: HTML characters escaped, integers of any size, absent members left out. */
export function goJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? Number(item) : item)).replace(
    /[<>&\u2028\u2029]/g,
    (char) => ESCAPES[char],
  )
}

/** `omitempty`: members that are empty, false or absent are left out. */
export function omitEmpty<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(value).filter(
      ([, item]) => item !== undefined && item !== '' && item !== false && !(Array.isArray(item) && item.length === 0),
    ),
  ) as Partial<T>
}
