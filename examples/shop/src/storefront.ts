import { metrics } from '@opentelemetry/api'
import type { Answer, Route } from './http-server.ts'
import type { ServiceSetup } from './service-setup.ts'
import { inSpan, queryDatabase } from './work.ts'

const SCOPE = 'shop.storefront'
const PRODUCTS = ['kettle', 'teapot', 'oolong', 'sencha', 'strainer', 'mug'] as const

/** What customers see: pages of products and the checkout. */
export function storefrontRoutes({ random, call, peers, journal }: ServiceSetup): readonly Route[] {
  const views = metrics.getMeter(SCOPE).createCounter('shop.product.views', {
    description: 'Product pages shown.',
    unit: '{view}',
  })
  const page = (template: string): Promise<void> =>
    inSpan(SCOPE, `render ${template}`, { attributes: { 'view.template': template } }, async () => {
      await queryDatabase(SCOPE, SELECT_PRODUCTS, random.latencyMs(3))
    })

  return [
    {
      method: 'GET',
      path: '/',
      async handle() {
        await page('home')
        return { status: 200, body: { products: PRODUCTS } }
      },
    },
    {
      method: 'GET',
      path: '/products/{product}',
      async handle({ params }) {
        if (!PRODUCTS.some((name) => name === params.product)) {
          journal.warn(`no such product: ${params.product}`, { 'shop.product': params.product })
          return { status: 404, body: { message: 'no such product' } }
        }
        views.add(1, { 'shop.product': params.product })
        await page('product')
        return { status: 200, body: { product: params.product } }
      },
    },
    {
      method: 'POST',
      path: '/checkout',
      async handle({ body }): Promise<Answer> {
        await page('checkout')
        const answer = await call('POST', `${peers.orders}/orders`, body)
        if (answer.status >= 500) return { status: 502, body: { message: 'the order could not be placed' } }
        return answer
      },
    },
    {
      method: 'GET',
      path: '/orders/{id}',
      handle: ({ params }) => call('GET', `${peers.orders}/orders/${encodeURIComponent(params.id)}`),
    },
  ]
}

const SELECT_PRODUCTS = {
  operation: 'SELECT',
  table: 'products',
  text: 'SELECT id, name, price FROM products WHERE visible ORDER BY rank LIMIT 24',
}
