/** The tenant of a Loki that knows no tenants. */
export const SINGLE_TENANT = 'fake'
