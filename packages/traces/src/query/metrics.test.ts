import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { requestOf, withTempo } from '../../test/support/tempo.ts'
import type { Json } from '../../test/support/tempo.ts'

const START = 1_700_000_040 // a multiple of a minute

describe('TraceQL metrics', () => {
  it('counts, aggregates and ranks matching spans over time', async () => {
    await withTempo(async (tempo) => {
      const at = (second: number, service: string, durationMs: number, id: number): Json => ({
        trace: `${id}`,
        id: `${id}`,
        service,
        startMs: (START + second) * 1000,
        durationMs,
      })
      await tempo.send(
        requestOf(at(10, 'a', 100, 1), at(20, 'a', 300, 2), at(30, 'b', 800, 3), at(70, 'a', 50, 4), at(-5, 'a', 1, 5)),
      )
      const query = async (q: string, extra = ''): Promise<Json> => {
        const range = `start=${START}&end=${START + 120}&step=60s`
        return (await tempo.json(`/api/metrics/query_range?${range}&q=${encodeURIComponent(q)}${extra}`)).series
      }
      const ends = [`${(START + 60) * 1000}`, `${(START + 120) * 1000}`]
      assert.deepEqual(await query('{} | rate()'), [
        {
          labels: [{ key: '__name__', value: { stringValue: 'rate' } }],
          samples: [
            { timestampMs: ends[0], value: 3 / 60 },
            { timestampMs: ends[1], value: 1 / 60 },
          ],
        },
      ])
      const byService = await query('{} | count_over_time() by (resource.service.name)')
      assert.deepEqual(byService[1], {
        labels: [{ key: 'resource.service.name', value: { stringValue: 'b' } }],
        samples: [{ timestampMs: ends[0], value: 1 }, { timestampMs: ends[1] }],
      })
      const value = async (q: string): Promise<number[]> =>
        (await query(q))[0].samples.map((sample: Json) => sample.value)
      assert.deepEqual(await value('{} | max_over_time(duration)'), [0.8, 0.05])
      assert.deepEqual(await value('{} | min_over_time(duration)'), [0.1, 0.05])
      assert.deepEqual(await value('{ resource.service.name = "a" } | avg_over_time(duration)'), [0.2, 0.05])
      assert.deepEqual(await value('{ trace:duration > 200ms } | count_over_time()'), [2, undefined])
      const [median] = await query('{} | quantile_over_time(duration, .5)')
      assert.deepEqual(median.labels, [{ key: 'p', value: { doubleValue: 0.5 } }])
      assert.ok(median.samples[0].value > 0.25 && median.samples[0].value <= 0.5)
      const top = await query('{} | count_over_time() by (resource.service.name) | topk(1)')
      assert.equal(top.length, 1)
      const instant = await tempo.json(
        `/api/metrics/query?start=${START}&end=${START + 120}&step=60s&q=${encodeURIComponent('{} | count_over_time()')}`,
      )
      assert.equal(instant.series[0].value, 4)
      assert.equal((await tempo.get('/api/metrics/query_range?q=%7B%7D')).status, 400)
    })
  })
})
