import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deliveriesOf } from './deliveries.ts'
import { receiverOf } from './receivers.ts'

test('a receiver is the list of its integrations, with where they send', () => {
  const { name, integrations } = receiverOf({
    name: 'team',
    email_configs: [
      { to: 'ops@example.org', send_resolved: true, auth_password: '<secret>', html: '<p/>', headers: { a: 'b' } },
    ],
    slack_configs: [{ api_url: '<secret>', channel: '#ops', send_resolved: false }],
    webhook_configs: [{ url: '<secret>' }],
  })
  assert.equal(name, 'team')
  assert.deepEqual(
    integrations.map(({ kind, target, sendsResolved }) => [kind, target, sendsResolved]),
    [
      ['email', 'ops@example.org', true],
      ['slack', '#ops', false],
      ['webhook', '', undefined],
    ],
  )
  assert.deepEqual(integrations[0]?.settings, [
    ['to', 'ops@example.org'],
    ['auth_password', '<secret>'],
  ])
  assert.deepEqual(receiverOf({ name: 'nobody' }).integrations, [])
})

test('deliveries are added up by kind, and by receiver where that is known', () => {
  const series = (integration: string, value: string, more = {}) => ({
    metric: { integration, ...more },
    value: [0, value] as const,
  })
  const deliveries = deliveriesOf(
    [series('email', '4.2'), series('slack', '3')],
    [
      series('email', '2.0', { reason: 'clientError' }),
      series('email', '0', { reason: 'other' }),
      series('slack', '0'),
    ],
  )
  assert.deepEqual(deliveries.get('email'), { sent: 4, failed: 2, reasons: ['clientError'] })
  assert.deepEqual(deliveries.get('slack'), { sent: 3, failed: 0, reasons: [] })
})
