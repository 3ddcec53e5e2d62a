import { createFolderStorage } from './folder-storage.ts';
import type { ObjectStorage, ObjectStorageOptions } from './object-storage.ts';
import { createS3Storage } from './s3-storage.ts';

/** `location` is a folder, or `s3://bucket/prefix`; region, credentials and endpoint are found as everywhere with AWS. */
export function createObjectStorage(location: string, options: ObjectStorageOptions): ObjectStorage {
  return location.startsWith('s3://') ? createS3Storage(location, options) : createFolderStorage(location);
}
