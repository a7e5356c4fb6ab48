export interface ServedRequest {
  readonly method: string
  /** The raw path or the fastify pattern (`/api/v1/label/:name/values`); `undefined` when nothing matched. */
  readonly route: string | undefined
  readonly status: number
  readonly seconds: number
}
