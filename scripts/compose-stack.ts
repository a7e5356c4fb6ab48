import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Under compose every system has an address of its own, under `npm start` all share 127.0.0.1. The files below `stack/compose`
 * are those of `stack/` with service names in place of the loopback address; docs/decisions/0012-compose-configuration.md says
 * why they are files. Run `node scripts/compose-stack.ts` after a change of the originals.
 */
export const DERIVED: readonly DerivedFile[] = [
  {
    from: 'prometheus/config/prometheus.yml',
    to: 'compose/prometheus/prometheus.yml',
    comment: '#',
    // Rules are the same in both worlds, so they are not copied.
    replace: [
      [/^(\s+- *['"]?)(rules\/)/gm, '$1../../prometheus/config/$2'],
      [/^(rule_files: *\[ *['"]?)(rules\/)/gm, '$1../../prometheus/config/$2'],
    ],
    append: `
  # Targets that come and go: *.yml in targets/ beside this file, read again every 30 s. exporters.yml.example is for the
  # profile "exporters".
  - job_name: targets
    file_sd_configs:
      - files: ['targets/*.yml']
        refresh_interval: 30s
`,
  },
  {
    from: 'alloy/config/config.alloy',
    to: 'compose/alloy/config.alloy',
    comment: '//',
    addresses: { '127.0.0.1:4317': '0.0.0.0:4317', '127.0.0.1:4318': '0.0.0.0:4318', '127.0.0.1:4319': 'tempo:4317' },
  },
  {
    from: 'tempo/config/tempo.yaml',
    to: 'compose/tempo/tempo.yaml',
    comment: '#',
    // A container of its own can have the usual ports.
    addresses: { '127.0.0.1:4319': '0.0.0.0:4317', '127.0.0.1:4320': '0.0.0.0:4318' },
  },
  {
    from: 'loki/config/loki.yaml',
    to: 'compose/loki/loki.yaml',
    comment: '#',
    // A link for people, who are outside.
    addresses: { '127.0.0.1:3000': '127.0.0.1:3000' },
    // Rules are the same in both worlds, so they are not copied.
    replace: [[/^(\s+directory: *)\.\.\/rules$/gm, '$1../../loki/rules']],
  },
  {
    from: 'grafana/provisioning/datasources/quartet.yaml',
    to: 'compose/grafana/datasources/quartet.yaml',
    comment: '#',
  },
]

export interface DerivedFile {
  /** Below `stack/`, as is `to`. */
  readonly from: string
  readonly to: string
  readonly comment: '#' | '//'
  /** Addresses that mean something else in this file than the port says. */
  readonly addresses?: Readonly<Record<string, string>>
  readonly replace?: readonly (readonly [pattern: RegExp, replacement: string])[]
  readonly append?: string
}

/** Which service answers on a port of the loopback address. */
const SERVICES: Readonly<Record<string, string>> = {
  '127.0.0.1:3000': 'grafana:3000',
  '127.0.0.1:3100': 'loki:3100',
  '127.0.0.1:3200': 'tempo:3200',
  '127.0.0.1:8080': 'cadvisor:8080',
  '127.0.0.1:9090': 'prometheus:9090',
  '127.0.0.1:9091': 'pushgateway:9091',
  '127.0.0.1:9093': 'alertmanager:9093',
  '127.0.0.1:9100': 'node-exporter:9100',
  '127.0.0.1:12345': 'alloy:12345',
}

/**
 * @param text the original
 * @throws Error that names an address which no service has
 */
export function deriveForCompose(file: DerivedFile, text: string): string {
  const addresses = { ...SERVICES, ...file.addresses }
  const isComment = (line: string): boolean => line.trimStart().startsWith(file.comment)
  const lines = text.split('\n').map((line, index) => {
    if (isComment(line)) return line
    return line.replace(/127\.0\.0\.1:\d+/g, (address) => {
      const service = addresses[address]
      if (service === undefined) throw new Error(`${file.from}:${index + 1}: no service has ${address}`)
      return service
    })
  })
  let derived = lines.join('\n')
  for (const [pattern, replacement] of file.replace ?? []) derived = derived.replace(pattern, replacement)
  const header = [
    `For compose: stack/${file.from} with service names, written by scripts/compose-stack.ts. Add your own here.`,
    `After a change: docker compose kill -s HUP ${file.to.split('/')[1]}`,
  ]
  return (
    [...header.map((line) => `${file.comment} ${line}`), '', derived.trimEnd() + '\n'].join('\n') + (file.append ?? '')
  )
}

/** @returns path below `stack/` and content of every derived file */
export function composeFiles(root: string): Map<string, string> {
  return new Map(
    DERIVED.map((file) => [file.to, deriveForCompose(file, readFileSync(join(root, 'stack', file.from), 'utf8'))]),
  )
}

if (import.meta.main) {
  const root = fileURLToPath(new URL('..', import.meta.url))
  for (const [path, text] of composeFiles(root)) {
    const target = join(root, 'stack', path)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, text)
    process.stdout.write(`stack/${path}\n`)
  }
}
