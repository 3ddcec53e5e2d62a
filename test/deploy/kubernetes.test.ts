import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import type { Setting } from '../../src/app/setting.ts';
import { settings } from '../../src/app/settings.ts';
import { type Manifest, renderKustomization } from '../support/kustomize.ts';

type Container = {
  name: string;
  image: string;
  args: string[];
  resources: { requests: Record<string, string>; limits: Record<string, string> };
  securityContext: unknown;
  [probe: string]: unknown;
};
type PodTemplate = {
  metadata: { labels: Record<string, string> };
  spec: { containers: Container[]; securityContext: unknown; automountServiceAccountToken: boolean };
};

const folder = join(import.meta.dirname, '..', '..', 'deploy', 'kubernetes', 'overlays');
const kubectl = ['/usr/bin/kubectl', '/usr/local/bin/kubectl'].find(existsSync);

const render = (overlay: string): Promise<Manifest[]> => renderKustomization(join(folder, overlay));

/** As `kubectl apply -k` would send them. */
async function kubectlRenders(overlay: string): Promise<Manifest[]> {
  const { stdout } = await promisify(execFile)(kubectl as string, ['kustomize', join(folder, overlay)]);
  return parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
}

function podTemplates(manifests: readonly Manifest[]): PodTemplate[] {
  return manifests.flatMap(({ spec }) => (spec?.template ? [spec.template as PodTemplate] : []));
}

function containersOf(spec: Manifest['spec']): Container[] {
  const template = spec?.template as PodTemplate | undefined;
  return template?.spec.containers ?? [];
}

/** The types that Kubernetes itself publishes, as JSON schemas. */
async function validate(manifest: Manifest): Promise<void> {
  const [group, version] = manifest.apiVersion.includes('/')
    ? manifest.apiVersion.split('/')
    : ['', manifest.apiVersion];
  const path = ['kubernetes-models', group, version, manifest.kind].filter(Boolean).join('/');
  const models = (await import(path)) as Record<string, new (given: unknown) => { validate(): void }>;
  const Model = models[manifest.kind];
  if (!Model) throw new Error(`Kubernetes has no ${manifest.apiVersion} ${manifest.kind}.`);
  new Model(manifest).validate();
}

describe.each(['development', 'staging', 'production'])('the manifests for %s', (overlay) => {
  let manifests: Manifest[];
  beforeAll(async () => {
    manifests = await render(overlay);
  });
  const one = (kind: string, name: string) =>
    manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name) as Manifest;

  test('are what Kubernetes takes', async () => {
    expect(manifests.length).toBeGreaterThan(10);
    for (const manifest of manifests) await validate(manifest);
  });

  // Debian 12's kubectl is too old for them, so machines of CI do without.
  test.skipIf(!kubectl)('are read here as kubectl reads them', async () => {
    const byName = ({ kind, metadata }: Manifest) => `${kind} ${metadata.name}`;
    const sorted = (all: readonly Manifest[]) => all.toSorted((a, b) => byName(a).localeCompare(byName(b)));
    expect(sorted(manifests)).toEqual(sorted(await kubectlRenders(overlay)));
  });

  test('run as nobody, write nothing, may nothing', () => {
    const pods = podTemplates(manifests);
    expect(pods.flatMap(({ spec }) => spec.containers.map(({ name }) => name)).sort()).toEqual([
      'migrate',
      'server',
      'worker',
    ]);
    for (const { spec } of pods) {
      expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
      expect(spec.automountServiceAccountToken).toBe(false);
      for (const { securityContext } of spec.containers) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      }
    }
    const namespace = manifests.find(({ kind }) => kind === 'Namespace') as Manifest;
    expect(namespace.metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' });
  });

  test('hold settings that the program has, and no secret', () => {
    const all: Setting<unknown>[] = Object.values(settings);
    const known = all.flatMap(({ env, secret }) => (secret ? [`${env}_FILE`] : [env]));
    const { data = {} } = one('ConfigMap', 'parley-settings');
    expect(Object.keys(data).filter((name) => !known.includes(name))).toEqual([]);
    expect(data.ENVIRONMENT).toBe(overlay);
    expect(manifests.filter(({ kind }) => kind === 'Secret')).toEqual([]);
  });

  test('let the policies and the autoscaler find the Pods that they are for', () => {
    const labels = podTemplates(manifests).map(({ metadata }) => metadata.labels);
    const policy = one('NetworkPolicy', 'parley').spec as { podSelector: { matchLabels: Record<string, string> } };
    for (const own of labels) expect(own).toMatchObject(policy.podSelector.matchLabels);
    const scaler = one('HorizontalPodAutoscaler', 'parley-server').spec as { scaleTargetRef: { name: string } };
    expect(one('Deployment', scaler.scaleTargetRef.name)).toBeDefined();
    for (const budget of manifests.filter(({ kind }) => kind === 'PodDisruptionBudget')) {
      const { selector } = budget.spec as { selector: { matchLabels: Record<string, string> } };
      expect(
        labels.filter((own) => Object.entries(selector.matchLabels).every(([name, value]) => own[name] === value)),
      ).toHaveLength(1);
    }
  });
});

describe('the manifests for production', () => {
  test('probe what the server serves, and give it 1 to 2 processors and 1 to 2 GB', async () => {
    const { spec } = (await render('production')).find(({ metadata }) => metadata.name === 'parley-server') as Manifest;
    const [server] = containersOf(spec) as [Container];
    expect(server.resources).toEqual({
      requests: { cpu: '1', memory: '1Gi' },
      limits: { cpu: '2', memory: '2Gi' },
    });
    expect(server.livenessProbe).toMatchObject({ httpGet: { path: '/health/live' } });
    expect(server.readinessProbe).toMatchObject({ httpGet: { path: '/ready' } });
    expect(server.startupProbe).toMatchObject({ httpGet: { path: '/health/live' } });
    expect(server.image).toBe(`ghcr.io/parley/parley:${packageJson.version}`);
  });

  test('have the new version’s migrations run before its servers', async () => {
    const { spec } = (await render('production')).find(({ kind }) => kind === 'Job') as Manifest;
    expect(containersOf(spec).map(({ args }) => args)).toEqual([['migrate', 'up']]);
  });
});
