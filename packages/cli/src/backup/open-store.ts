import type { Clock } from '@quartet/runtime'
import { nodeFileSystem } from '@quartet/storage'
import { resolve } from 'node:path'
import { FolderStore } from './folder-store.ts'
import type { ObjectStore } from './object-store.ts'
import { readS3Location } from './s3-location.ts'
import type { S3Flags } from './s3-location.ts'

export interface PlaceOptions {
  readonly s3: S3Flags
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** @param place a folder, or `s3://bucket/prefix` */
export async function openStore(place: string, options: PlaceOptions): Promise<ObjectStore> {
  if (!isS3(place)) return new FolderStore(nodeFileSystem, resolve(place))
  const { S3Store } = await import('./s3-store.ts')
  return new S3Store(readS3Location(place, options.s3, options.environment), options)
}

export function isS3(place: string): boolean {
  return place.startsWith('s3:')
}
