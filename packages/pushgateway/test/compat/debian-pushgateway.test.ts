import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { startPushgateway } from '../support.ts'

const BINARY = '/usr/bin/prometheus-pushgateway'
const isThere = existsSync(BINARY)
if (!isThere) console.log(`${BINARY} is not installed: not compared with it`)

interface Step {
  readonly method: string
  readonly path: string
  readonly body?: string | Uint8Array
  readonly headers?: Record<string, string>
}

const put = (path: string, body: string): Step => ({ method: 'PUT', path: `/metrics/job/${path}`, body })
const post = (path: string, body: string): Step => ({ method: 'POST', path: `/metrics/job/${path}`, body })
const remove = (path: string): Step => ({ method: 'DELETE', path: `/metrics/job/${path}` })

/** One after the other against both; what each answers, and what is exposed after it, is compared. */
const STEPS: readonly Step[] = [
  put(
    'batch',
    '# HELP done Jobs that are done.\n# TYPE done counter\ndone 3\n# TYPE left gauge\nleft{kind="a"} -1.5\n',
  ),
  post('batch', '# TYPE left gauge\nleft{kind="b"} 2\n'),
  put('batch/instance/one', 'free_bytes 1e+09\n'),
  put('batch/instance/one', 'other 7\n'),
  put('batch/path/%2Fvar%2Ftmp', 'a 1\n'),
  put('batch/path@base64/L3Zhci90bXA', 'b 1\n'),
  put('batch/empty@base64/=', 'c 1\n'),
  { method: 'PUT', path: '/metrics/job@base64/Zm9vL2Jhcg', body: 'd 1\n' },
  put('types', '# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\nh_sum 3\nh_count 2\n'),
  put('types2', '# TYPE s summary\ns{quantile="0.5"} 1\ns_sum 3\ns_count 2\n'),
  put('override', 'e{job="mine",instance="mine"} 1\n'),
  { ...put('zipped', ''), body: gzipSync('zipped 1\n'), headers: { 'content-encoding': 'gzip' } },
  // Refused: the group stays as it was, its failure is noted.
  put('batch', 'done 1 1700000000000\n'),
  put('batch', 'not a metric\n'),
  put('batch', '# TYPE done gauge\ndone 1\n'),
  put('batch', 'twice 1\ntwice 2\n'),
  put('clash', '# TYPE done gauge\ndone 1\n'),
  put('batch', 'no_newline 1'),
  put('batch/instance', 'odd 1\n'),
  put('batch/bad-label/x', 'bad 1\n'),
  put('batch/job/again', 'bad 1\n'),
  put('batch/instance@base64/!!!', 'bad 1\n'),
  { method: 'PUT', path: '/metrics/job/', body: 'nothing 1\n' },
  { method: 'PUT', path: '/metrics/job@base64/=', body: 'nothing 1\n' },
  put('pushed', '# TYPE push_time_seconds gauge\npush_time_seconds 5\n'),
  put('empty', ''),
  post('empty', ''),
  remove('batch/instance/one'),
  remove('nobody'),
  remove('batch'),
]

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** What was pushed, without times and without what only one of the two tells about itself. */
function pushedLines(text: string): string[] {
  return text
    .split('\n')
    .filter(
      (line) => line !== '' && !/^(# (HELP|TYPE) )?(go_|process_|nodejs_|quartet_|pushgateway_|promhttp_)/.test(line),
    )
    .map((line) => line.replace(/^(push_(?:failure_)?time_seconds\{.*\}) [1-9].*$/, '$1 <time>'))
}

/** The words of upstream's error pages, which have an end that depends on its version. */
interface Seen {
  readonly step: string
  readonly status: number
  readonly hasReason: boolean
  readonly metrics: string[]
}

async function play(url: string, onStep: (seen: Seen) => void): Promise<void> {
  for (const { body, headers = {}, method, path } of STEPS) {
    const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : new Uint8Array(body) }
    const response = await fetch(url + path, { method, headers, redirect: 'manual', ...sent })
    const text = await response.text()
    const metrics = pushedLines(await (await fetch(`${url}/metrics`)).text())
    onStep({ step: `${method} ${path}`, status: response.status, hasReason: text.trim() !== '', metrics })
  }
}

test("answers and exposes what Debian's Pushgateway does, push by push", { skip: !isThere }, async () => {
  const port = await freePort()
  const child = spawn(BINARY, [`--web.listen-address=127.0.0.1:${port}`, '--log.level=info', '--persistence.file='], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const own = await startPushgateway()
  try {
    for (let log = ''; !/Listening on|TLS is disabled/i.test(log);) {
      const [chunk] = (await once(child.stderr, 'data')) as [Buffer]
      log += chunk.toString()
    }
    child.stderr.resume()
    const [theirs, ours]: [Seen[], Seen[]] = [[], []]
    await play(`http://127.0.0.1:${port}`, (seen) => theirs.push(seen))
    await play(own.url, (seen) => ours.push(seen))
    for (const [index, seen] of ours.entries()) assert.deepEqual(seen, theirs[index], `step ${index}: ${seen.step}`)
    console.log(`compared with Debian's Pushgateway: ${ours.length} requests`)
  } finally {
    child.kill('SIGKILL')
    await own.stop()
  }
})
