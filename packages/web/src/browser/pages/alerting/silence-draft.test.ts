import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  draftProblems,
  fromLocalText,
  parseDuration,
  silenceOf,
  toLocalText,
  type SilenceDraft,
} from './silence-draft.ts'

const nowMs = Date.UTC(2026, 0, 31, 12)
const draft: SilenceDraft = {
  id: undefined,
  matchers: [{ name: 'a', value: 'b', isEqual: true, isRegex: false }],
  startsAt: toLocalText(nowMs),
  endsAt: toLocalText(nowMs + 3_600_000),
  comment: ' why ',
  createdBy: 'me',
}

test('a whole draft has no problems and becomes what Alertmanager takes', () => {
  assert.deepEqual(draftProblems(draft, nowMs), {})
  assert.deepEqual(silenceOf({ ...draft, id: 'x' }), {
    id: 'x',
    matchers: draft.matchers,
    startsAt: '2026-01-31T12:00:00.000Z',
    endsAt: '2026-01-31T13:00:00.000Z',
    comment: 'why',
    createdBy: 'me',
  })
})

test('each problem stands at its field', () => {
  const matcher = { name: 'a', value: '', isEqual: true, isRegex: false }
  const fields = (changes: Partial<SilenceDraft>): string[] =>
    Object.keys(draftProblems({ ...draft, ...changes }, nowMs))
  assert.deepEqual(fields({ comment: ' ', createdBy: '' }), ['comment', 'createdBy'])
  assert.deepEqual(fields({ endsAt: draft.startsAt }), ['endsAt'])
  assert.deepEqual(fields({ startsAt: '', endsAt: '' }), ['startsAt', 'endsAt'])
  assert.deepEqual(fields({ matchers: [] }), ['matchers'])
  assert.deepEqual(fields({ matchers: [matcher] }), ['matchers'], 'matching only what is empty')
  assert.deepEqual(fields({ matchers: [{ ...matcher, value: '.*', isRegex: true }] }), ['matchers'])
  assert.deepEqual(fields({ matchers: [{ ...matcher, value: '(', isRegex: true }] }), ['matchers'])
  const past = { startsAt: toLocalText(nowMs - 7_200_000), endsAt: toLocalText(nowMs - 3_600_000) }
  assert.deepEqual(fields(past), ['endsAt'])
})

test('times of the date field go there and back', () => {
  assert.equal(fromLocalText(toLocalText(nowMs)), nowMs)
})

test('durations are typed short', () => {
  assert.deepEqual(['2h', '1d 12h', '45m', '', '2', 'h', '0m'].map(parseDuration), [
    7_200_000,
    129_600_000,
    2_700_000,
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})
