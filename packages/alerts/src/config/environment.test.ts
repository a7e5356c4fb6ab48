import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { RECEIVER_KINDS } from '../notify/registry.ts'
import { loadConfig } from './alertmanager-config.ts'
import type { Environment } from './environment.ts'
import { Secret } from './secret.ts'

const STACK = fileURLToPath(new URL('../../../../stack/alertmanager/config/alertmanager.yml', import.meta.url))
const load = (environment: Environment | undefined, text?: string) =>
  loadConfig({ path: STACK, ...(text !== undefined && { text }), environment, receiverTypes: RECEIVER_KINDS })

test('the stack starts without any mail server and says what to set', async () => {
  const { config, findings, leftOut } = await load({})
  assert.deepEqual(config.receivers?.[0], { name: 'default', email_configs: [] })
  assert.deepEqual(leftOut, [
    {
      receiver: 'default',
      integration: 'email[0]',
      missing: ['to', 'smarthost', 'from'],
      unset: ['SMTP_HOST', 'SMTP_FROM', 'SMTP_TO'],
    },
  ])
  assert.deepEqual(
    findings.map(({ severity }) => severity),
    ['info'],
  )
})

test('SMTP_* fill in the receiver of the stack, whatever the password holds', async () => {
  const { config, leftOut } = await load({
    SMTP_HOST: 'mail.example.com',
    SMTP_FROM: 'Quartet <q@example.com>',
    SMTP_TO: 'a@example.com, b@example.com',
    SMTP_USER: 'me',
    SMTP_PASSWORD: `'": {\n#${'$'}{SMTP_HOST}`,
    SMTP_REQUIRE_TLS: 'false',
  })
  assert.deepEqual(leftOut, [])
  const [email] = config.receivers![0]['email_configs'] as Record<string, unknown>[]
  assert.equal(email['smarthost'], 'mail.example.com:587')
  assert.equal(email['to'], 'a@example.com, b@example.com')
  assert.equal(email['require_tls'], false)
  assert.ok(email['auth_password'] instanceof Secret)
  assert.equal(email['auth_password'].reveal(), `'": {\n#${'$'}{SMTP_HOST}`)
})

test('elsewhere nothing is filled in, and what is missing is an error', async () => {
  const text = "route: {receiver: r}\nreceivers: [{name: r, email_configs: [{to: '${SMTP_TO}'}]}]\n"
  await assert.rejects(load(undefined, text), /no global SMTP smarthost set/)
  const without = "route: {receiver: r}\nreceivers: [{name: r, email_configs: [{from: a@b, smarthost: 'a:1'}]}]\n"
  await assert.rejects(load(undefined, without), /:2:\d+: error: missing to address in email config/)
})
