/** Indents a line that is a JSON object or array; other lines stay as they are. */
export function prettify(line: string): string {
  const trimmed = line.trim()
  if (!/^[{[].*[}\]]$/s.test(trimmed)) return line
  try {
    return JSON.stringify(JSON.parse(trimmed), undefined, 2)
  } catch {
    // Looks like JSON but is not.
    return line
  }
}
