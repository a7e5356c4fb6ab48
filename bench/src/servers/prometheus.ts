import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { ServerKind } from './server.ts'

export const prometheus: ServerKind = {
  name: 'prometheus',
  program: 'prometheus',
  readyPath: '/-/ready',
  command({ port, directory }) {
    const config = join(directory, 'empty.yml')
    writeFileSync(config, 'global: {}\n')
    return {
      file: 'prometheus',
      args: [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--web.enable-remote-write-receiver',
        '--log.level=error',
      ],
    }
  },
}
