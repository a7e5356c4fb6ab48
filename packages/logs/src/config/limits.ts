/** The part of limits_config that has an effect here, in base units. */
export interface Limits {
  readonly rejectOldSamples: boolean
  readonly rejectOldSamplesMaxAgeMs: number
  readonly creationGracePeriodMs: number
  readonly maxLineBytes: number
  readonly maxLineSizeTruncate: boolean
  readonly maxLabelNamesPerSeries: number
  readonly maxLabelNameLength: number
  readonly maxLabelValueLength: number
  readonly maxGlobalStreams: number
  readonly ingestionRateBytes: number
  readonly ingestionBurstBytes: number
  readonly allowStructuredMetadata: boolean
  readonly maxStructuredMetadataBytes: number
  readonly maxStructuredMetadataEntries: number
  readonly discoverServiceName: readonly string[]
  readonly discoverLogLevels: boolean
  readonly logLevelFields: readonly string[]
  readonly outOfOrderWindowMs: number
  readonly maxEntriesPerQuery: number
  readonly maxQuerySeries: number
  readonly maxQueryLengthMs: number
  readonly queryTimeoutMs: number
  readonly maxConcurrentTails: number
  readonly retentionMs: number
  readonly volumeEnabled: boolean
  /** Rules are evaluated for a time so long ago. */
  readonly rulerEvaluationDelayMs: number
  /** 0 is no limit, as for the next one. */
  readonly rulerMaxRulesPerGroup: number
  readonly rulerMaxGroups: number
}

export const DEFAULT_LIMITS: Limits = {
  rejectOldSamples: true,
  rejectOldSamplesMaxAgeMs: 7 * 24 * 3600_000,
  creationGracePeriodMs: 10 * 60_000,
  maxLineBytes: 256 * 1024,
  maxLineSizeTruncate: false,
  maxLabelNamesPerSeries: 15,
  maxLabelNameLength: 1024,
  maxLabelValueLength: 2048,
  maxGlobalStreams: 5000,
  // Upstream's 4 MB/s drops logs exactly when there are many; here everything goes to disk first.
  ingestionRateBytes: 256 * 1024 * 1024,
  ingestionBurstBytes: 512 * 1024 * 1024,
  allowStructuredMetadata: true,
  maxStructuredMetadataBytes: 64 * 1024,
  maxStructuredMetadataEntries: 128,
  discoverServiceName: [
    'service',
    'app',
    'application',
    'app_name',
    'name',
    'app_kubernetes_io_name',
    'container',
    'container_name',
    'k8s_container_name',
    'component',
    'workload',
    'job',
    'k8s_job_name',
  ],
  discoverLogLevels: true,
  logLevelFields: [
    'level',
    'LEVEL',
    'Level',
    'log.level',
    'severity',
    'SEVERITY',
    'Severity',
    'SeverityText',
    'lvl',
    'LVL',
    'Lvl',
    'severity_text',
  ],
  outOfOrderWindowMs: 3600_000,
  maxEntriesPerQuery: 5000,
  maxQuerySeries: 500,
  maxQueryLengthMs: 721 * 3600_000,
  queryTimeoutMs: 60_000,
  maxConcurrentTails: 10,
  retentionMs: 0,
  volumeEnabled: true,
  rulerEvaluationDelayMs: 0,
  rulerMaxRulesPerGroup: 0,
  rulerMaxGroups: 0,
}
