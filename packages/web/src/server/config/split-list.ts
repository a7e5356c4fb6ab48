/** Upstream's lists in one value: separated by commas or white space, or a JSON array when the items contain either. */
export function splitList(text: string): readonly string[] {
  const trimmed = text.trim()
  if (trimmed.startsWith('[')) {
    try {
      const parsed: unknown = JSON.parse(trimmed)
      if (Array.isArray(parsed) && parsed.every((item) => typeof item === 'string')) return parsed
    } catch {
      // A name may begin with a bracket; then it is a list like any other.
    }
  }
  return trimmed.split(/[,\s]+/).filter((item) => item !== '')
}
