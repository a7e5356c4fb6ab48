import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { promisify } from 'node:util'

test('servers and clients run without undici', async () => {
  const frontDoor = fileURLToPath(new URL('../index.ts', import.meta.url))
  const script = `
    import { createHttpServer, createSelfMetrics, HttpClient, silentLogger, systemClock } from ${JSON.stringify(frontDoor)}
    const metrics = createSelfMetrics({ clock: systemClock })
    const options = { name: 'x', host: '127.0.0.1', port: 0, portFlag: 'x', logger: silentLogger, metrics }
    const server = createHttpServer(options)
    server.api.post('/', async () => 'x')
    const { url } = await server.listen()
    const client = new HttpClient()
    const { status } = await client.post(url, { headers: {}, body: Buffer.from('x'), timeoutMs: 5000 })
    client.close()
    await server.close()
    console.log(status, process.moduleLoadList.some((name) => name.includes('undici')))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script])
  assert.equal(stdout.trim(), '200 false')
})
