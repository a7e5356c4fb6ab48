import { body, type, withDefault } from '../../../graph/index.ts'
import type { Decoded } from '../../../graph/index.ts'
import { textOf } from './stage.ts'
import type { StageDefinition } from './stage.ts'

const schema = body({
  labels: withDefault(type.list(type.text), []),
  ingest_timestamp: withDefault(type.bool, true),
})

/** Wraps the line into JSON with some labels and extracted values, which are labels no more. */
export const packStage: StageDefinition<Decoded<typeof schema>> = {
  name: 'pack',
  schema,
  create: ({ labels, ingest_timestamp }, { nowNs }) => {
    const wanted = new Set(labels)
    return (entry) => {
      const packed = new Map<string, string>()
      for (const [name, value] of entry.extracted) {
        const text = textOf(value)
        if (wanted.has(name) && text !== undefined) packed.set(name, text)
      }
      for (const [name, value] of entry.labels) {
        if (!wanted.has(name)) continue
        packed.set(name, value)
        entry.labels.delete(name)
      }
      const sorted = [...packed].sort(([a], [b]) => (a < b ? -1 : 1))
      // Written by hand, since an object would move names that are numbers to the front.
      const pairs = [...sorted, ['_entry', entry.line]].map(
        ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`,
      )
      entry.line = `{${pairs.join(',')}}`
      if (ingest_timestamp) entry.timestampNs = nowNs()
      return true
    }
  },
}
