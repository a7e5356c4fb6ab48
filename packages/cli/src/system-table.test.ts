import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadSystem, SYSTEMS } from './system-table.ts'

for (const entry of SYSTEMS) {
  test(`the table agrees with what ${entry.module} says of itself`, async () => {
    const { name, aliases, heapLimitMb, flags } = await loadSystem(entry)
    assert.deepEqual({ name, heapLimitMb }, { name: entry.name, heapLimitMb: entry.heapLimitMb })
    for (const known of [entry.service, ...(entry.aliases ?? [])])
      assert.ok([name, ...aliases].includes(known), `${known} is not among ${aliases.join(', ')}`)
    assert.equal(new Set(flags.map((flag) => flag.name)).size, flags.length, 'a flag is defined twice')
  })
}

test('an entry without a system is told apart from one that fails', async () => {
  const module = new URL('./version.ts', import.meta.url).href
  await assert.rejects(loadSystem({ name: 'x', module }), /exports no system/)
})
