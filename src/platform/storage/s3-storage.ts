import type { S3Client } from '@aws-sdk/client-s3';
import type { ObjectStorage, ObjectStorageOptions } from './object-storage.ts';

/** The library is loaded when the bucket is first used: it takes 20 MB and half a second. */
const library = () => import('@aws-sdk/client-s3');

export function createS3Storage(location: string, { pathStyle }: ObjectStorageOptions): ObjectStorage {
  const { host: bucket, pathname } = new URL(location);
  const root = pathname.replace(/^\/+|\/+$/g, '');
  const fullKey = (key: string) => (root === '' ? key : `${root}/${key}`);
  let opened: Promise<S3Client> | null = null;
  const client = () => {
    opened ??= library().then(({ S3Client }) => new S3Client({ forcePathStyle: pathStyle, maxAttempts: 4 }));
    return opened;
  };

  return {
    location,
    put: async (key, bytes) => {
      const { PutObjectCommand } = await library();
      await (await client()).send(new PutObjectCommand({ Bucket: bucket, Key: fullKey(key), Body: bytes }));
    },
    get: async (key) => {
      const { GetObjectCommand, NoSuchKey } = await library();
      try {
        const { Body } = await (await client()).send(new GetObjectCommand({ Bucket: bucket, Key: fullKey(key) }));
        return Body ? Buffer.from(await Body.transformToByteArray()) : Buffer.alloc(0);
      } catch (error) {
        if (error instanceof NoSuchKey) return null;
        throw error;
      }
    },
    list: async function* list(prefix, after) {
      const { paginateListObjectsV2 } = await library();
      const from = { Prefix: fullKey(prefix), ...(after !== undefined && { StartAfter: fullKey(after) }) };
      const pages = paginateListObjectsV2({ client: await client() }, { Bucket: bucket, ...from });
      for await (const { Contents = [] } of pages) {
        for (const { Key } of Contents) if (Key) yield root === '' ? Key : Key.slice(root.length + 1);
      }
    },
    delete: async (key) => {
      const { DeleteObjectCommand } = await library();
      await (await client()).send(new DeleteObjectCommand({ Bucket: bucket, Key: fullKey(key) }));
    },
  };
}
