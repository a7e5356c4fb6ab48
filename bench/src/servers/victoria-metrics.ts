import { join } from 'node:path'

import type { ServerKind } from './server.ts'

export const victoriaMetrics: ServerKind = {
  name: 'victoria-metrics',
  program: 'victoria-metrics',
  readyPath: '/health',
  command({ port, directory }) {
    return {
      file: 'victoria-metrics',
      args: [
        `-storageDataPath=${join(directory, 'data')}`,
        `-httpListenAddr=127.0.0.1:${port}`,
        '-retentionPeriod=12',
        '-search.disableCache',
        '-loggerLevel=ERROR',
      ],
    }
  },
}
