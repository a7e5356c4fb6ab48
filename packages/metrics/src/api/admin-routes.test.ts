import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeletionRequest } from '../storage/database.ts'
import { readSettings } from '../config/flags.ts'
import { MemorySource } from '../../test/support/memory-source.ts'
import { startApi } from '../../test/support/api-server.ts'

const ADMIN = '/api/v1/admin/tsdb/'

interface Calls {
  readonly deletions: DeletionRequest[]
  readonly snapshots: { name: string; skipHead: boolean }[]
  cleanings: number
}

async function withAdmin(
  isEnabled: boolean,
  use: (call: (path: string, init?: RequestInit) => Promise<string>, calls: Calls) => Promise<void>,
): Promise<void> {
  const calls: Calls = { deletions: [], snapshots: [], cleanings: 0 }
  const { server, url } = await startApi(new MemorySource(), {
    settings: { ...readSettings({}), enableAdminApi: isEnabled },
    admin: {
      deleteSeries: async (request) => void calls.deletions.push(request),
      cleanTombstones: async () => void calls.cleanings++,
      snapshot: async (name, { skipHead }) => {
        if (calls.snapshots.length === 2) throw new Error('no space left on device')
        calls.snapshots.push({ name, skipHead })
      },
    },
  })
  try {
    await use(async (path, init = {}) => {
      const response = await fetch(url + ADMIN + path, { method: 'POST', ...init })
      return `${response.status} ${await response.text()}`
    }, calls)
  } finally {
    await server.close()
  }
}

const error = (status: number, type: string, text: string): string =>
  `${status} {"status":"error","errorType":"${type}","error":${JSON.stringify(text)}}`

test('deletes what every match[] says, in the range given', async () => {
  await withAdmin(true, async (call, { deletions }) => {
    assert.equal(await call('delete_series?match[]=up&match[]={job="a"}&start=10&end=20.5'), '204 ')
    const body = new URLSearchParams({ 'match[]': 'down' })
    assert.equal(await call('delete_series', { method: 'PUT', body }), '204 ')
    const seen = deletions.map(({ matchers, minMs, maxMs }) => [
      matchers.map(({ name, op, value }) => name + op + value).join(),
      minMs,
      maxMs,
    ])
    assert.deepEqual(seen, [
      ['__name__=up', 10_000, 20_500],
      ['job=a', 10_000, 20_500],
      ['__name__=down', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    ])
  })
})

test("refuses in upstream's words", async () => {
  await withAdmin(true, async (call, calls) => {
    assert.equal(await call('delete_series'), error(400, 'bad_data', 'no match[] parameter provided'))
    const selector = 'invalid parameter "match[]": 1:4: parse error: unexpected end of input inside braces'
    assert.equal(await call('delete_series?match[]=up{'), error(400, 'bad_data', selector))
    const flag =
      'invalid parameter "skip_head": unable to parse boolean: strconv.ParseBool: parsing "yes": invalid syntax'
    assert.equal(await call('snapshot?skip_head=yes'), error(400, 'bad_data', flag))
    assert.match(await call('snapshot', { method: 'GET' }), /^405 /)
    assert.deepEqual([calls.deletions, calls.snapshots], [[], []])
  })
  await withAdmin(false, async (call, calls) => {
    for (const path of ['delete_series?match[]=up', 'clean_tombstones', 'snapshot'])
      assert.equal(await call(path), error(500, 'unavailable', 'admin APIs disabled'))
    assert.deepEqual(calls, { deletions: [], snapshots: [], cleanings: 0 })
  })
})

test('names snapshots, says why one failed, cleans tombstones', async () => {
  await withAdmin(true, async (call, calls) => {
    const answer = await call('snapshot')
    const name = /^200 \{"status":"success","data":\{"name":"(\d{8}T\d{6}Z-[0-9a-f]{16})"\}\}$/.exec(answer)?.[1]
    assert.match(await call('snapshot?skip_head=true'), /^200 /)
    assert.deepEqual(calls.snapshots[0], { name, skipHead: false })
    assert.equal(calls.snapshots[1].skipHead, true)
    assert.equal(await call('snapshot'), error(500, 'internal', 'create snapshot: no space left on device'))
    assert.equal(await call('clean_tombstones'), '204 ')
    assert.equal(calls.cleanings, 1)
  })
})
