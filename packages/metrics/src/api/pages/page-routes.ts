import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ApiContext } from '../context.ts'
import { Parameters } from '../parameters.ts'
import type { PageContent, PagePath } from './frame.ts'

type Page = (context: ApiContext, parameters: Parameters, request: FastifyRequest) => PageContent | Promise<PageContent>

/** Loaded when somebody looks: most servers are never visited. */
const PAGES: Readonly<Record<PagePath, () => Promise<Page>>> = {
  query: async () => (await import('./query-page.ts')).queryPage,
  alerts: async () => (await import('./alerts-page.ts')).alertsPage,
  rules: async () => (await import('./rules-page.ts')).rulesPage,
  targets: async () => (await import('./targets-page.ts')).targetsPage,
  'service-discovery': async () => (await import('./discovery-page.ts')).discoveryPage,
  'tsdb-status': async () => (await import('./tsdb-page.ts')).tsdbPage,
  status: async () => (await import('./status-page.ts')).statusPage,
  flags: async () => (await import('./flags-page.ts')).flagsPage,
  config: async () => (await import('./config-page.ts')).configPage,
}

/** The pages for people. They only read. */
export function addPages(api: FastifyInstance, context: ApiContext): void {
  const serve = (url: string, path: PagePath): void => {
    api.get(url, async (request, reply) => {
      const [page, { answerPage }] = await Promise.all([PAGES[path](), import('./frame.ts')])
      return answerPage(reply, context, path, await page(context, Parameters.of(request), request))
    })
  }
  for (const path of Object.keys(PAGES) as PagePath[]) serve(`/${path}`, path)
  // Where links of notifications lead to.
  serve('/graph', 'query')
  api.get('/', (_request, reply) => reply.redirect('query'))
}
