import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadText, messagesOf } from '../../../test/support/prometheus-file.ts'
import { discoveryFields } from './registry.ts'

const job = (kind: string, section: string): string =>
  `scrape_configs: [{job_name: a, ${kind}_sd_configs: [${section}]}]\n`

/** The least that each discovery accepts. */
const LEAST: Readonly<Record<string, string>> = {
  aws: '{role: ec2}',
  azure: '{subscription_id: s, tenant_id: t, client_id: c, client_secret: x}',
  consul: '{}',
  digitalocean: '{}',
  dns: '{names: [a.b]}',
  docker: '{host: "unix:///var/run/docker.sock"}',
  dockerswarm: '{host: "http://d", role: nodes}',
  ec2: '{region: r}',
  ecs: '{region: r}',
  eureka: '{server: "http://e/eureka"}',
  file: '{files: ["a/*.json"]}',
  gce: '{project: p, zone: z}',
  hetzner: '{role: robot}',
  http: '{url: "http://h"}',
  ionos: '{datacenter_id: d}',
  kubernetes: '{role: pod}',
  kuma: '{server: "http://k"}',
  lightsail: '{region: r}',
  linode: '{}',
  marathon: '{servers: ["http://m"]}',
  nerve: '{servers: [s], paths: [/p]}',
  nomad: '{}',
  openstack: '{role: instance, region: r}',
  ovhcloud: '{service: vps, application_key: k, application_secret: s, consumer_key: c}',
  puppetdb: '{url: "http://p", query: q}',
  scaleway: '{role: instance, project_id: p, access_key: a, secret_key: s}',
  serverset: '{servers: [s], paths: [/p]}',
  stackit: '{}',
  triton: '{account: a, dns_suffix: d, endpoint: e}',
  uyuni: '{server: "http://u", username: u, password: p}',
  vultr: '{}',
}

test('every discovery is tried here', () => {
  const known = Object.keys(discoveryFields).filter((key) => key.endsWith('_sd_configs'))
  assert.deepEqual(Object.keys(LEAST), known.map((key) => key.replace('_sd_configs', '')).sort())
})

for (const [kind, least] of Object.entries(LEAST)) {
  test(`${kind}: the least is accepted, unknown keys and null are not, and what is not built is told`, async () => {
    const { findings } = await loadText(job(kind, least))
    const told = findings.map(({ message }) => message)
    const notBuilt = `"${kind}_sd_configs" is not supported yet and has no effect`
    assert.deepEqual(told, kind === 'file' ? [] : [notBuilt])
    const [unknown] = await messagesOf(job(kind, least.replace(/\}$/, least === '{}' ? 'zzz: 1}' : ', zzz: 1}')))
    assert.match(unknown, /^field zzz not found in type \w+\.\w+$/)
    assert.deepEqual(await messagesOf(job(kind, '~')), [`empty or null section in ${kind}_sd_configs`])
  })
}

for (const [kind, section, message] of [
  ['azure', '{authentication_method: SDK}', 'azure SD configuration requires a subscription_id'],
  ['consul', '{server: ""}', 'Consul SD configuration requires a server address'],
  [
    'consul',
    '{username: u, basic_auth: {username: v}}',
    'at most one of consul SD configuration username and password and basic auth can be configured',
  ],
  ['dns', '{}', 'DNS-SD config must contain at least one SRV record name'],
  ['dns', '{names: [a], type: A}', 'a port is required in DNS-SD configs for all record types except SRV, MX and NS'],
  ['dns', '{names: [a], type: TXT, port: 1}', 'invalid DNS-SD records type TXT'],
  ['docker', '{}', 'host missing'],
  ['dockerswarm', '{host: h}', 'role missing (one of: tasks, services, nodes)'],
  ['file', '{}', 'file service discovery config must contain at least one path name'],
  ['file', '{files: [a.txt]}', 'path name "a.txt" is not valid for file discovery'],
  ['file', '{files: ["*/a.yml"]}', 'path name "*/a.yml" is not valid for file discovery'],
  ['hetzner', '{role: cloud}', 'unknown role "cloud"'],
  ['http', '{}', 'URL is missing'],
  ['kubernetes', '{}', 'role missing (one of: pod, service, endpoints, endpointslice, node, ingress)'],
  ['kubernetes', '{role: pod, selectors: [{role: pod}, {role: pod}]}', 'duplicated selector role: pod'],
  [
    'kubernetes',
    '{role: endpoints, selectors: [{role: node}]}',
    'endpoints role supports only pod, service, endpoints selectors',
  ],
  [
    'kubernetes',
    '{role: pod, selectors: [{role: pod, field: metadata.status-Running}]}',
    "invalid selector: 'metadata.status-Running'; can't understand 'metadata.status-Running'",
  ],
  ['marathon', '{}', 'marathon_sd: must contain at least one Marathon server'],
  [
    'marathon',
    '{servers: [m], auth_token: t, bearer_token: b}',
    'marathon_sd: at most one of bearer_token, bearer_token_file, auth_token & auth_token_file must be configured',
  ],
  ['openstack', '{role: server}', 'unknown OpenStack SD role "server"'],
  ['puppetdb', '{url: "http://p"}', 'query missing'],
  [
    'scaleway',
    '{role: instance, project_id: p, access_key: a}',
    'one of secret_key & secret_key_file must be configured',
  ],
  ['serverset', '{servers: [s], paths: [p]}', "serverset SD config paths must begin with '/': p"],
  ['triton', '{role: vm}', "triton SD configuration requires role to be 'container' or 'cn'"],
  [
    'vultr',
    '{basic_auth: {}, authorization: {}}',
    'at most one of basic_auth, oauth2 & authorization must be configured',
  ],
] as const) {
  test(`${kind}: refuses ${section}`, async () => {
    assert.ok((await messagesOf(job(kind, section))).includes(message))
  })
}
