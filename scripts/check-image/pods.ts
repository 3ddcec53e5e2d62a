import { randomBytes } from 'node:crypto';
import { chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePort } from '../../test/support/free-port.ts';
import { type Manifest, renderKustomization } from '../../test/support/kustomize.ts';
import { printedCredential } from '../../test/support/parley-process.ts';
import { asClient, startCluster } from '../../test/support/postgres/cluster.ts';
import { findPostgres } from '../../test/support/postgres/installation.ts';
import { startRedis } from '../../test/support/redis.ts';
import { IMAGE, PROJECT, podman } from './podman.ts';
import { must, type Step, until } from './step.ts';
import { askAbout, isReady } from './user.ts';

/** Of the image, and of the Pods. */
const USER = 1000;

type Probe = { httpGet: { path: string } };
type Container = { name: string; livenessProbe?: Probe; readinessProbe?: Probe; startupProbe?: Probe };
type Volume = { name: string; secret?: { secretName: string } };
type PodSpec = { containers: Container[]; volumes: Volume[] };

/** The Pods that `kubectl apply -k deploy/kubernetes/overlays/production` would make: the migration, a server, a worker. */
export async function checkPods(step: Step): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-pods-'));
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const manifests = await renderKustomization(join(PROJECT, 'deploy/kubernetes/overlays/production'));
  await using services = await startServices();
  const secrets = join(folder, 'secrets');
  await mkdir(secrets);
  await writeSecrets(secrets, services);
  const started: string[] = [];
  const play = async (name: string) => {
    const path = join(folder, `${name}.yaml`);
    const parts = [settingsOf(manifests, port), podOf(manifests, name, secrets)];
    await writeFile(path, parts.map((part) => stringify(part)).join('---\n'));
    started.push(path);
    await podman('play', 'kube', '--network', 'host', path);
  };
  try {
    await step('the Pod of the migration migrates, and ends with 0', async () => {
      await play('parley-migrate');
      const code = (await podman('wait', 'parley-migrate-migrate')).trim();
      must(code === '0', `it ended with ${code}: ${await podman('logs', 'parley-migrate-migrate')}`);
    });
    await step('the Pod of the server is ready, where its probes look', async () => {
      await play('parley-server');
      await until('ready', 120, () => isReady(address));
      for (const path of probesOf(manifests)) must((await fetch(address + path)).status === 200, `${path} is not 200`);
    });
    await step('with the Pod of the worker, what it ships is ingested, asked about and cited', async () => {
      await play('parley-worker');
      const printed = printedCredential(await podman('logs', 'parley-server-server'));
      await until('answered with a citation', 120, () => askAbout(address, printed));
    });
    await step('both end on a signal, with exit code 0', async () => {
      for (const name of ['parley-server-server', 'parley-worker-worker']) {
        await podman('stop', '--time', '45', name);
        must((await podman('wait', name)).trim() === '0', `${name} ended with another`);
      }
    });
  } catch (error) {
    const said = await podman('pod', 'logs', '--tail', '30', 'parley-server').catch(() => '');
    process.stdout.write(said);
    throw error;
  } finally {
    for (const path of started) await podman('play', 'kube', '--down', path).catch(() => '');
    await rm(folder, { recursive: true });
  }
}

type Services = AsyncDisposable & { database: string; redis: string };

async function startServices(): Promise<Services> {
  const installation = await findPostgres();
  if (typeof installation === 'string') throw new Error(installation);
  const [cluster, redis] = [await startCluster(installation), await startRedis()];
  await asClient(cluster.superuser, (client) => client.query('CREATE DATABASE parley OWNER parley'));
  await asClient({ ...cluster.superuser, database: 'parley' }, (client) =>
    client.query('CREATE EXTENSION vector SCHEMA public'),
  );
  const url = new URL(cluster.url);
  url.pathname = '/parley';
  return {
    database: url.href,
    redis: redis.url,
    [Symbol.asyncDispose]: async () => {
      await redis[Symbol.asyncDispose]();
      await cluster.stop();
    },
  };
}

/** As `kubectl create secret generic parley --from-file=…` mounts them: files that only the Pod's user reads. */
async function writeSecrets(folder: string, { database, redis }: Services): Promise<void> {
  const texts = { database_url: database, redis_url: redis, secret_key: randomBytes(36).toString('base64url') };
  for (const [name, text] of Object.entries(texts)) {
    await writeFile(join(folder, name), text, { mode: 0o440 });
    await chown(join(folder, name), USER, USER);
  }
  await chown(folder, USER, USER);
}

/** As they are shipped, but for the port and the name under which this machine asks. */
function settingsOf(manifests: readonly Manifest[], port: number): Manifest {
  const { namespace: _, ...metadata } = named(manifests, 'parley-settings').metadata;
  const { data } = named(manifests, 'parley-settings');
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata,
    data: { ...data, PORT: String(port), TRUSTED_HOSTS: '127.0.0.1' },
  };
}

/**
 * The Pod of a Deployment or Job, but for two things that Podman does otherwise: it asks probes with a `curl` that the image does
 * not have (they are asked from here), and Podman 4.3 does not decode a Secret (its files are mounted instead).
 */
function podOf(manifests: readonly Manifest[], name: string, secrets: string): object {
  const { metadata, spec } = templateOf(manifests, name);
  const containers = spec.containers.map(
    ({ livenessProbe: _l, readinessProbe: _r, startupProbe: _s, ...container }) => ({
      ...container,
      image: IMAGE,
      imagePullPolicy: 'Never',
      ports: [],
    }),
  );
  const volumes = spec.volumes.map((volume) =>
    volume.secret ? { name: volume.name, hostPath: { path: secrets, type: 'Directory' } } : volume,
  );
  const pod = { ...spec, containers, volumes, hostNetwork: true };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name }, spec: pod };
}

function probesOf(manifests: readonly Manifest[]): string[] {
  return templateOf(manifests, 'parley-server').spec.containers.flatMap((container) =>
    [container.livenessProbe, container.readinessProbe, container.startupProbe].flatMap(
      (probe) => probe?.httpGet.path ?? [],
    ),
  );
}

function templateOf(manifests: readonly Manifest[], name: string): { metadata: object; spec: PodSpec } {
  return named(manifests, name).spec?.template as { metadata: object; spec: PodSpec };
}

/** Deployments and Jobs have names of their own; disruption budgets and autoscalers share theirs. */
function named(manifests: readonly Manifest[], name: string): Manifest {
  const found = manifests.find(
    ({ kind, metadata }) => metadata.name === name && ['Job', 'Deployment', 'ConfigMap'].includes(kind),
  );
  if (!found) throw new Error(`deploy/kubernetes has no ${name}.`);
  return found;
}
