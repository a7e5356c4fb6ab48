export interface Visit {
  readonly url: string
  readonly status: number
  readonly html: string
  /** Every address on the way here, the first one asked first. */
  readonly way: readonly string[]
}

const MAX_REDIRECTS = 15

/** A browser without a screen: keeps cookies per host, follows redirects across servers. */
export class Visitor {
  #cookies: { host: string; path: string; name: string; value: string }[] = []

  async visit(
    url: string,
    options: { method?: string; form?: Record<string, string>; until?: RegExp } = {},
  ): Promise<Visit> {
    const way: string[] = []
    let next = url
    let { method = 'GET', form } = options
    for (let hop = 0; hop < MAX_REDIRECTS; hop++) {
      way.push(next)
      if (options.until?.test(next)) return { url: next, status: 0, html: '', way }
      const response = await this.fetch(next, {
        method,
        headers: { accept: 'text/html', ...(form && { 'content-type': 'application/x-www-form-urlencoded' }) },
        ...(form && { body: new URLSearchParams(form).toString() }),
      })
      const location = response.headers.get('location')
      if (location === null || response.status < 300 || response.status > 399) {
        return { url: next, status: response.status, html: await response.text(), way }
      }
      await response.body?.cancel()
      next = new URL(location, next).href
      method = 'GET'
      form = undefined
    }
    throw new Error(`more than ${MAX_REDIRECTS} redirects: ${way.join(' → ')}`)
  }

  /** One request, with the cookies of its host and path. */
  async fetch(url: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    const cookie = this.#header(new URL(url))
    if (cookie !== '') headers.set('cookie', cookie)
    const response = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const header of response.headers.getSetCookie()) this.#keep(url, header)
    return response
  }

  async json<T>(url: string, init: RequestInit = {}): Promise<T> {
    const response = await this.fetch(url, { ...init, headers: { accept: 'application/json', ...init.headers } })
    return (await response.json()) as T
  }

  cookie(url: string, name: string): string | undefined {
    return this.#cookies.find((cookie) => cookie.host === new URL(url).host && cookie.name === name)?.value
  }

  setCookie(url: string, name: string, value: string): void {
    this.#keep(url, `${name}=${value}; path=/`)
  }

  forget(url: string, name: string): void {
    const { host } = new URL(url)
    this.#cookies = this.#cookies.filter((cookie) => cookie.host !== host || cookie.name !== name)
  }

  #header({ host, pathname }: URL): string {
    return this.#cookies
      .filter((cookie) => cookie.host === host && pathname.startsWith(cookie.path))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
  }

  #keep(url: string, header: string): void {
    const { host } = new URL(url)
    const [pair, ...attributes] = header.split(';')
    const separator = pair.indexOf('=')
    const [name, value] = [pair.slice(0, separator), pair.slice(separator + 1)]
    const path = /^\s*path=(.*)$/i.exec(attributes.find((attribute) => /^\s*path=/i.test(attribute)) ?? '')?.[1] ?? '/'
    this.#cookies = this.#cookies.filter(
      (cookie) => cookie.host !== host || cookie.name !== name || cookie.path !== path,
    )
    const isRemoved = attributes.some((attribute) => /^\s*max-age=0$/i.test(attribute) || /1970/.test(attribute))
    if (!isRemoved) this.#cookies.push({ host, path, name, value })
  }
}
