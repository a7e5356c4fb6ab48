import { systemClock } from '@quartet/runtime'
import { startLoki } from '../support/start.ts'

/**
 * Serves the directory and pushes numbered lines to itself, printing each number once its push is acknowledged, until killed.
 * Arguments: directory, first number.
 */
const [directory, first] = process.argv.slice(2)
const { url } = await startLoki(directory)
for (let number = Number(first); ; number++) {
  const ns = String(systemClock.nowNs())
  const body = {
    streams: [
      {
        stream: { app: 'crash', part: String(number % 3) },
        values: [[ns, `line ${number} ${'x'.repeat(number % 500)}`]],
      },
    ],
  }
  const response = await fetch(`${url}/loki/api/v1/push`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (response.status !== 204) throw new Error(`push answered ${response.status}: ${await response.text()}`)
  process.stdout.write(`${number}\n`)
  if (number % 40 === 39) fetch(`${url}/flush`, { method: 'POST' }).catch(() => {}) // the process is about to die anyway
}
