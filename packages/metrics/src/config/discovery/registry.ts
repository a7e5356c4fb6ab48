import { listOf } from '../fields.ts'
import { aws, ec2, ecs, lightsail } from './aws.ts'
import { azure } from './azure.ts'
import { consul } from './consul.ts'
import { digitalocean } from './digitalocean.ts'
import { dns } from './dns.ts'
import { docker } from './docker.ts'
import { dockerswarm } from './dockerswarm.ts'
import { eureka } from './eureka.ts'
import { file } from './file.ts'
import { gce } from './gce.ts'
import { hetzner } from './hetzner.ts'
import { http } from './http.ts'
import { ionos } from './ionos.ts'
import { kubernetes } from './kubernetes.ts'
import { kuma } from './kuma.ts'
import { linode } from './linode.ts'
import { marathon } from './marathon.ts'
import { nomad } from './nomad.ts'
import { openstack } from './openstack.ts'
import { ovhcloud } from './ovhcloud.ts'
import { puppetdb } from './puppetdb.ts'
import { scaleway } from './scaleway.ts'
import { stackit } from './stackit.ts'
import { triton } from './triton.ts'
import { uyuni } from './uyuni.ts'
import { vultr } from './vultr.ts'
import { nerve, serverset } from './zookeeper.ts'
import { staticConfigs } from '../static-section.ts'

/** Every way to find targets that prometheus.yml knows, one file each. */
export const discoveryFields = {
  aws_sd_configs: listOf(aws).default([]),
  azure_sd_configs: listOf(azure).default([]),
  consul_sd_configs: listOf(consul).default([]),
  digitalocean_sd_configs: listOf(digitalocean).default([]),
  dns_sd_configs: listOf(dns).default([]),
  docker_sd_configs: listOf(docker).default([]),
  dockerswarm_sd_configs: listOf(dockerswarm).default([]),
  ec2_sd_configs: listOf(ec2).default([]),
  ecs_sd_configs: listOf(ecs).default([]),
  eureka_sd_configs: listOf(eureka).default([]),
  file_sd_configs: listOf(file).default([]),
  gce_sd_configs: listOf(gce).default([]),
  hetzner_sd_configs: listOf(hetzner).default([]),
  http_sd_configs: listOf(http).default([]),
  ionos_sd_configs: listOf(ionos).default([]),
  kubernetes_sd_configs: listOf(kubernetes).default([]),
  kuma_sd_configs: listOf(kuma).default([]),
  lightsail_sd_configs: listOf(lightsail).default([]),
  linode_sd_configs: listOf(linode).default([]),
  marathon_sd_configs: listOf(marathon).default([]),
  nerve_sd_configs: listOf(nerve).default([]),
  nomad_sd_configs: listOf(nomad).default([]),
  openstack_sd_configs: listOf(openstack).default([]),
  ovhcloud_sd_configs: listOf(ovhcloud).default([]),
  puppetdb_sd_configs: listOf(puppetdb).default([]),
  scaleway_sd_configs: listOf(scaleway).default([]),
  serverset_sd_configs: listOf(serverset).default([]),
  stackit_sd_configs: listOf(stackit).default([]),
  triton_sd_configs: listOf(triton).default([]),
  uyuni_sd_configs: listOf(uyuni).default([]),
  vultr_sd_configs: listOf(vultr).default([]),
  static_configs: staticConfigs,
}

/** Those that are built: the others are read and checked, and reported as having no effect. */
const BUILT: ReadonlySet<string> = new Set(['static_configs', 'file_sd_configs'])

export const UNBUILT_DISCOVERIES: readonly DiscoveryKey[] = (Object.keys(discoveryFields) as DiscoveryKey[]).filter(
  (name) => !BUILT.has(name),
)
export type DiscoveryKey = keyof typeof discoveryFields
