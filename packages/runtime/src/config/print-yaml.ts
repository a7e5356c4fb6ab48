/**
 * A value as YAML in the layout of Go's encoder, long lines left whole.
 * @param version of go-yaml: 2 puts lists at the indentation of their key, 3 indents by four and prefers single quotes
 */
export async function printYaml(value: unknown, version: 2 | 3 = 2): Promise<string> {
  // Only those who print pay for the library.
  const { stringify } = await import('yaml')
  const layout = version === 2 ? { indentSeq: false } : { indent: 4, singleQuote: true }
  return stringify(value, { version: '1.1', ...layout, lineWidth: 0, aliasDuplicateObjects: false })
}
