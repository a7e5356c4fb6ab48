import { sanitizeLabelName } from '../config/generator-config.ts'
import type { ServiceGraphsConfig } from '../config/generator-config.ts'
import { AttributeFinder } from './attribute-finder.ts'
import { EdgeStore, NO_EDGE } from './edge-store.ts'
import { HistogramColumn, ValueColumn } from './metric-column.ts'
import type { Observation } from './metric-column.ts'
import { NO_ROW } from './metric-group.ts'
import type { MetricGroup } from './metric-group.ts'
import type { Processor, ProcessorServices } from './processor.ts'
import type { SpanBatch } from './span-batch.ts'
import { SpanFilter } from './span-filter.ts'
import { NO_TEXT } from './text-pool.ts'

const SERVER = 2
const CLIENT = 3
const PRODUCER = 4
const CONSUMER = 5
const ERROR_STATUS = 2
const TRACE_ID_BYTES = 16

const CONNECTIONS = ['', 'messaging_system', 'database', 'virtual_node']
const DIRECT = 0
const MESSAGING = 1
const DATABASE = 2
const VIRTUAL = 3

const VIRTUAL_NODE = 'virtual_node'
/** Name of whoever called a root span, when nothing tells. */
const USER = 'user'

const DATABASE_PLACES = ['peer.service', 'server.address', 'network.peer.address', 'network.peer.port']

/** Totals that the processor adds to. */
export interface ServiceGraphCounters {
  readonly edges: { total: number }
  readonly droppedSpans: { total: number }
  readonly expiredEdges: { total: number }
}

/**
 * Tempo's service-graphs processor: pairs the client's and the server's span of each request and counts them by client, server
 * and kind of connection. A side that is missing after `wait` becomes a virtual node when something tells its name.
 * Source: Tempo 2.9, "Service graphs".
 */
export class ServiceGraphs implements Processor {
  readonly name = 'service-graphs'
  readonly groups: readonly MetricGroup[]
  readonly #config: ServiceGraphsConfig
  readonly #services: ProcessorServices
  readonly #counters: ServiceGraphCounters
  readonly #edges: EdgeStore
  readonly #group: MetricGroup
  readonly #total: ValueColumn
  readonly #failed: ValueColumn
  readonly #serverSeconds: HistogramColumn
  readonly #clientSeconds: HistogramColumn
  readonly #messagingSeconds: HistogramColumn
  readonly #filter: SpanFilter
  readonly #identity = new AttributeFinder(['service.name'])
  /** Everything that is looked for in resource and span. */
  readonly #ofResource: AttributeFinder
  readonly #ofSpan: AttributeFinder
  readonly #resourceTexts: Uint32Array
  readonly #dimensionKeys: readonly number[]
  readonly #peerKeys: readonly number[]
  readonly #databaseKeys: readonly number[]
  readonly #placeKeys: readonly number[]
  readonly #multiplierKey: number
  /** Where the label virtual_node is in an edge's dimensions; -1 without. */
  readonly #virtualAt: number
  /** Dimensions per side; the server's follow the client's when they are kept apart. */
  readonly #sideSize: number
  #service = NO_TEXT
  #hasService = false
  readonly #ids = { traceStart: 0, traceEnd: 0, spanStart: 0, spanEnd: 0 }
  readonly #observation: Observation = {
    multiplier: 1,
    nowMs: 0,
    traceId: new Uint8Array(0),
    traceIdStart: 0,
    traceIdEnd: 16,
  }

  constructor(config: ServiceGraphsConfig, services: ProcessorServices, counters: ServiceGraphCounters) {
    const { limit, traceIdLabel } = services
    this.#config = config
    this.#services = services
    this.#counters = counters
    this.#filter = new SpanFilter(config.policies)
    const { databaseNameAttributes, dimensions, multiplierKey, peerAttributes } = config
    const keys = [...dimensions, ...peerAttributes, ...databaseNameAttributes, ...DATABASE_PLACES]
    if (multiplierKey !== '') keys.push(multiplierKey)
    this.#ofResource = new AttributeFinder(keys)
    this.#ofSpan = new AttributeFinder(keys)
    const at = (key: string): number => this.#ofSpan.indexOf(key)
    this.#dimensionKeys = dimensions.map(at)
    this.#peerKeys = peerAttributes.map(at)
    this.#databaseKeys = databaseNameAttributes.map(at)
    this.#placeKeys = DATABASE_PLACES.map(at)
    this.#multiplierKey = multiplierKey === '' ? -1 : at(multiplierKey)
    this.#resourceTexts = new Uint32Array(this.#ofSpan.keys.length)
    this.#sideSize = dimensions.length
    const size = dimensions.length * (config.clientServerPrefix ? 2 : 1)
    this.#virtualAt = config.virtualNodeLabel ? size : -1
    this.#edges = new EdgeStore(config.maxItems, size + (config.virtualNodeLabel ? 1 : 0))
    const histogram = (name: string): HistogramColumn =>
      new HistogramColumn(`traces_service_graph_request_${name}`, limit, { buckets: config.buckets, traceIdLabel })
    this.#total = new ValueColumn('traces_service_graph_request_total', limit)
    this.#failed = new ValueColumn('traces_service_graph_request_failed_total', limit)
    this.#serverSeconds = histogram('server_seconds')
    this.#clientSeconds = histogram('client_seconds')
    this.#messagingSeconds = histogram('messaging_system_seconds')
    const columns = [this.#total, this.#failed, this.#serverSeconds, this.#clientSeconds, this.#messagingSeconds]
    this.#group = services.newGroup(labelNames(config), columns, () => this.#discard('invalid_utf8'))
    this.groups = [this.#group]
  }

  /** Edges that wait for their other side. */
  get waiting(): number {
    return this.#edges.count
  }

  enterResource(batch: SpanBatch): void {
    batch.findInResource(this.#identity)
    this.#hasService = this.#identity.found[0] >= 0
    if (!this.#hasService) return
    this.#service = batch.resourceText(this.#identity.found[0])
    this.#filter.enterResource(batch)
    batch.findInResource(this.#ofResource)
    for (const [key, index] of this.#ofResource.found.entries()) this.#resourceTexts[key] = batch.resourceText(index)
  }

  span(batch: SpanBatch): void {
    const kind = batch.columns.kind[batch.row]
    const isClient = kind === CLIENT || kind === PRODUCER
    const isServer = kind === SERVER || kind === CONSUMER
    if (!this.#hasService || (!isClient && !isServer)) return
    if (!this.#filter.passes(batch)) return this.#discard('service_graphs_filtered')
    const edge = this.#edgeOf(batch, isClient)
    if (edge === NO_EDGE) {
      this.#counters.droppedSpans.total++
      return
    }
    const isNew = this.#edges.isNew
    // A server's attributes matter when its client will not come, or for dimensions.
    const isPlain = isServer && !this.#edges.isRoot(edge) && this.#sideSize === 0 && this.#multiplierKey < 0
    if (isPlain) this.#ofSpan.found.fill(-1)
    else batch.findInSpan(this.#ofSpan)
    this.#edges.connection[edge] = kind === PRODUCER || kind === CONSUMER ? MESSAGING : DIRECT
    if (isClient) this.#addClient(batch, edge)
    else this.#addServer(batch, edge)
    this.#addCommon(batch, edge, isClient ? 0 : this.#sideSize)
    if (isNew) this.#counters.edges.total++
    if (this.#edges.client[edge] === NO_TEXT || this.#edges.server[edge] === NO_TEXT) return
    this.#complete(edge, batch.nowMs)
    this.#edges.remove(edge)
  }

  tick(nowMs: number): void {
    for (let edge = this.#edges.expired(nowMs); edge !== NO_EDGE; edge = this.#edges.expired(nowMs)) {
      this.#expire(edge, nowMs)
      this.#edges.remove(edge)
    }
  }

  moveTexts(move: (id: number) => number): void {
    this.#edges.moveTexts(move)
  }

  #edgeOf({ columns, nowMs, row }: SpanBatch, isClient: boolean): number {
    const ids = this.#ids
    ids.traceStart = columns.traceIdStart[row]
    ids.traceEnd = columns.traceIdEnd[row]
    ids.spanStart = isClient ? columns.spanIdStart[row] : columns.parentIdStart[row]
    ids.spanEnd = isClient ? columns.spanIdEnd[row] : columns.parentIdEnd[row]
    return this.#edges.upsert(columns.bytes, ids, nowMs + this.#config.waitMs)
  }

  #addClient(batch: SpanBatch, edge: number): void {
    const { columns, row, seconds } = batch
    const edges = this.#edges
    edges.client[edge] = this.#service
    edges.clientSeconds[edge] = seconds
    edges.clientEnd[2 * edge] = columns.endLow[row]
    edges.clientEnd[2 * edge + 1] = columns.endHigh[row]
    const database = this.#firstFound(this.#databaseKeys)
    if (database < 0) return
    // A database sends no spans: the client's tells everything.
    edges.connection[edge] = DATABASE
    edges.serverSeconds[edge] = seconds
    const name = this.#databaseName(batch, database)
    if (name !== NO_TEXT) edges.server[edge] = name
  }

  #addServer({ columns, row, seconds }: SpanBatch, edge: number): void {
    const edges = this.#edges
    edges.server[edge] = this.#service
    edges.serverSeconds[edge] = seconds
    edges.serverStart[2 * edge] = columns.startLow[row]
    edges.serverStart[2 * edge + 1] = columns.startHigh[row]
  }

  #addCommon(batch: SpanBatch, edge: number, side: number): void {
    const edges = this.#edges
    if (batch.columns.status[batch.row] === ERROR_STATUS) edges.isFailed[edge] = 1
    const key = this.#multiplierKey
    edges.multiplier[edge] = key < 0 ? 1 : batch.multiplier(this.#ofSpan.found[key], this.#ofResource.found[key])
    for (const peer of this.#peerKeys) {
      if (this.#ofSpan.found[peer] < 0) continue
      edges.peer[edge] = batch.spanText(this.#ofSpan.found[peer])
      break
    }
    const width = this.#sideSize * (this.#config.clientServerPrefix ? 2 : 1) + (this.#virtualAt < 0 ? 0 : 1)
    const start = edge * width + (this.#config.clientServerPrefix ? side : 0)
    for (const [index, dimension] of this.#dimensionKeys.entries()) {
      if (this.#has(dimension)) edges.dimensions[start + index] = this.#valueOf(batch, dimension)
    }
  }

  #databaseName(batch: SpanBatch, database: number): number {
    const [service, address, host, port] = this.#placeKeys
    for (const key of [service, address]) if (this.#has(key)) return this.#valueOf(batch, key)
    if (!this.#has(host)) return this.#valueOf(batch, database)
    if (!this.#has(port)) return this.#valueOf(batch, host)
    const { pool } = batch
    return pool.internText(`${pool.text(this.#valueOf(batch, host))}:${pool.text(this.#valueOf(batch, port))}`)
  }

  #firstFound(keys: readonly number[]): number {
    for (const key of keys) if (this.#has(key)) return key
    return -1
  }

  #has(key: number): boolean {
    return this.#ofResource.found[key] >= 0 || this.#ofSpan.found[key] >= 0
  }

  #valueOf(batch: SpanBatch, key: number): number {
    return this.#ofResource.found[key] >= 0 ? this.#resourceTexts[key] : batch.spanText(this.#ofSpan.found[key])
  }

  #expire(edge: number, nowMs: number): void {
    const edges = this.#edges
    const { pool } = this.#services
    let missing: string
    if (edges.client[edge] === NO_TEXT && edges.isRoot(edge)) {
      edges.client[edge] = edges.peer[edge] === NO_TEXT ? pool.internText(USER) : edges.peer[edge]
      missing = 'client'
    } else if (edges.client[edge] !== NO_TEXT && edges.server[edge] === NO_TEXT && edges.peer[edge] !== NO_TEXT) {
      edges.server[edge] = edges.peer[edge]
      missing = 'server'
    } else {
      this.#counters.expiredEdges.total++
      return
    }
    edges.connection[edge] = VIRTUAL
    if (this.#virtualAt >= 0) {
      edges.dimensions[edge * (this.#virtualAt + 1) + this.#virtualAt] = pool.internText(missing)
    }
    this.#complete(edge, nowMs)
  }

  #complete(edge: number, nowMs: number): void {
    const edges = this.#edges
    const { tuple } = this.#group
    tuple[0] = edges.client[edge]
    tuple[1] = edges.server[edge]
    tuple[2] = this.#services.pool.internText(CONNECTIONS[edges.connection[edge]])
    const width = tuple.length - 3
    for (let index = 0; index < width; index++) tuple[3 + index] = edges.dimensions[edge * width + index]
    const row = this.#group.row()
    if (row === NO_ROW) return
    const observation = this.#observation
    const multiplier = edges.multiplier[edge]
    observation.multiplier = multiplier
    observation.nowMs = nowMs
    observation.traceId = edges.idBytes
    observation.traceIdStart = edges.traceIdStart(edge)
    observation.traceIdEnd = observation.traceIdStart + TRACE_ID_BYTES
    this.#total.add(row, multiplier, nowMs)
    if (edges.isFailed[edge] !== 0) this.#failed.add(row, multiplier, nowMs)
    this.#serverSeconds.observe(row, edges.serverSeconds[edge], observation)
    this.#clientSeconds.observe(row, edges.clientSeconds[edge], observation)
    if (!this.#config.messagingHistogram || edges.connection[edge] !== MESSAGING) return
    const { clientEnd, serverStart } = edges
    const at = 2 * edge
    const ns = (serverStart[at + 1] - clientEnd[at + 1]) * 4_294_967_296 + (serverStart[at] - clientEnd[at])
    // Clocks that are apart make the consumer begin before the producer ended: nothing can be said then.
    if (ns > 0) this.#messagingSeconds.observe(row, ns / 1e9, observation)
  }

  #discard(reason: string): void {
    this.#services.onDiscarded(reason, this.name)
  }
}

function labelNames({ clientServerPrefix, dimensions, virtualNodeLabel }: ServiceGraphsConfig): string[] {
  const own = clientServerPrefix
    ? [...dimensions.map((name) => `client_${name}`), ...dimensions.map((name) => `server_${name}`)]
    : dimensions
  const names = ['client', 'server', 'connection_type', ...own.map(sanitizeLabelName)]
  return virtualNodeLabel ? [...names, VIRTUAL_NODE] : names
}
