/** Every component of Alloy 1.12.1, so that a configuration is told apart: unknown to upstream, or only not built here yet. */
const BY_NAMESPACE: Readonly<Record<string, string>> = {
  beyla: 'ebpf',
  database_observability: 'mysql postgres',
  discovery:
    'aws azure consul consulagent digitalocean dns docker dockerswarm ec2 eureka file gce hetzner http ionos kubelet kubernetes kuma lightsail linode marathon nerve nomad openstack ovhcloud process puppetdb relabel scaleway serverset triton uyuni',
  faro: 'receiver',
  local: 'file file_match',
  loki: 'echo enrich process relabel rules.kubernetes secretfilter source.api source.awsfirehose source.azure_event_hubs source.cloudflare source.docker source.file source.gcplog source.gelf source.heroku source.journal source.kafka source.kubernetes source.kubernetes_events source.podlogs source.syslog source.windowsevent write',
  mimir: 'alerts.kubernetes rules.kubernetes',
  otelcol:
    'auth.basic auth.bearer auth.google auth.headers auth.oauth2 auth.sigv4 connector.count connector.host_info connector.servicegraph connector.spanlogs connector.spanmetrics exporter.awss3 exporter.datadog exporter.debug exporter.faro exporter.file exporter.googlecloud exporter.googlecloudpubsub exporter.kafka exporter.loadbalancing exporter.loki exporter.otlp exporter.otlphttp exporter.prometheus exporter.splunkhec exporter.syslog extension.jaeger_remote_sampling processor.attributes processor.batch processor.cumulativetodelta processor.deltatocumulative processor.discovery processor.filter processor.groupbyattrs processor.interval processor.k8sattributes processor.memory_limiter processor.metric_start_time processor.probabilistic_sampler processor.resourcedetection processor.span processor.tail_sampling processor.transform receiver.awscloudwatch receiver.awsecscontainermetrics receiver.awss3 receiver.cloudflare receiver.datadog receiver.faro receiver.file_stats receiver.filelog receiver.fluentforward receiver.googlecloudpubsub receiver.influxdb receiver.jaeger receiver.kafka receiver.loki receiver.opencensus receiver.otlp receiver.prometheus receiver.solace receiver.splunkhec receiver.syslog receiver.tcplog receiver.vcenter receiver.zipkin storage.file',
  prometheus:
    'echo enrich exporter.apache exporter.azure exporter.blackbox exporter.cadvisor exporter.catchpoint exporter.cloudwatch exporter.consul exporter.databricks exporter.dnsmasq exporter.elasticsearch exporter.gcp exporter.github exporter.kafka exporter.memcached exporter.mongodb exporter.mssql exporter.mysql exporter.oracledb exporter.postgres exporter.process exporter.redis exporter.self exporter.snmp exporter.snowflake exporter.squid exporter.static exporter.statsd exporter.unix exporter.windows operator.podmonitors operator.probes operator.scrapeconfigs operator.servicemonitors receive_http relabel remote_write scrape write.queue',
  pyroscope: 'ebpf java receive_http relabel scrape write',
  remote: 'http kubernetes.configmap kubernetes.secret s3 vault',
}

export const UPSTREAM_COMPONENTS: ReadonlySet<string> = new Set(
  Object.entries(BY_NAMESPACE).flatMap(([namespace, names]) => names.split(' ').map((name) => `${namespace}.${name}`)),
)

/** Configuration blocks of upstream that are no components. */
export const UPSTREAM_BLOCKS: ReadonlySet<string> = new Set([
  'argument',
  'declare',
  'export',
  'foreach',
  'http',
  'import.file',
  'import.git',
  'import.http',
  'import.string',
  'remotecfg',
  'tracing',
])
