import type { Collector } from './collector.ts'
import { fields } from './host-files.ts'

/** Lines of `/sys/fs/xfs/<device>/stats/stats`, their columns, and upstream's words for each. */
const LINES: Readonly<Record<string, readonly (readonly [name: string, help: string] | undefined)[]>> = {
  extent_alloc: [
    ['extent_allocation_extents_allocated', 'Number of extents allocated for a filesystem.'],
    ['extent_allocation_blocks_allocated', 'Number of blocks allocated for a filesystem.'],
    ['extent_allocation_extents_freed', 'Number of extents freed for a filesystem.'],
    ['extent_allocation_blocks_freed', 'Number of blocks freed for a filesystem.'],
  ],
  abt: btree('allocation_btree', 'allocation B-tree'),
  blk_map: [
    ['block_mapping_reads', 'Number of block map for read operations for a filesystem.'],
    ['block_mapping_writes', 'Number of block map for write operations for a filesystem.'],
    ['block_mapping_unmaps', 'Number of block unmaps (deletes) for a filesystem.'],
    ['block_mapping_extent_list_insertions', 'Number of extent list insertions for a filesystem.'],
    ['block_mapping_extent_list_deletions', 'Number of extent list deletions for a filesystem.'],
    ['block_mapping_extent_list_lookups', 'Number of extent list lookups for a filesystem.'],
    ['block_mapping_extent_list_compares', 'Number of extent list compares for a filesystem.'],
  ],
  bmbt: btree('block_map_btree', 'block map B-tree'),
  dir: [
    [
      'directory_operation_lookup',
      'Number of file name directory lookups which miss the operating systems directory name lookup cache.',
    ],
    ['directory_operation_create', 'Number of times a new directory entry was created for a filesystem.'],
    ['directory_operation_remove', 'Number of times an existing directory entry was created for a filesystem.'],
    [
      'directory_operation_getdents',
      'Number of times the directory getdents operation was performed for a filesystem.',
    ],
  ],
  ig: [
    ['inode_operation_attempts', 'Number of times the OS looked for an XFS inode in the inode cache.'],
    ['inode_operation_found', 'Number of times the OS looked for and found an XFS inode in the inode cache.'],
    [
      'inode_operation_recycled',
      'Number of times the OS found an XFS inode in the cache, but could not use it as it was being recycled.',
    ],
    ['inode_operation_missed', 'Number of times the OS looked for an XFS inode in the cache, but did not find it.'],
    [
      'inode_operation_duplicates',
      'Number of times the OS tried to add a missing XFS inode to the inode cache, but found it had already been added by another process.',
    ],
    [
      'inode_operation_reclaims',
      'Number of times the OS reclaimed an XFS inode from the inode cache to free memory for another purpose.',
    ],
    ['inode_operation_attribute_changes', 'Number of times the OS explicitly changed the attributes of an XFS inode.'],
  ],
  rw: [
    ['write_calls', 'Number of write(2) system calls made to files in a filesystem.'],
    ['read_calls', 'Number of read(2) system calls made to files in a filesystem.'],
  ],
  vnodes: [
    ['vnode_active', 'Number of vnodes not on free lists for a filesystem.'],
    ['vnode_allocate', 'Number of times vn_alloc called for a filesystem.'],
    ['vnode_get', 'Number of times vn_get called for a filesystem.'],
    ['vnode_hold', 'Number of times vn_hold called for a filesystem.'],
    ['vnode_release', 'Number of times vn_rele called for a filesystem.'],
    ['vnode_reclaim', 'Number of times vn_reclaim called for a filesystem.'],
    ['vnode_remove', 'Number of times vn_remove called for a filesystem.'],
  ],
}

export const xfs: Collector = {
  name: 'xfs',
  isOnByDefault: true,
  collect({ files, page }) {
    const devices = files.names(files.sys('fs/xfs')).filter((name) => files.names(files.sys('fs/xfs', name)).length > 0)
    for (const device of devices) {
      const text = files.optionalText(files.sys('fs/xfs', device, 'stats/stats'))
      // The directory `stats` beside the devices sums them up.
      if (text === undefined) continue
      for (const line of text.split('\n')) {
        const [label = '', ...values] = fields(line)
        for (const [column, known] of (LINES[label] ?? []).entries()) {
          if (!known || values[column] === undefined) continue
          page.counter(`node_xfs_${known[0]}_total`, known[1], Number(values[column]), { device })
        }
      }
    }
  },
}

function btree(name: string, what: string): readonly (readonly [string, string])[] {
  return [
    [`${name}_lookups`, `Number of ${what} lookups for a filesystem.`],
    [`${name}_compares`, `Number of ${what} compares for a filesystem.`],
    [`${name}_records_inserted`, `Number of ${what} records inserted for a filesystem.`],
    [`${name}_records_deleted`, `Number of ${what} records deleted for a filesystem.`],
  ]
}
