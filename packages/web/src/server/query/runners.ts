import type { QueryRunner } from './data-query.ts'
import { queryLoki } from './loki.ts'
import { queryPrometheus } from './prometheus.ts'
import { queryTempo } from './tempo.ts'

/** One line per type of data source. */
export const QUERY_RUNNERS: Readonly<Record<string, QueryRunner>> = {
  prometheus: queryPrometheus,
  loki: queryLoki,
  tempo: queryTempo,
}
