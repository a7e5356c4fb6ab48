import { eachMember, JsonScanError, skipSpace, valueText } from './json-scan.ts'
import { JSON_ERROR } from './json.ts'
import { sanitizeLabelKey } from './label-key.ts'
import type { Stage } from './stage.ts'

const ENTRY_KEY = '_entry'

/** `| unpack` undoes promtail's pack: string members become labels and `_entry` the line. */
export function unpackStage(): Stage {
  return {
    run(entry) {
      const { line } = entry
      if (line === '') return true
      const start = skipSpace(line, 0)
      if (line[start] !== '{') {
        entry.fail(JSON_ERROR, 'expecting json object(6), but it is not')
        return true
      }
      const found: [string, string][] = []
      let packed: string | undefined
      try {
        eachMember(line, start, (key, value) => {
          if (value.kind !== 'string') return
          const text = valueText(line, value)
          if (key === ENTRY_KEY) packed = text
          else found.push([key, text])
        })
      } catch (error) {
        if (!(error instanceof JsonScanError)) throw error
        entry.fail(JSON_ERROR, error.message)
        return true
      }
      if (packed === undefined) return true
      entry.extracted.clear()
      for (const [key, value] of found) entry.extract(sanitizeLabelKey(key, true), value)
      entry.line = packed
      return true
    },
  }
}
