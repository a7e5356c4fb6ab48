import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { UPSTREAM } from '../../test/conformance/corpus.ts'
import { RECEIVER_KINDS } from '../notify/registry.ts'
import { loadConfig } from './alertmanager-config.ts'
import { printConfig } from './print-config.ts'

const load = (text: string) => loadConfig({ path: '/am.yml', text, receiverTypes: RECEIVER_KINDS })

test('hides secrets and quotes what YAML would read otherwise', async () => {
  const { config } = await load(`
global: {slack_api_url: 'https://x.y/z', smtp_auth_password: pw, smtp_from: 'yes', smtp_smarthost: 'a:25'}
route: {receiver: '1', group_by: ['...']}
receivers: [{name: '1', slack_configs: [{channel: '#x', text: "a\\nb: c\\n"}]}]
`)
  const text = printConfig(config)
  assert.doesNotMatch(text, /pw|x\.y/)
  for (const line of [
    '  smtp_from: "yes"\n',
    '  smtp_auth_password: <secret>\n',
    '  receiver: "1"\n',
    "  group_by:\n  - '...'\n",
    "    channel: '#x'\n",
    '    text: |\n      a\n      b: c\n',
  ]) {
    assert.ok(text.includes(line), `${line} in\n${text}`)
  }
})

test('what is printed reads back to the same', { skip: !existsSync(UPSTREAM) }, async () => {
  const folder = join(UPSTREAM, 'config/testdata')
  for (const name of readdirSync(folder)) {
    if (/both|no-|file|http-config/.test(name)) continue
    const { config } = await loadConfig({ path: join(folder, name), receiverTypes: RECEIVER_KINDS })
    const text = printConfig(config)
    assert.equal(printConfig((await load(text)).config), text, name)
  }
})
