import { labelsFromRecord } from '@quartet/model'
import { createSelfMetrics, silentLogger } from '@quartet/runtime'
import { FakeClock } from '@quartet/runtime/testing'
import type { FileSystem } from '@quartet/storage'
import { FaultyFileSystem } from '@quartet/storage/testing'
import { z } from 'zod'
import { loadConfig } from '../../src/config/alertmanager-config.ts'
import { Engine } from '../../src/notify/engine.ts'
import { IntegrationStatuses } from '../../src/notify/integration-status.ts'
import { NotifyError } from '../../src/notify/notify-error.ts'
import type { CommonConfig, ReceiverKind } from '../../src/notify/notifier.ts'
import { NotifyMetrics } from '../../src/notify/notify-metrics.ts'
import { AlertStore } from '../../src/storage/alert-store.ts'
import { fingerprintOf } from '../../src/storage/alert.ts'
import { NotificationLog } from '../../src/storage/notification-log.ts'
import { Silences } from '../../src/storage/silences.ts'

/** What a receiver got: `12s oncall firing a,b` — seconds since the start, receiver, status, names of the alerts. */
export type Told = string

/** A whole Alertmanager but its HTTP, on a clock that moves only when told to. */
export class Timeline {
  readonly clock = new FakeClock()
  readonly told: Told[] = []
  readonly startMs = this.clock.nowMs()
  /** Answers of the receivers to come; without one they accept. */
  readonly answers: (Error | undefined)[] = []
  readonly fileSystem: FileSystem
  store!: AlertStore
  silences!: Silences
  log!: NotificationLog
  engine!: Engine
  #config = ''

  constructor(fileSystem: FileSystem = new FaultyFileSystem({ seed: 1 })) {
    this.fileSystem = fileSystem
  }

  static async start(config: string): Promise<Timeline> {
    const timeline = new Timeline()
    timeline.#config = config
    await timeline.boot()
    return timeline
  }

  /** Starts anew on the same files: what only memory knew is gone. */
  async boot(): Promise<void> {
    const nowMs = (): number => this.clock.nowMs()
    const state = {
      fileSystem: this.fileSystem,
      nowMs,
      every: (ms: number, action: () => void) => this.clock.every(ms, action),
      retentionMs: 120 * 3_600_000,
      onProblem: ({ message }: { message: string }) => this.told.push(`problem: ${message}`),
    }
    this.store = new AlertStore({ nowMs, maxAlerts: 1000 })
    this.log = await NotificationLog.open({ ...state, directory: '/data/nflog' })
    const limits = { maxSilences: 0, maxSilenceBytes: 0, mode: 'fallback' } as const
    this.silences = await Silences.open({ ...state, ...limits, directory: '/data/silences' })
    await this.reload(this.#config)
  }

  /** Forgets memory without closing anything, as `kill -9` does. */
  kill(): void {
    this.engine.stop()
  }

  async reload(text: string): Promise<void> {
    const { config } = await loadConfig({ path: 'alertmanager.yml', text, receiverTypes: [this.#recorder] })
    const engine = await Engine.build({
      config,
      kinds: [this.#recorder],
      clock: this.clock,
      logger: silentLogger,
      store: this.store,
      silences: this.silences,
      log: this.log,
      metrics: new NotifyMetrics(createSelfMetrics({ clock: this.clock }), ['recorder']),
      statuses: new IntegrationStatuses(),
      externalUrl: () => 'http://am.example',
      startAtMs: this.startMs,
      onGroupLimit: () => this.told.push('group limit'),
      random: () => 0.5,
    })
    const previous = this.engine as Engine | undefined
    this.engine = engine
    previous?.stop()
    engine.start()
  }

  /** @param seconds when it ends, from now; the resolve timeout of five minutes by default */
  alert(labels: Record<string, string>, seconds = 300): void {
    const sorted = labelsFromRecord(labels)
    const nowMs = this.clock.nowMs()
    const fingerprint = fingerprintOf(sorted)
    this.store.put([
      {
        labels: sorted,
        annotations: [],
        startsAtMs: this.store.get(fingerprint)?.startsAtMs ?? nowMs,
        endsAtMs: nowMs + seconds * 1000,
        updatedAtMs: nowMs,
        isTimeout: false,
        generatorUrl: '',
        fingerprint,
      },
    ])
  }

  resolve(labels: Record<string, string>): void {
    this.alert(labels, 0)
  }

  async seconds(count: number): Promise<void> {
    await this.clock.advance(count * 1000)
  }

  /** What was told since the last call. */
  take(): Told[] {
    return this.told.splice(0)
  }

  async stop(): Promise<void> {
    this.engine.stop()
    await this.silences.close()
    await this.log.close()
  }

  get #recorder(): ReceiverKind {
    return {
      name: 'recorder',
      key: 'recorder_configs',
      schema: z.strictObject({ send_resolved: z.boolean().default(true) }) as z.ZodType<CommonConfig>,
      complete: (config) => config,
      create: () => ({
        notify: async ({ alerts, data, receiver }) => {
          const seconds = Math.round((this.clock.nowMs() - this.startMs) / 1000)
          const names = alerts.map(({ labels }) => labels.find(([name]) => name === 'alertname')?.[1]).join(',')
          const answer = this.answers.shift()
          this.told.push(`${seconds}s ${receiver} ${answer ? 'refuses' : data.Status} ${names}`)
          if (answer) throw answer
        },
      }),
    }
  }
}

export const refusal = (canRetry: boolean): NotifyError => new NotifyError('no', { canRetry })
