/** `${NAME}` and `${NAME:-default}`; a name that is not set and has no default becomes empty, `$$` a single dollar. */
export function expandEnvironment(
  text: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  return text.replace(
    /\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::?-([^}]*))?\}/g,
    (whole, name?: string, fallback?: string) => {
      if (name === undefined) return whole === '$$' ? '$' : whole
      const value = environment[name]
      return value === undefined || value === '' ? (fallback ?? '') : value
    },
  )
}
