import { body } from '../../../graph/index.ts'
import { parseTime } from './timestamp-format.ts'
import type { StageDefinition } from './stage.ts'

/** Lines of Docker's json-file driver: the text becomes the line, with label `stream` and the time of the container. */
export const dockerStage: StageDefinition<object> = {
  name: 'docker',
  schema: body({}),
  create: () => (entry) => {
    const found = parse(entry.line)
    if (!found) return true
    const { log, stream, time } = found
    if (typeof log === 'string') {
      entry.extracted.set('output', log)
      entry.line = log
    }
    if (typeof stream === 'string') {
      entry.extracted.set('stream', stream)
      entry.labels.set('stream', stream)
    }
    if (typeof time === 'string') {
      entry.extracted.set('timestamp', time)
      entry.timestampNs = parseTime('RFC3339Nano', time) ?? entry.timestampNs
    }
    return true
  },
}

function parse(line: string): { log?: unknown; stream?: unknown; time?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined // another format: the line stays as it is
  }
}
