import { hostname } from 'node:os'
import { body } from '../../graph/index.ts'
import type { ComponentDefinition } from '../../graph/index.ts'
import type { Value } from '../../syntax/index.ts'

const schema = body({})

/** The collector's own metrics as a target: what `/metrics` of its UI port serves. */
export const exporterSelf: ComponentDefinition<object> = {
  name: 'prometheus.exporter.self',
  schema,
  build: (context) => ({
    get exports() {
      const target = new Map<string, Value>([
        ['__address__', context.selfAddress],
        ['__metrics_path__', '/metrics'],
        ['__scheme__', 'http'],
        ['instance', hostname()],
        ['job', 'integrations/alloy'],
      ])
      return new Map<string, Value>([['targets', [target]]])
    },
    start: async () => undefined,
    update: async () => undefined,
    stop: async () => undefined,
  }),
}
