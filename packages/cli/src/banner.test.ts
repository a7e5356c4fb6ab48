import assert from 'node:assert/strict'
import { test } from 'node:test'
import { banner } from './banner.ts'
import type { SystemReport } from './supervisor/supervisor.ts'

function shown(host: string): string {
  const report = (service: string, name: string, port: number): SystemReport =>
    ({ service, endpoints: [{ name, url: `http://${host}:${port}` }], notices: [] }) as unknown as SystemReport
  return banner({
    version: '1.2.3',
    readyMs: 1234,
    reports: [report('alloy', 'OTLP HTTP', 4318), report('grafana', 'Grafana', 3000)],
  })
}

test('tells what to try, so that it works as it stands', () => {
  assert.match(shown('127.0.0.1'), /Quartet 1\.2\.3 is ready \(1\.2 s\)/)
  assert.match(shown('127.0.0.1'), / {4}npm run demo {3}a small shop/)
  assert.match(shown('10.1.2.3'), / {4}npm run demo -- --endpoint 10\.1\.2\.3 {3}a small shop/)
  assert.match(shown('10.1.2.3'), /OTEL_EXPORTER_OTLP_ENDPOINT=http:\/\/10\.1\.2\.3:4318/)
})
