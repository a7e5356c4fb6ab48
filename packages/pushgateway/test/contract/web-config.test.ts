import { test } from 'node:test'
import { silentLogger, systemClock } from '@quartet/runtime'
import { checkWebConfigFile } from '@quartet/runtime/testing'
import { system } from '../../src/index.ts'

test('--web.config.file', () =>
  checkWebConfigFile(
    async (file) => {
      const running = await system.start({
        flags: { 'web.listen-address': '127.0.0.1:0', 'persistence.file': '', 'web.config.file': file },
        dataDirectory: '/nonexistent',
        stackDirectory: '/nonexistent',
        listenHost: '127.0.0.1',
        clock: systemClock,
        logger: silentLogger,
      })
      return { url: running.endpoints[0].url, reload: () => running.reload(), stop: () => running.stop() }
    },
    ['/metrics', '/', '/-/ready', '/api/v1/status'],
  ))
