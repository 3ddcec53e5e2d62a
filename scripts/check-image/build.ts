import { join } from 'node:path';
import { containers, IMAGE, PROJECT } from './podman.ts';
import { must, type Step } from './step.ts';

const BASE = 'localhost/parley-base';

/** As `docker build -f deploy/Dockerfile .`, in Docker's format, which keeps the health check. */
export async function buildImage({ fromRegistry, step }: { fromRegistry: boolean; step: Step }): Promise<void> {
  const base = fromRegistry ? [] : ['--build-arg', `NODE_IMAGE=${BASE}`];
  if (!fromRegistry) {
    const node = join(PROJECT, 'node_modules/node');
    const script = join(PROJECT, 'test/support/containers/make-base.sh');
    await step('a base image of this machine’s files', () => containers('bash', script, BASE, node));
  }
  const build = [
    'build',
    '--isolation',
    'chroot',
    '--format',
    'docker',
    ...base,
    '-f',
    'deploy/Dockerfile',
    '-t',
    IMAGE,
  ];
  await step('deploy/Dockerfile builds', () => containers('buildah', ...build, '.'));
  await step('the image has an unprivileged user, a volume and a health check', async () => {
    const [image] = JSON.parse(await containers('podman', 'image', 'inspect', IMAGE)) as {
      Config: { User: string; Volumes: Record<string, unknown> };
      HealthCheck?: unknown;
      Healthcheck?: unknown;
    }[];
    must(image?.Config.User === '1000:1000', `it runs as ${image?.Config.User}`);
    must('/data' in (image?.Config.Volumes ?? {}), '/data is no volume');
    must((image?.HealthCheck ?? image?.Healthcheck) !== undefined, 'it has no health check');
  });
}
