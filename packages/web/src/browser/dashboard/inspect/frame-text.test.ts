import assert from 'node:assert/strict'
import { test } from 'node:test'
import { column, frame } from '../../datasources/frame.ts'
import { frameToText } from './frame-text.ts'

test('cells with commas and quotes are quoted, times are readable', () => {
  const text = frameToText(
    frame({
      fields: [column('time', 'Time', [0]), column('string', 'a,b', ['say "x"']), column('number', 'n', [null])],
    }),
  )
  assert.equal(text, 'Time,"a,b",n\r\n1970-01-01T00:00:00.000Z,"say ""x""",\r\n')
})
