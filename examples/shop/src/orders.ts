import { metrics } from '@opentelemetry/api'
import type { Route } from './http-server.ts'
import type { ServiceSetup } from './service-setup.ts'
import { inSpan, queryDatabase } from './work.ts'

const SCOPE = 'shop.orders'
/** Orders that can be asked for again; older ones are forgotten. */
const MAX_ORDERS = 1000

interface OrderRequest {
  readonly product: string
  readonly quantity: number
  readonly paymentMethod: string
}

/** Takes orders: reserves stock, has the payment made, stores the order. */
export function orderRoutes({ random, call, peers, journal }: ServiceSetup): readonly Route[] {
  const meter = metrics.getMeter(SCOPE)
  const placed = meter.createCounter('shop.orders.placed', { description: 'Orders placed.', unit: '{order}' })
  const value = meter.createHistogram('shop.order.value', {
    description: 'Value of placed orders.',
    unit: 'EUR',
    advice: { explicitBucketBoundaries: [5, 10, 20, 50, 100, 200, 500] },
  })
  const stock = new Map<string, number>()
  meter
    .createObservableGauge('shop.stock.level', { description: 'Items in stock.', unit: '{item}' })
    .addCallback((result) => {
      for (const [product, level] of stock) result.observe(level, { 'shop.product': product })
    })
  const orders = new Map<string, object>()

  const reserve = (order: OrderRequest): Promise<boolean> =>
    inSpan(SCOPE, 'reserve stock', { attributes: { 'shop.product': order.product } }, async (span) => {
      await queryDatabase(SCOPE, UPDATE_STOCK, random.latencyMs(4))
      const level = (stock.get(order.product) ?? 200) - order.quantity
      // Sold out: the next delivery arrives at once, so that the demo never runs dry.
      stock.set(order.product, level < 0 ? 200 : level)
      span.setAttribute('shop.stock.level', level)
      if (level < 0) span.addEvent('sold out', { 'shop.product': order.product })
      return level >= 0
    })

  return [
    {
      method: 'POST',
      path: '/orders',
      async handle({ body }) {
        const order = body as OrderRequest
        if (!(await reserve(order))) {
          journal.warn(`${order.product} is sold out`, { 'shop.product': order.product })
          return { status: 409, body: { message: 'sold out' } }
        }
        const id = Math.floor(random.next() * 2 ** 32)
          .toString(16)
          .padStart(8, '0')
        const amount = Math.round(order.quantity * random.between(4, 60) * 100) / 100
        const payment = await call('POST', `${peers.payments}/charge`, { id, amount, method: order.paymentMethod })
        if (payment.status >= 500) throw new PaymentUnavailable(`payment of order ${id} got ${payment.status}`)
        if (payment.status >= 400) return { status: 402, body: { message: 'payment declined', id } }
        await queryDatabase(SCOPE, INSERT_ORDER, random.latencyMs(6))
        orders.set(id, { id, ...order, amount })
        if (orders.size > MAX_ORDERS) orders.delete(orders.keys().next().value as string)
        placed.add(1, { 'shop.payment.method': order.paymentMethod })
        value.record(amount, { 'shop.payment.method': order.paymentMethod })
        journal.info(`order ${id} placed for ${amount.toFixed(2)} EUR`, {
          'shop.order.id': id,
          'shop.order.amount': amount,
          'shop.product': order.product,
        })
        return { status: 201, body: { id, amount } }
      },
    },
    {
      method: 'GET',
      path: '/orders/{id}',
      async handle({ params }) {
        await queryDatabase(SCOPE, SELECT_ORDER, random.latencyMs(4))
        const order = orders.get(params.id)
        return order === undefined ? { status: 404, body: { message: 'no such order' } } : { status: 200, body: order }
      },
    },
  ]
}

class PaymentUnavailable extends Error {
  override readonly name = 'PaymentUnavailable'
}

const UPDATE_STOCK = {
  operation: 'UPDATE',
  table: 'stock',
  text: 'UPDATE stock SET level = level - $1 WHERE product = $2 RETURNING level',
}
const INSERT_ORDER = {
  operation: 'INSERT',
  table: 'orders',
  text: 'INSERT INTO orders (id, product, quantity, amount) VALUES ($1, $2, $3, $4)',
}
const SELECT_ORDER = { operation: 'SELECT', table: 'orders', text: 'SELECT * FROM orders WHERE id = $1' }
