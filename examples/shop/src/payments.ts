import { setTimeout as sleep } from 'node:timers/promises'
import { metrics, SpanKind } from '@opentelemetry/api'
import type { Route } from './http-server.ts'
import type { ServiceSetup } from './service-setup.ts'
import { inSpan } from './work.ts'

const SCOPE = 'shop.payments'

interface Charge {
  readonly id: string
  readonly amount: number
  readonly method: string
}

/** Charges customers. Some cards are declined, sometimes the gateway is slow, and sometimes it is away. */
export function paymentRoutes({ random, journal, isGatewayDown }: ServiceSetup): readonly Route[] {
  const charges = metrics.getMeter(SCOPE).createCounter('shop.payments', {
    description: 'Payments tried, by outcome.',
    unit: '{payment}',
  })

  const checkFraud = (charge: Charge): Promise<boolean> =>
    inSpan(SCOPE, 'check fraud', { attributes: { 'shop.order.amount': charge.amount } }, async (span) => {
      await sleep(random.latencyMs(5))
      const isSuspicious = random.chance(0.04)
      span.setAttribute('shop.fraud.suspicious', isSuspicious)
      return !isSuspicious
    })

  const askGateway = (charge: Charge): Promise<void> => {
    const attributes = { 'shop.payment.method': charge.method, 'server.address': 'gateway.example' }
    return inSpan(SCOPE, 'charge card', { kind: SpanKind.CLIENT, attributes }, async (span) => {
      if (random.chance(0.03)) {
        const pauseMs = random.between(900, 2400)
        span.addEvent('gateway is busy, waiting', { 'wait.ms': Math.round(pauseMs) })
        journal.warn(`the payment gateway is slow for order ${charge.id}`, { 'shop.order.id': charge.id })
        await sleep(pauseMs)
      }
      await sleep(random.latencyMs(25))
      if (isGatewayDown() || random.chance(0.04))
        throw new GatewayTimeout(`the payment gateway did not answer for order ${charge.id}`)
    })
  }

  return [
    {
      method: 'POST',
      path: '/charge',
      async handle({ body }) {
        const charge = body as Charge
        if (!(await checkFraud(charge))) {
          charges.add(1, { 'shop.payment.method': charge.method, outcome: 'declined' })
          journal.warn(`payment of order ${charge.id} declined`, { 'shop.order.id': charge.id })
          return { status: 402, body: { message: 'declined' } }
        }
        try {
          await askGateway(charge)
        } catch (error) {
          charges.add(1, { 'shop.payment.method': charge.method, outcome: 'failed' })
          throw error
        }
        charges.add(1, { 'shop.payment.method': charge.method, outcome: 'charged' })
        return { status: 200, body: { id: charge.id } }
      },
    },
  ]
}

class GatewayTimeout extends Error {
  override readonly name = 'GatewayTimeout'
}
