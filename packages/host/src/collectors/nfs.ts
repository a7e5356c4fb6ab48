import type { Collector, CollectorContext } from './collector.ts'
import { fields } from './host-files.ts'

/** Procedures in the kernel's order. */
const VERSION_2 =
  'Null GetAttr SetAttr Root Lookup ReadLink Read WrCache Write Create Remove Rename Link SymLink MkDir RmDir ReadDir FsStat'
const VERSION_3 =
  'Null GetAttr SetAttr Lookup Access ReadLink Read Write Create MkDir SymLink MkNod Remove RmDir Rename Link ReadDir ReadDirPlus FsStat FsInfo PathConf Commit'
const VERSION_4 =
  'Null Read Write Commit Open OpenConfirm OpenNoattr OpenDowngrade Close Setattr FsInfo Renew SetClientID SetClientIDConfirm Lock Lockt Locku Access Getattr Lookup LookupRoot Remove Rename Link Symlink Create Pathconf StatFs ReadLink ReadDir ServerCaps DelegReturn GetACL SetACL FsLocations ReleaseLockowner Secinfo FsidPresent ExchangeID CreateSession DestroySession Sequence GetLeaseTime ReclaimComplete GetDeviceInfo LayoutGet LayoutCommit LayoutReturn SecinfoNoName TestStateID FreeStateID GetDeviceList BindConnToSession DestroyClientID Seek Allocate DeAllocate LayoutStats Clone'
/** Of the server, from operation 3 on; two have no metric upstream. */
const SERVER_OPERATIONS =
  'Access Close Commit Create DelegPurge DelegReturn GetAttr GetFH Link Lock Lockt Locku Lookup LookupRoot Nverify Open OpenAttr OpenConfirm OpenDgrd PutFH - - Read ReadDir ReadLink Remove Rename Renew RestoreFH SaveFH SecInfo SetAttr SetClientID SetClientIDConfirm Verify Write RelLockOwner'

type Lines = ReadonlyMap<string, readonly number[]>

export const nfs: Collector = {
  name: 'nfs',
  isOnByDefault: true,
  collect(context) {
    const { page } = context
    const lines = read(context, 'net/rpc/nfs')
    const at = (key: string, column: number): number => lines.get(key)?.[column] ?? 0
    const packets = 'Total NFSd network packets (sent+received) by protocol type.'
    page.counter('node_nfs_packets_total', packets, at('net', 1), { protocol: 'udp' })
    page.counter('node_nfs_packets_total', packets, at('net', 2), { protocol: 'tcp' })
    page.counter('node_nfs_connections_total', 'Total number of NFSd TCP connections.', at('net', 3))
    page.counter('node_nfs_rpcs_total', 'Total number of RPCs performed.', at('rpc', 0))
    const retransmissions = 'Number of RPC transmissions performed.'
    page.counter('node_nfs_rpc_retransmissions_total', retransmissions, at('rpc', 1))
    const refreshes = 'Number of RPC authentication refreshes performed.'
    page.counter('node_nfs_rpc_authentication_refreshes_total', refreshes, at('rpc', 2))
    const add = (proto: string, method: string, value: number): void =>
      page.counter('node_nfs_requests_total', 'Number of NFS procedures invoked.', value, { proto, method })
    for (const [proto, names] of [['2', VERSION_2] as const, ['3', VERSION_3] as const, ['4', VERSION_4] as const]) {
      for (const [index, method] of names.split(' ').entries()) add(proto, method, at(`proc${proto}`, index + 1))
    }
  },
}

export const nfsd: Collector = {
  name: 'nfsd',
  isOnByDefault: true,
  collect(context) {
    const lines = read(context, 'net/rpc/nfsd')
    const at = (key: string, column: number): number => lines.get(key)?.[column] ?? 0
    const counter = (name: string, help: string, value: number, labels?: Record<string, string>): void =>
      context.page.counter(`node_nfsd_${name}_total`, help, value, labels)
    const cache = 'Total number of NFSd Reply Cache'
    counter('reply_cache_hits', `${cache} hits (client lost server response).`, at('rc', 0))
    counter('reply_cache_misses', `${cache} an operation that requires caching (idempotent).`, at('rc', 1))
    counter('reply_cache_nocache', `${cache} non-idempotent operations (rename/delete/…).`, at('rc', 2))
    counter('file_handles_stale', 'Total number of NFSd stale file handles', at('fh', 0))
    counter('disk_bytes_read', 'Total NFSd bytes read.', at('io', 0))
    counter('disk_bytes_written', 'Total NFSd bytes written.', at('io', 1))
    const threads = 'Total number of NFSd kernel threads that are running.'
    context.page.gauge('node_nfsd_server_threads', threads, at('th', 0))
    const size = 'How large the read ahead cache is in blocks.'
    context.page.gauge('node_nfsd_read_ahead_cache_size_blocks', size, at('ra', 0))
    counter('read_ahead_cache_not_found', 'Total number of NFSd read ahead cache not found.', at('ra', 11))
    const packets = 'Total NFSd network packets (sent+received) by protocol type.'
    counter('packets', packets, at('net', 1), { proto: 'udp' })
    counter('packets', packets, at('net', 2), { proto: 'tcp' })
    counter('connections', 'Total number of NFSd TCP connections.', at('net', 3))
    const errors = 'Total number of NFSd RPC errors by error type.'
    for (const [column, error] of [[2, 'fmt'] as const, [3, 'auth'] as const, [4, 'cInt'] as const]) {
      counter('rpc_errors', errors, at('rpc', column), { error })
    }
    counter('server_rpcs', 'Total number of NFSd RPCs.', at('rpc', 0))
    addServerRequests(at, counter)
  },
}

function addServerRequests(
  at: (key: string, column: number) => number,
  counter: (name: string, help: string, value: number, labels: Record<string, string>) => void,
): void {
  const add = (proto: string, method: string, value: number): void =>
    counter('requests', 'Total number NFSd Requests by method and protocol.', value, { proto, method })
  for (const [proto, names] of [['2', VERSION_2] as const, ['3', VERSION_3] as const]) {
    for (const [index, method] of names.split(' ').entries()) {
      if (method !== 'Null') add(proto, method, at(`proc${proto}`, index + 1))
    }
  }
  for (const [index, method] of SERVER_OPERATIONS.split(' ').entries()) {
    if (method !== '-') add('4', method, at('proc4ops', index + 4))
  }
  add('4', 'WdelegGetattr', at('wdeleg_getattr', 0))
}

/** Lines of a key and numbers. */
function read({ files }: CollectorContext, path: string): Lines {
  return new Map(
    files.lines(files.proc(path)).map((line) => {
      const [key = '', ...values] = fields(line)
      return [key, values.map(Number)]
    }),
  )
}
