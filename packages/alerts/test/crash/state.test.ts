import { FaultyFileSystem, seededRandom } from '@quartet/storage/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NotificationLog } from '../../src/storage/notification-log.ts'
import { Silences } from '../../src/storage/silences.ts'

const timerless = () => ({ cancel() {} })

function silencesOptions(fileSystem: FaultyFileSystem, nowMs: () => number, problems: string[] = []) {
  return {
    fileSystem,
    directory: '/data/silences',
    nowMs,
    every: timerless,
    retentionMs: 3_600_000,
    maxSilences: 0,
    maxSilenceBytes: 0,
    mode: 'fallback',
    onProblem: ({ message }: { message: string }) => void problems.push(message),
  } as const
}

test('every acknowledged silence is there after kill -9, through rewrites of the log', async () => {
  const seed = 7
  const random = seededRandom(seed)
  let nowMs = 1_700_000_000_000
  let fileSystem = new FaultyFileSystem({ seed })
  const expected = new Map<string, number>()
  for (let round = 0; round < 4; round++) {
    const silences = await Silences.open(silencesOptions(fileSystem, () => nowMs))
    const shown = new Map(silences.list().map(({ endsAtMs, id }) => [id, endsAtMs]))
    for (const [id, endsAtMs] of expected) assert.equal(shown.get(id), endsAtMs, `seed ${seed} round ${round}`)
    for (let count = 0; count < 40; count++) {
      nowMs += 1000
      const known = [...expected.keys()]
      const id = known.length > 0 && random.below(2) === 0 ? known[random.below(known.length)] : ''
      const old = id === '' ? undefined : silences.get(id)
      const endsAtMs = nowMs + 1_000_000 + random.below(100_000)
      const set = await silences.set({
        id,
        // Large, so that the log is rewritten.
        matchers: old?.matchers ?? [{ name: 'a', type: '=', value: 'x'.repeat(20_000) }],
        startsAtMs: old?.startsAtMs ?? nowMs,
        endsAtMs,
        createdBy: 'me',
        comment: '',
      })
      expected.set(set, endsAtMs)
      if (count % 10 === 9) await silences.maintain()
    }
    fileSystem = fileSystem.crash('keep')
  }
})

test('the notification log survives kill -9 and forgets what has expired', async () => {
  let nowMs = 1_700_000_000_000
  let fileSystem = new FaultyFileSystem({ seed: 3 })
  const open = () =>
    NotificationLog.open({
      fileSystem,
      directory: '/data/nflog',
      nowMs: () => nowMs,
      every: timerless,
      retentionMs: 3_600_000,
      onProblem: ({ message }) => assert.fail(message),
    })
  const key = { groupKey: '{}:{a="b"}', receiver: 'r', integration: 'webhook', index: 0 }
  const first = await open()
  await first.record(key, { firing: ['1'], resolved: [], expiryMs: 60_000 })
  await first.record({ ...key, index: 1 }, { firing: ['2'], resolved: ['3'], expiryMs: 0 })
  fileSystem = fileSystem.crash('keep')
  nowMs += 61_000
  const second = await open()
  assert.equal(second.find(key), undefined)
  assert.deepEqual(second.find({ ...key, index: 1 })?.resolved, ['3'])
})

test('a full disk refuses the silence and leaves the others as they were', async () => {
  const fileSystem = new FaultyFileSystem({ seed: 1, capacityBytes: 3000 })
  const silences = await Silences.open(silencesOptions(fileSystem, () => 1_700_000_000_000))
  const draft = {
    id: '',
    startsAtMs: undefined,
    endsAtMs: 1_800_000_000_000,
    createdBy: 'me',
    comment: '',
  }
  const id = await silences.set({ ...draft, matchers: [{ name: 'a', type: '=', value: 'b' }] })
  await assert.rejects(
    silences.set({ ...draft, matchers: [{ name: 'a', type: '=', value: 'x'.repeat(5000) }] }),
    /write-ahead log cannot be written/,
  )
  assert.deepEqual(
    silences.list().map((silence) => silence.id),
    [id],
  )
})
