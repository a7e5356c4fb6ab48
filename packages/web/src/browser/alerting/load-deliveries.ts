import { StoreClient } from '../datasources/store-client.ts'
import { deliveriesOf, type Delivery, type Series } from './deliveries.ts'

const window = '1h'

type VectorResponse = { readonly data: { readonly result: readonly Series[] } }

/**
 * Alertmanager's API does not tell how notifications went; its metrics do, by kind of integration.
 * @param uid of the Prometheus that scrapes it
 */
export async function loadDeliveries(uid: string, signal: AbortSignal): Promise<ReadonlyMap<string, Delivery>> {
  const client = new StoreClient(uid)
  const ask = async (metric: string, by: string): Promise<readonly Series[]> => {
    const query = `sum by (${by}) (increase(${metric}[${window}]))`
    return (await client.postForm<VectorResponse>('/api/v1/query', { query }, { signal })).data.result
  }
  const [sent, failed] = await Promise.all([
    ask('alertmanager_notifications_total', 'integration'),
    ask('alertmanager_notifications_failed_total', 'integration, reason'),
  ])
  return deliveriesOf(sent, failed)
}
