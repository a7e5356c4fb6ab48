/** Go's os.Expand as upstream uses it: `$NAME` and `${NAME}` from the environment, `$$` a dollar, an unset name nothing. */
export function expandExternalLabel(
  text: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  return text.replace(/\$(?:\$|\{([^}]*)\}|([A-Za-z_][A-Za-z0-9_]*))/g, (whole, braced?: string, plain?: string) => {
    if (whole === '$$' || braced === '$') return '$'
    return environment[braced ?? plain ?? ''] ?? ''
  })
}
