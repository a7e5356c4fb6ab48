import { createLogger, systemClock } from '@quartet/runtime'
import { system } from '../../src/index.ts'

/* A whole Alertmanager as a process of its own, to be killed. Arguments: configuration, data directory, listen address. */

const [configFile, directory, listen] = process.argv.slice(2)
// The clock's timers do not keep a process alive.
setInterval(() => undefined, 2 ** 30)
const running = await system.start({
  flags: { 'config.file': configFile, 'storage.path': directory, 'web.listen-address': listen },
  dataDirectory: directory,
  stackDirectory: directory,
  listenHost: '127.0.0.1',
  clock: systemClock,
  logger: createLogger({ level: 'silent', fields: {} }),
})
process.stdout.write(`${running.endpoints[0].url}\n`)
