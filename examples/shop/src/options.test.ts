import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseOptions } from './options.ts'

test('uses one OTLP protocol per service by default', () => {
  const options = parseOptions([])
  assert.ok(options !== 'help')
  assert.deepEqual(new Set(Object.values(options.protocols)), new Set(['grpc', 'http/protobuf', 'http/json']))
  assert.equal(options.seconds, 60)
})

test('a protocol can be chosen for all services or for one', () => {
  const options = parseOptions(['--protocol', 'grpc', '--protocol', 'payments=http/json'])
  assert.ok(options !== 'help')
  assert.deepEqual(options.protocols, { storefront: 'grpc', orders: 'grpc', payments: 'http/json' })
})

test('an outage of the payment gateway has a beginning and an end', () => {
  const options = parseOptions(['--outage', '20-50.5'])
  assert.ok(options !== 'help')
  assert.deepEqual(options.outage, { from: 20, to: 50.5 })
})

test('says what is wrong with an argument', () => {
  assert.throws(() => parseOptions(['--rate', 'fast']), /--rate: "fast" is not a number from 0.1 to 1000/)
  assert.throws(() => parseOptions(['--protocol', 'till=grpc']), /there is no service "till"/)
  assert.throws(() => parseOptions(['--protocol', 'smoke']), /"smoke" is not grpc/)
  assert.throws(() => parseOptions(['--outage', '50-20']), /"50-20" is not like 20-50/)
  assert.throws(() => parseOptions(['--speed', '1']), /--speed/)
})
