import { createServer } from 'node:http'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeContent } from '@quartet/runtime'

export interface ReceivedRequest {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** Decompressed. */
  readonly body: Buffer
}

/** An HTTP store on loopback that keeps what it gets. `answer` decides about each request; 200 when it does nothing. */
export async function startFakeStore(
  answer: (request: ReceivedRequest, response: ServerResponse) => void = () => undefined,
): Promise<{
  readonly url: string
  readonly received: ReceivedRequest[]
  close(): Promise<void>
}> {
  const received: ReceivedRequest[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      const encoding = request.headers['content-encoding']
      const raw = Buffer.concat(chunks)
      const body = encoding ? await decodeContent(raw, encoding, 1e8) : raw
      const kept = { path: request.url ?? '', headers: request.headers, body }
      received.push(kept)
      answer(kept, response)
      if (!response.writableEnded) response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
