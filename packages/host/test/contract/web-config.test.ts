import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger, systemClock } from '@quartet/runtime'
import { checkWebConfigFile } from '@quartet/runtime/testing'
import { system } from '../../src/index.ts'

test('--web.config.file is about the node metrics', () =>
  checkWebConfigFile(
    async (file) => {
      const running = await system.start({
        flags: {
          'web.listen-address': '127.0.0.1:0',
          port: '0',
          listen_ip: '127.0.0.1',
          'web.config.file': file,
          'collector.disable-defaults': true,
          'collector.loadavg': true,
        },
        dataDirectory: '/nonexistent',
        stackDirectory: '/nonexistent',
        listenHost: '127.0.0.1',
        clock: systemClock,
        logger: silentLogger,
      })
      const [node, containers] = running.endpoints
      assert.equal((await fetch(`${containers.url}/healthz`)).status, 200)
      return { url: node.url, reload: () => running.reload(), stop: () => running.stop() }
    },
    ['/metrics', '/', '/-/ready'],
  ))
