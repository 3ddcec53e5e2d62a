import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';

export type S3Peer = { endpoint: string; stop(): Promise<void> };

/** A real S3 service in this process with one empty bucket; the AWS library of this process finds it by itself. */
export async function startS3(bucket: string): Promise<S3Peer> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-s3-'));
  const server = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory,
    configureBuckets: [{ name: bucket, configs: [] }],
  });
  const { port } = await server.run();
  const endpoint = `http://127.0.0.1:${port}`;
  const variables = {
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'S3RVER',
    AWS_SECRET_ACCESS_KEY: 'S3RVER',
  };
  Object.assign(process.env, variables);
  return {
    endpoint,
    stop: async () => {
      for (const name of Object.keys(variables)) delete process.env[name];
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
