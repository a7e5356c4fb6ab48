export { systemClock } from './clock.ts'
export type { Clock, Timer } from './clock.ts'
export { expandEnvironment } from './config/expand-environment.ts'
export { loadYaml } from './config/load-yaml.ts'
export { printYaml } from './config/print-yaml.ts'
export type { LoadedYaml, LoadYamlOptions } from './config/yaml-file.ts'
export { GrpcError, GrpcStatus } from './grpc/grpc-error.ts'
export { startGrpcServer } from './grpc/grpc-server.ts'
export type { GrpcCall, GrpcMethod, GrpcServerOptions } from './grpc/grpc-server.ts'
export { readBody, readRawBody } from './http/body.ts'
export { decodeContent } from './http/content-encoding.ts'
export { HttpClient } from './http/http-client.ts'
export type { HttpClientOptions, HttpPost, HttpReply, ProxyEnvironment, TlsMaterial } from './http/http-client.ts'
export { HttpError } from './http/http-error.ts'
export { createHttpServer } from './http/http-server.ts'
export type { HealthOptions, HttpServer, HttpServerOptions, RawHandler, RawMethod } from './http/http-server.ts'
export { formatHostPort, parseListenAddress, PortTakenError } from './http/listen-address.ts'
export { nodeHttp } from './http/node-http.ts'
export { FormToken, Html, markup, sendPage } from './http/page.ts'
export type { PageFrame } from './http/page.ts'
export { linked, problemCard, spanText, timeText } from './http/page-text.ts'
export { ClientGoneError, requestSignal } from './http/request-signal.ts'
export { gzipIfAccepted, sendBody } from './http/response.ts'
export { loadWebConfig } from './http/web-config.ts'
export type { WebConfig } from './http/web-config.ts'
export type { ServedRequest } from './http/served-request.ts'
export { Lifecycle } from './lifecycle.ts'
export { createLogger, silentLogger } from './log.ts'
export type { Logger, LogLevel } from './log.ts'
export { createSelfMetrics, SelfMetrics } from './self-metrics.ts'
export { ConfigError } from './system.ts'
export type {
  CheckOptions,
  Endpoint,
  Finding,
  FlagDefinition,
  RunningSystem,
  SystemDefinition,
  SystemOptions,
  SystemSnapshots,
} from './system.ts'
export { routeLabel } from './http/route-label.ts'
