import { body, required, type, withoutEffect } from '../graph/index.ts'

/** `clustering` of components that share their targets with other collectors. */
export const clusteringSchema = body({
  enabled: withoutEffect(required(type.bool), 'every collector works for itself', false),
})
