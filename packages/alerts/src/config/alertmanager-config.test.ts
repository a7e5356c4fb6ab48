import { ConfigError } from '@quartet/runtime'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RECEIVER_KINDS } from '../notify/registry.ts'
import { loadConfig } from './alertmanager-config.ts'

const load = (text: string, mode?: 'classic' | 'utf8-strict') =>
  loadConfig({ path: '/etc/am.yml', text, receiverTypes: RECEIVER_KINDS, ...(mode && { mode }) })

const problemsOf = async (text: string, mode?: 'classic' | 'utf8-strict'): Promise<readonly string[]> => {
  try {
    await load(text, mode)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

test('reports every mistake of form at once, each where it is', async () => {
  const problems = await problemsOf(`global:
  resolve_timeout: soon
  nonsense: 1
route:
  receiver: a
  group_by: [x, x]
  routes:
    - matchers: ['a=~"("']
receivers:
  - name: a
    webhook_configs:
      - url: ftp://x
      - {}
`)
  assert.deepEqual(
    problems.map((problem) => /^\/etc\/am\.yml:(\d+):\d+: error: /.exec(problem)?.[1]),
    ['2', '3', '6', '8', '12', '13'],
    problems.join('\n'),
  )
})

test('reports every mistake of reference at once', async () => {
  const problems = await problemsOf(`route:
  receiver: a
  continue: true
  routes:
    - receiver: b
      mute_time_intervals: [night]
receivers:
  - name: a
    slack_configs: [{channel: x}]
  - name: a
`)
  assert.deepEqual(problems, [
    '/etc/am.yml:10:11: error: notification config name "a" is not unique',
    '/etc/am.yml:3:13: error: cannot have continue in root route',
    '/etc/am.yml:5:17: error: undefined receiver "b" used in route',
    '/etc/am.yml:6:29: error: undefined time interval "night" used in route',
    '/etc/am.yml:9:21: error: no Slack API URL nor App token set either inline or in a file',
  ])
})

test('the features choose the syntax of matchers', async () => {
  const text = `route: {receiver: a, routes: [{matchers: ['foo='], group_by: [ü]}]}\nreceivers: [{name: a}]\n`
  assert.match((await problemsOf(text, 'utf8-strict')).join(), /end of input: expected label value/)
  assert.match((await problemsOf(text, 'classic')).join(), /invalid label name "ü" in group_by list/)
  const { findings } = await load(text)
  assert.match(findings[0].message, /moving to a new parser.*input="foo=" suggestion="foo=\\"\\""/)
})

test('fills the global section into the receivers and makes paths absolute', async () => {
  const { config } = await load(`
global: {pagerduty_url: 'http://pd/', http_config: {bearer_token_file: token}}
route: {receiver: a}
receivers: [{name: a, pagerduty_configs: [{routing_key_file: keys/pd}]}]
templates: ['*.tmpl']
`)
  const [settings] = config.receivers![0]['pagerduty_configs'] as Record<string, unknown>[]
  assert.equal(settings['url'], 'http://pd/')
  assert.equal(settings['routing_key_file'], '/etc/keys/pd')
  assert.equal((settings['http_config'] as Record<string, unknown>)['bearer_token_file'], '/etc/token')
  assert.deepEqual(config.templates, ['/etc/*.tmpl'])
})
