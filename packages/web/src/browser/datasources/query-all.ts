import type { DataFrame, DataQuery, DataQueryError, DataQueryRequest, DataQueryResponse } from '@grafana/data'
import { Observable } from 'rxjs'
import { queryErrorOf } from '../grafana/run-request.ts'

/**
 * Runs every shown target of a request side by side. One failing target does not take the others down: its error is
 * reported beside their frames. Unsubscribing aborts what is still under way.
 */
export function queryAll<Q extends DataQuery>(
  request: DataQueryRequest<Q>,
  queryOne: (target: Q, signal: AbortSignal) => Promise<DataFrame[]>,
): Observable<DataQueryResponse> {
  return new Observable((subscriber) => {
    const controller = new AbortController()
    const errors: DataQueryError[] = []
    const answers = request.targets
      .filter((target) => target.hide !== true)
      .map((target) =>
        queryOne(target, controller.signal).catch((thrown: unknown): DataFrame[] => {
          errors.push(queryErrorOf(thrown, target.refId))
          return []
        }),
      )
    Promise.all(answers).then(
      (frames) => {
        if (controller.signal.aborted) return
        subscriber.next({ data: frames.flat(), ...(errors.length > 0 ? { errors } : {}) })
        subscriber.complete()
      },
      (thrown: unknown) => subscriber.error(thrown),
    )
    return () => controller.abort()
  })
}
