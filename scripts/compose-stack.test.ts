import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deriveForCompose } from './compose-stack.ts'

const file = { from: 'a/b.yml', to: 'compose/a/b.yml', comment: '#' } as const

test('addresses become service names, comments stay, and a header says where it comes from', () => {
  const text =
    "# at 127.0.0.1:9090\nurl: http://127.0.0.1:9090/api\nother: ['127.0.0.1:3100']\norigin: http://127.0.0.1:*\n"
  const derived = deriveForCompose(file, text)
  assert.match(derived, /^# For compose: stack\/a\/b\.yml with service names/)
  assert.ok(
    derived.endsWith(
      "# at 127.0.0.1:9090\nurl: http://prometheus:9090/api\nother: ['loki:3100']\norigin: http://127.0.0.1:*\n",
    ),
  )
})

test('a file may mean something else by a port, rewrite paths and add its own', () => {
  const derived = deriveForCompose(
    {
      ...file,
      addresses: { '127.0.0.1:3100': '0.0.0.0:3100' },
      replace: [[/rules\//, '../rules/']],
      append: 'more: 1\n',
    },
    'listen: 127.0.0.1:3100\nrules: rules/x.yml\n',
  )
  assert.ok(derived.endsWith('listen: 0.0.0.0:3100\nrules: ../rules/x.yml\nmore: 1\n'))
})

test('an address that no service has is an error with its line', () => {
  assert.throws(
    () => deriveForCompose(file, 'a: 1\nb: 127.0.0.1:1\n'),
    /^Error: a\/b\.yml:2: no service has 127\.0\.0\.1:1$/,
  )
})
