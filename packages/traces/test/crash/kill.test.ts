import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { it } from 'node:test'
import { temporaryDirectory } from '@quartet/runtime/testing'
import { requestOf, startTempo } from '../support/tempo.ts'

const ROUNDS = 6

if (process.argv[2] === 'serve') {
  const tempo = await startTempo(process.argv[3])
  process.send!({ api: tempo.api, http: tempo.http })
  process.on('disconnect', () => process.exit(0))
} else {
  it(
    'finds every acknowledged trace after kill -9 at random moments, blocks being cut meanwhile',
    { timeout: 60_000 },
    async () => {
      const directory = await temporaryDirectory()
      const acknowledged: string[] = []
      const seed = Date.now() % 1_000_000
      for (let round = 0; round < ROUNDS; round++) {
        const child = fork(import.meta.filename, ['serve', directory.path], { stdio: 'ignore' })
        const [{ api, http }] = (await once(child, 'message')) as [{ api: string; http: string }]
        const stopAfter = 5 + ((seed * (round + 7)) % 83)
        let sent = 0
        const worker = async (name: number): Promise<void> => {
          for (let index = 0; child.exitCode === null && child.signalCode === null; index++) {
            const trace = `${(round + 1).toString(16)}${name}${index.toString(16).padStart(6, '0')}`
            try {
              const response = await fetch(`${http}/v1/traces`, {
                method: 'POST',
                headers: { 'content-type': 'application/json' },
                body: JSON.stringify(requestOf({ trace, id: '1' })),
              })
              if (response.status === 200) acknowledged.push(trace)
            } catch {
              return // killed
            }
            if (++sent === stopAfter) child.kill('SIGKILL')
            if (sent % 20 === 10) void fetch(`${api}/flush`, { method: 'POST' }).catch(() => undefined)
          }
        }
        await Promise.all([worker(1), worker(2), worker(3)])
      }
      const tempo = await startTempo(directory.path)
      try {
        for (const trace of acknowledged) {
          assert.equal((await tempo.get(`/api/traces/${trace}`)).status, 200, `seed ${seed}: lost ${trace}`)
        }
        assert.ok(acknowledged.length > ROUNDS)
      } finally {
        await tempo.stop()
        await directory.remove()
      }
    },
  )
}
