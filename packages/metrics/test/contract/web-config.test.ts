import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { silentLogger, systemClock } from '@quartet/runtime'
import { checkWebConfigFile, temporaryDirectory } from '@quartet/runtime/testing'
import { system } from '../../src/index.ts'

test('--web.config.file', async (t) => {
  const directory = await temporaryDirectory()
  t.after(() => directory.remove())
  const config = join(directory.path, 'prometheus.yml')
  await writeFile(config, 'global: {}\n')
  await checkWebConfigFile(
    async (file) => {
      const running = await system.start({
        flags: {
          'config.file': config,
          'web.listen-address': ['127.0.0.1:0'],
          'storage.tsdb.path': join(directory.path, 'data'),
          'web.config.file': file,
        },
        dataDirectory: directory.path,
        stackDirectory: directory.path,
        listenHost: '127.0.0.1',
        clock: systemClock,
        logger: silentLogger,
      })
      return { url: running.endpoints[0].url, reload: () => running.reload(), stop: () => running.stop() }
    },
    ['/metrics', '/-/ready', '/api/v1/status/buildinfo', '/api/v1/query?query=1'],
  )
})
