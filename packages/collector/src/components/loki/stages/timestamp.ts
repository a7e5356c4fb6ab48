import { body, required, type, withDefault } from '../../../graph/index.ts'
import type { Decoded } from '../../../graph/index.ts'
import { isUsableLayout, parseTime } from './timestamp-format.ts'
import { textOf } from './stage.ts'
import type { StageDefinition } from './stage.ts'

const schema = body(
  {
    source: required(type.text),
    format: required(type.text),
    fallback_formats: withDefault(type.list(type.text), []),
    location: withDefault(type.oneOf('', 'UTC'), ''),
    action_on_failure: withDefault(type.oneOf('fudge', 'skip'), 'fudge'),
  },
  ({ format, fallback_formats }) => {
    const bad = [format, ...fallback_formats].find((layout) => !isUsableLayout(layout))
    return bad === undefined ? undefined : `timestamp format ${JSON.stringify(bad)} cannot be used`
  },
)

/** Streams whose last time is remembered. */
const MAX_STREAMS = 10_000

/** Sets the time of the line from an extracted value. `fudge` gives a line without one the last time of its stream and 1 ns. */
export const timestampStage: StageDefinition<Decoded<typeof schema>> = {
  name: 'timestamp',
  schema,
  create: ({ source, format, fallback_formats, action_on_failure }) => {
    const layouts = [format, ...fallback_formats]
    const lastNs = new Map<string, bigint>()
    return (entry) => {
      const text = textOf(entry.extracted.get(source))
      const found =
        text === undefined
          ? undefined
          : layouts.map((layout) => parseTime(layout, text)).find((time) => time !== undefined)
      if (found !== undefined) entry.timestampNs = found
      if (action_on_failure === 'skip') return true
      const stream = JSON.stringify([...entry.labels].sort())
      const last = lastNs.get(stream)
      if (found === undefined) {
        if (last === undefined) return true
        entry.timestampNs = last + 1n
      }
      lastNs.delete(stream)
      lastNs.set(stream, entry.timestampNs)
      if (lastNs.size > MAX_STREAMS) lastNs.delete(lastNs.keys().next().value!)
      return true
    }
  },
}
