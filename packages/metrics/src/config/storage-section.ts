import { z } from 'zod'
import { bytes, duration, section } from './fields.ts'

/** `storage`: what can be changed while running. */
export const storageSection = section('config.StorageConfig', {
  tsdb: section('config.plain', {
    out_of_order_time_window: duration.default(0),
    stale_series_compaction_threshold: z.number().optional(),
    retention: section('config.TSDBRetentionConfig', {
      time: duration.optional(),
      size: bytes.optional(),
      percentage: z.number().optional(),
    }).optional(),
  }).optional(),
  exemplars: section('config.ExemplarsConfig', { max_exemplars: z.number().int().default(100_000) }).optional(),
})
