import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ApiContext } from './context.ts'
import { rfc3339 } from './metadata-routes.ts'
import type { Reply } from './reply.ts'

const RELOAD_FAILED = 'Configuration reload has failed.'
/** `--web.max-notifications-subscribers` of upstream. */
const MAX_SUBSCRIBERS = 16
const LOOK_MS = 1000

export interface Notification {
  readonly text: string
  readonly date: string
  readonly active: boolean
}

/** What people should know about this server. */
export function activeNotifications({ lastReload }: ApiContext): Notification[] {
  const { isSuccessful, failedMs } = lastReload()
  return isSuccessful ? [] : [{ text: RELOAD_FAILED, date: rfc3339(failedMs ?? 0), active: true }]
}

export function notifications(context: ApiContext): Reply {
  return { data: activeNotifications(context) }
}

let subscribers = 0

/** Server-sent events: the notifications that there are, then every one that comes or goes. */
export function liveNotifications(context: ApiContext, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (subscribers >= MAX_SUBSCRIBERS) return reply.code(204).send()
  subscribers++
  reply.hijack()
  const { raw } = reply
  raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', connection: 'keep-alive' })
  raw.flushHeaders()
  let shown = new Map<string, Notification>()
  const send = (notification: Notification): void => void raw.write(`data: ${JSON.stringify(notification)}\n\n`)
  const look = (): void => {
    const current = new Map(activeNotifications(context).map((one) => [one.text, one]))
    for (const [text, one] of current) if (!shown.has(text)) send(one)
    for (const [text, one] of shown) if (!current.has(text)) send({ ...one, active: false })
    shown = current
  }
  look()
  const timer = context.clock.every(LOOK_MS, look)
  request.raw.on('close', () => {
    timer.cancel()
    subscribers--
  })
  return reply
}
