import { readFileSync } from 'node:fs'
import { get } from 'node:http'

/**
 * The health check of a container: `node health.mjs prometheus`, or a URL, asks whether that system on this machine is ready. Without
 * arguments it asks all that process 1 was told to run. Plain JavaScript without packages: it is started every few seconds.
 */
const READY = {
  prometheus: ['http://127.0.0.1:9090/-/ready'],
  loki: ['http://127.0.0.1:3100/ready'],
  tempo: ['http://127.0.0.1:3200/ready'],
  alloy: ['http://127.0.0.1:12345/-/ready'],
  alertmanager: ['http://127.0.0.1:9093/-/ready'],
  pushgateway: ['http://127.0.0.1:9091/-/ready'],
  'node-exporter': ['http://127.0.0.1:9100/-/ready'],
  cadvisor: ['http://127.0.0.1:8080/healthz'],
  grafana: ['http://127.0.0.1:3000/api/health'],
}
const TIMEOUT_MS = 4_000

const failures = (await Promise.all(urls(process.argv.slice(2)).map(ask))).filter((failure) => failure !== undefined)
for (const failure of failures) process.stderr.write(`${failure}\n`)
process.exit(failures.length > 0 ? 1 : 0)

/** @param {string[]} args */
function urls(args) {
  const known = Object.entries(READY)
  const words = args.length > 0 ? args : readFileSync('/proc/1/cmdline', 'utf8').split('\0')
  const chosen = known.flatMap(([service, paths]) => (words.includes(service) ? paths : []))
  chosen.push(...words.filter((word) => word.startsWith('http://')))
  if (chosen.length > 0) return chosen
  if (args.length === 0) return known.flatMap(([, paths]) => paths)
  process.stderr.write(`no system is called ${args.join(' ')}; there are ${known.map(([name]) => name).join(', ')}\n`)
  process.exit(1)
}

/**
 * @param {string} url
 * @returns {Promise<string | undefined>} what is wrong
 */
function ask(url) {
  return new Promise((resolve) => {
    const request = get(url, { timeout: TIMEOUT_MS }, (response) => {
      response.resume()
      const status = response.statusCode ?? 0
      response.on('end', () => resolve(status >= 200 && status < 300 ? undefined : `${url} answered ${status}`))
    })
    request.on('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)))
    request.on('error', (error) => resolve(`${url}: ${error.message}`))
  })
}
