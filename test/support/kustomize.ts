import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

/** As Kubernetes reads it: 0440 is octal. */
const YAML = { version: '1.1' } as const;

/** An object of Kubernetes, as a manifest has it. */
export type Manifest = {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  data?: Record<string, string>;
  spec?: Record<string, unknown>;
};

type Kustomization = {
  resources: string[];
  namespace?: string;
  labels?: { pairs: Record<string, string>; includeTemplates?: boolean }[];
  images?: { name: string; newName: string; newTag: string }[];
  patches?: { target: { kind: string; name?: string }; patch: string }[];
};
type Step = { op: string; path: string; value: unknown };

const KNOWN = ['apiVersion', 'kind', 'resources', 'namespace', 'labels', 'images', 'patches'];

/**
 * What `kubectl kustomize` makes of a folder, as far as ours use it, so that a machine without kubectl can try them, too.
 * @throws Error that names what it does not know
 */
export async function renderKustomization(folder: string): Promise<Manifest[]> {
  const own = parse(await readFile(join(folder, 'kustomization.yaml'), 'utf8')) as Kustomization;
  const unknown = Object.keys(own).filter((key) => !KNOWN.includes(key));
  if (unknown.length > 0) throw new Error(`${folder}: this renderer does not know ${unknown.join(', ')}`);
  const manifests = (await Promise.all(own.resources.map((path) => load(join(folder, path))))).flat();
  for (const manifest of manifests) {
    for (const { target, patch } of own.patches ?? []) {
      const isMeant =
        manifest.kind === target.kind && (target.name ?? manifest.metadata.name) === manifest.metadata.name;
      if (isMeant) for (const step of parse(patch) as Step[]) apply(manifest, step);
    }
    label(manifest, own);
    name(manifest, own);
  }
  return manifests;
}

async function load(path: string): Promise<Manifest[]> {
  if ((await stat(path)).isDirectory()) return renderKustomization(path);
  return parseAllDocuments(await readFile(path, 'utf8'), YAML).map((document) => document.toJS() as Manifest);
}

/** A step of a JSON patch (RFC 6902): `add` and `replace` of a member. */
function apply(manifest: Manifest, { op, path, value }: Step): void {
  const keys = path.slice(1).split('/');
  const last = keys.pop() ?? '';
  let place: unknown = manifest;
  for (const key of keys) place = (place as Record<string, unknown>)[key];
  const isThere = typeof place === 'object' && place !== null && last in place;
  if (op !== 'add' && !(op === 'replace' && isThere))
    throw new Error(`cannot ${op} ${path} of ${manifest.metadata.name}`);
  (place as Record<string, unknown>)[last] = value;
}

function label(manifest: Manifest, { labels = [] }: Kustomization): void {
  const template = templateOf(manifest);
  for (const { pairs, includeTemplates = false } of labels) {
    manifest.metadata.labels = { ...manifest.metadata.labels, ...pairs };
    if (template && includeTemplates) template.metadata.labels = { ...template.metadata.labels, ...pairs };
  }
}

/** Its namespace, and the images of its containers. */
function name(manifest: Manifest, { namespace, images = [] }: Kustomization): void {
  if (namespace !== undefined && manifest.kind !== 'Namespace') manifest.metadata.namespace = namespace;
  for (const container of templateOf(manifest)?.spec.containers ?? []) {
    const image = images.find((each) => each.name === container.image);
    if (image) container.image = `${image.newName}:${image.newTag}`;
  }
}

type Template = { metadata: { labels?: Record<string, string> }; spec: { containers: { image: string }[] } };

function templateOf({ spec }: Manifest): Template | undefined {
  return spec?.template as Template | undefined;
}
