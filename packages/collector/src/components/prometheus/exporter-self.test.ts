import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { test } from 'node:test'
import { buildComponent, decodeSettings, testContext } from '../../../test/support/context.ts'
import { display } from '../../../test/support/display.ts'
import { exporterSelf } from './exporter-self.ts'

test('exports the collector as one target, as it listens', () => {
  const component = buildComponent(exporterSelf, { ...testContext(), selfAddress: '127.0.0.9:12345' }, '')
  assert.deepEqual(display(component.exports.get('targets')), [
    {
      __address__: '127.0.0.9:12345',
      __metrics_path__: '/metrics',
      __scheme__: 'http',
      instance: hostname(),
      job: 'integrations/alloy',
    },
  ])
})

test('takes no arguments', () => {
  assert.throws(() => decodeSettings(exporterSelf, 'port = 1'), /unrecognized attribute name "port"/)
})
