import { temporaryDirectory } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { startAlertmanager } from '../support/start.ts'

const run = promisify(execFile)

function hasAmtool(): boolean {
  try {
    execFileSync('amtool', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    console.log('amtool: skipped, not installed (apt-get install prometheus-alertmanager)')
    return false
  }
}

const CONFIG = `
global:
  slack_api_url: https://hooks.slack.com/services/secret
route:
  receiver: default
  group_by: [alertname]
  routes:
    - receiver: pager
      matchers: [severity="critical"]
    - receiver: default
      match_re: {team: 'a|b'}
receivers:
  - name: default
    webhook_configs: [{url: 'http://127.0.0.1:9/x'}]
  - name: pager
    slack_configs: [{channel: '#x'}]
`

test("Debian's amtool works against it", { skip: !hasAmtool() }, async () => {
  const directory = await temporaryDirectory()
  const { running, url } = await startAlertmanager(directory.path, CONFIG)
  const amtool = async (...args: string[]): Promise<string> =>
    (await run('amtool', [...args, `--alertmanager.url=${url}`])).stdout
  try {
    await amtool('alert', 'add', 'alertname=Down', 'severity=critical', '--annotation=summary=gone')
    const alerts = JSON.parse(await amtool('alert', 'query', '-o', 'json', 'severity=critical')) as { labels: object }[]
    assert.deepEqual(
      alerts.map(({ labels }) => labels),
      [{ alertname: 'Down', severity: 'critical' }],
    )
    const id = (await amtool('silence', 'add', 'alertname=Down', '-c', 'x', '-a', 'me', '-d', '1h')).trim()
    assert.match(id, /^[0-9a-f-]{36}$/)
    assert.match(await amtool('silence', 'query'), new RegExp(id))
    assert.equal((await amtool('alert', 'query', '-o', 'json')).trim(), '[]')
    const silenced = JSON.parse(await amtool('alert', 'query', '--silenced', '-o', 'json')) as {
      status: { silencedBy: string[] }
    }[]
    assert.deepEqual(silenced[0].status.silencedBy, [id])
    await amtool('silence', 'expire', id)
    assert.doesNotMatch(await amtool('silence', 'query'), new RegExp(id))
    // An older amtool cannot read the newer keys of a printed configuration, so that routes are tested on upstream's side only.
    assert.match(await amtool('config', 'show'), /slack_api_url: <secret>/)
    assert.match(await amtool('cluster', 'show'), /disabled/)
  } finally {
    await running.stop()
    await directory.remove()
  }
})
