/** A value as YAML in the layout of Go's encoder: lists at the indentation of their key, long lines left whole. */
export async function printYaml(value: unknown): Promise<string> {
  // Only those who print pay for the library.
  const { stringify } = await import('yaml')
  return stringify(value, { version: '1.1', indentSeq: false, lineWidth: 0, aliasDuplicateObjects: false })
}
