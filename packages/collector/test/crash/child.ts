import { silentLogger, systemClock } from '@quartet/runtime'
import { system } from '../../src/index.ts'

/** Runs a collector for the crash test and prints the OTLP port; killed by the parent. */
const [root] = process.argv.slice(2)
const running = await system.start({
  flags: { 'config.file': `${root}/config.alloy`, 'server.http.listen-addr': '127.0.0.1:0' },
  dataDirectory: `${root}/data`,
  stackDirectory: root,
  listenHost: '127.0.0.1',
  clock: systemClock,
  logger: silentLogger,
})
console.log(running.endpoints.find(({ name }) => name === 'OTLP HTTP')?.url)
setInterval(() => undefined, 60_000)
