import { Ajv2019 } from 'ajv/dist/2019.js'
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

import { composeFiles } from '../../scripts/compose-stack.ts'
import { parseDockerfile } from '../../scripts/image/dockerfile.ts'
import { readComposeFile, readEnvFile, variablesOf } from '../support/compose-file.ts'
import type { ComposeService } from '../support/compose-file.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const COMPOSE = join(ROOT, 'compose.yaml')
const EXAMPLE = join(ROOT, '.env.example')
const SCHEMA = '/usr/lib/python3/dist-packages/compose/config/compose_spec.json'

const text = readFileSync(COMPOSE, 'utf8')
const example = readEnvFile(EXAMPLE)
const file = readComposeFile(COMPOSE, example)
const services = Object.entries(file.services)
const ours = services.filter(([, service]) => service.build !== undefined)
const hasDockerCompose = spawnSync('docker-compose', ['version']).status === 0

test(
  'is valid by the Compose specification',
  { skip: existsSync(SCHEMA) ? false : `no ${SCHEMA}: install docker-compose` },
  () => {
    const ajv = new Ajv2019({ strict: false, allErrors: true })
    // Compose's own: Go's durations and ports as the compose file has them.
    ajv.addFormat('duration', /^(\d+(\.\d+)?(us|ms|s|m|h))+$/)
    for (const name of ['expose', 'ports', 'subnet_ip_address', 'uri']) ajv.addFormat(name, true)
    const withoutIds = readFileSync(SCHEMA, 'utf8').replaceAll(/"id": "[^"]*",/g, '')
    const schema = JSON.parse(withoutIds) as { $schema?: string }
    delete schema.$schema
    const isValid = ajv.compile(schema)
    assert.ok(isValid(parse(text, { merge: true })), JSON.stringify(isValid.errors, undefined, 1))
    // The schema is one that says no.
    assert.ok(!isValid({ services: { grafana: { imagine: 'x' } } }))
  },
)

test(
  'docker-compose reads it as these tests do',
  { skip: hasDockerCompose ? false : 'docker-compose is not installed' },
  () => {
    const directory = mkdtempSync(join(tmpdir(), 'quartet-compose-'))
    try {
      const profiles = [...new Set(services.flatMap(([, { profiles = [] }]) => profiles))]
      const args = ['--env-file', EXAMPLE, '--file', COMPOSE, '--project-directory', directory]
      const { status, stdout, stderr } = spawnSync(
        'docker-compose',
        [...args, ...profiles.flatMap((profile) => ['--profile', profile]), 'config'],
        { encoding: 'utf8' },
      )
      assert.equal(status, 0, stderr)
      const theirs = parse(stdout) as { services: Record<string, ComposeService> }
      assert.deepEqual(Object.keys(theirs.services).sort(), Object.keys(file.services).sort())
      for (const [name, service] of services) {
        const other = theirs.services[name]!
        assert.deepEqual(other.command ?? [], service.command ?? [], name)
        assert.deepEqual(other.environment ?? {}, service.environment ?? {}, name)
        assert.equal(other.image, service.image, name)
      }
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  },
)

test('.env.example explains every variable of compose.yaml, with the same default, and no other', () => {
  const used = variablesOf(text.replaceAll(/^\s*#.*$/gm, ''))
  assert.deepEqual(Object.keys(example).sort(), [...new Set(used.map(({ name }) => name))].sort())
  for (const { name, standard } of used) assert.equal(standard, example[name], name)
  let isExplained = false
  for (const line of readFileSync(EXAMPLE, 'utf8').split('\n')) {
    // A comment holds for the lines up to the next empty one.
    if (line === '') isExplained = false
    else if (/^# (?!-{5})/.test(line)) isExplained = true
    else if (!line.startsWith('#')) assert.ok(isExplained, `${line} is not explained`)
  }
})

test('the systems have the names that upstream’s compose files use, and each its volume', () => {
  const names = [
    'grafana',
    'alloy',
    'prometheus',
    'loki',
    'tempo',
    'alertmanager',
    'pushgateway',
    'node-exporter',
    'cadvisor',
  ]
  assert.deepEqual(ours.map(([name]) => name).sort(), names.sort())
  for (const [name, { volumes = [] }] of ours) {
    const hasState = name !== 'node-exporter' && name !== 'cadvisor'
    assert.equal(volumes.includes(`${name}-data:/data`), hasState, name)
    // What is mounted from here is there, and cannot be written to.
    for (const [source = '', , flags] of volumes.map((volume) => volume.split(':'))) {
      if (source.startsWith('./')) assert.ok(existsSync(join(ROOT, source)), `${name}: ${source}`)
      if (!source.endsWith('-data')) assert.match(flags ?? '', /^ro\b/, `${name}: ${source}`)
    }
  }
})

test('every service has limits, a restart policy and a health check, and can do no more than it must', () => {
  for (const [name, service] of services) {
    assert.equal(service.restart, 'unless-stopped', name)
    assert.ok(service.mem_limit && service.cpus && service.pids_limit, `${name} has no limits`)
    assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name)
    // The exporters' images have nothing that could ask; Prometheus does.
    assert.equal(service.healthcheck === undefined, /^(redis|postgres)-exporter$/.test(name), name)
    if (service.build === undefined) continue
    assert.equal(service.read_only, true, name)
    assert.deepEqual(service.cap_drop, ['ALL'], name)
    assert.equal(service.user, name === 'cadvisor' ? '0:0' : '10001:10001', name)
  }
})

test('the stores can only be reached from inside; what is published is on loopback until told otherwise', () => {
  const published = services.flatMap(([name, { ports = [] }]) => ports.map((port) => [name, port] as const))
  for (const [name, port] of published) assert.match(port, /^127\.0\.0\.1:\d+:\d+$/, name)
  const base = published.filter(([name]) => file.services[name]!.profiles === undefined)
  assert.deepEqual(
    base.map(([name, port]) => `${name} ${port.split(':')[2]}`),
    ['grafana 3000', 'alloy 4317', 'alloy 4318', 'alloy 12345', 'alertmanager 9093', 'pushgateway 9091'],
  )
  for (const name of ['loki', 'tempo', 'node-exporter', 'cadvisor']) {
    assert.deepEqual(file.services[name]!.networks, ['stores'], name)
  }
  assert.equal(file.networks['stores']!.internal, true)
})

test('the image says which ports there are', () => {
  const last = parseDockerfile(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')).at(-1)!
  const exposed = last.instructions.flatMap((each) => (each.kind === 'expose' ? each.ports : []))
  for (const [name, { ports = [] }] of ours) {
    for (const port of ports) assert.ok(exposed.includes(Number(port.split(':')[2])), `${name} ${port}`)
  }
})

test('stack/compose is what scripts/compose-stack.ts makes of stack', () => {
  for (const [path, wanted] of composeFiles(ROOT)) {
    const found = readFileSync(join(ROOT, 'stack', path), 'utf8')
    assert.equal(found, wanted, `stack/${path} is behind its original: run node scripts/compose-stack.ts`)
  }
})

test('every address in the configurations is of a service that compose knows', () => {
  for (const [path, content] of composeFiles(ROOT)) {
    const hosts = [...content.matchAll(/['"/]([a-z][a-z-]+):(\d{4,5})\b/g)].map(([, host = '']) => host)
    assert.ok(hosts.length > 0 || path.includes('tempo'), path)
    for (const host of hosts) assert.ok(host in file.services, `${path}: ${host}`)
  }
})

test('the TLS proxy serves the four names, and lets nobody past who has no login', () => {
  const caddyfile = readFileSync(join(ROOT, 'stack/compose/edge/Caddyfile'), 'utf8')
  const sites = [...caddyfile.matchAll(/^([a-z]+)\.\{\$DEFAULT_URL:localhost\} \{\n([^]*?)\n\}/gm)]
  assert.deepEqual(
    sites.map(([, name]) => name),
    ['grafana', 'prometheus', 'alloy', 'alertmanager'],
  )
  for (const [, name = '', body = ''] of sites) {
    assert.match(body, new RegExp(`reverse_proxy ${name}:\\d+`))
    assert.equal(body.includes('import login'), name !== 'grafana', name)
  }
})

test('a variable without value and default is an error, and $$ a dollar', () => {
  const directory = mkdtempSync(join(tmpdir(), 'quartet-compose-'))
  try {
    const path = join(directory, 'compose.yaml')
    writeFileSync(path, 'services: { a: { image: "${ONE}-${TWO:-2}-$$3", networks: [] } }')
    assert.equal(readComposeFile(path, { ONE: '1', TWO: '' }).services['a']!.image, '1-2-$3')
    assert.throws(() => readComposeFile(path, {}), /\$\{ONE\} has no value/)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
