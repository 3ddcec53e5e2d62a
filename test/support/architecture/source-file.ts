import { posix } from 'node:path';
import { parseSync } from 'vite';

/** One place where a file leans on another file or on a package; of every form that the language has for it. */
export type Import = {
  /** As it is written; null where it is made at run time, so that nobody can read it. */
  specifier: string | null;
  /** The file that it names, from the project's root; null for a package. */
  target: string | null;
  /** Null for a file, and for what Node itself brings. */
  package: string | null;
  line: number;
};

export type SourceFile = {
  /** From the project's root, with `/`. */
  path: string;
  lineCount: number;
  imports: readonly Import[];
  /** Lines that read the environment. */
  environmentReads: readonly number[];
  /** Lines with `export *`, which hides what a file offers. */
  starExports: readonly number[];
};

type Node = { type: string; start: number } & Record<string, unknown>;

/** Reads what a TypeScript file imports. @throws Error when it does not parse */
export function readSourceFile(path: string, text: string): SourceFile {
  const { program, errors } = parseSync(path, text);
  if (errors[0]) throw new Error(`${path} does not parse: ${errors[0].message}`);
  const imports: Import[] = [];
  const environmentReads: number[] = [];
  const starExports: number[] = [];
  const constants = constantsOf(program);
  const lineOf = (node: Node) => text.slice(0, node.start).split('\n').length;
  visit(program, (node) => {
    const specifier = specifierOf(node, constants);
    if (specifier !== undefined) imports.push(importOf(path, specifier, lineOf(node)));
    if (readsEnvironment(node)) environmentReads.push(lineOf(node));
    if (node.type === 'ExportAllDeclaration') starExports.push(lineOf(node));
  });
  return { path, lineCount: text.trimEnd().split('\n').length, imports, environmentReads, starExports };
}

function visit(value: unknown, onNode: (node: Node) => void): void {
  if (Array.isArray(value)) for (const entry of value) visit(entry, onNode);
  else if (isNode(value)) {
    onNode(value);
    for (const child of Object.values(value)) visit(child, onNode);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

/** What a node imports; undefined when it is no import, null when only the running program knows. */
function specifierOf(node: Node, constants: ReadonlyMap<string, string>): string | null | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'TSImportType':
      return textOf(node.source);
    case 'ImportExpression':
      return textOf(node.source) ?? constants.get(nameOf(node.source)) ?? null;
    case 'ExportNamedDeclaration':
      return node.source ? textOf(node.source) : undefined;
    case 'NewExpression':
      return codeAddress(node);
    case 'CallExpression':
      return isRequire(node.callee) ? (textOf(firstOf(node.arguments)) ?? undefined) : undefined;
    default:
      return undefined;
  }
}

/** Texts that the file itself names, at its top level, for an import that TypeScript must not look into. */
function constantsOf(program: unknown): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const statement of (program as { body: Node[] }).body) {
    if (statement.type !== 'VariableDeclaration' || statement.kind !== 'const') continue;
    for (const { id, init } of statement.declarations as Node[]) {
      const text = textOf(init);
      if (text !== null) found.set(nameOf(id), text);
    }
  }
  return found;
}

function nameOf(node: unknown): string {
  return isNode(node) && typeof node.name === 'string' ? node.name : '';
}

/** `new URL('./worker.ts', import.meta.url)`: code that a thread or another process is started with. */
function codeAddress(node: Node): string | undefined {
  if (!isNamed(node.callee, 'URL')) return undefined;
  const address = textOf(firstOf(node.arguments));
  return address !== null && /^\.{1,2}\/.*\.[cm]?[jt]s$/.test(address) ? address : undefined;
}

function isRequire(callee: unknown): boolean {
  if (isNamed(callee, 'require')) return true;
  const isMember = isNode(callee) && callee.type === 'MemberExpression';
  return (
    isMember && isNamed(callee.property, 'resolve') && isNode(callee.object) && callee.object.type === 'MetaProperty'
  );
}

function textOf(node: unknown): string | null {
  if (!isNode(node)) return null;
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node.type === 'TemplateLiteral') return plainTemplate(node);
  return null;
}

function plainTemplate({ quasis }: Node): string | null {
  const [only, ...more] = quasis as { value: { cooked: string | null } }[];
  return only && more.length === 0 ? only.value.cooked : null;
}

function firstOf(list: unknown): unknown {
  return Array.isArray(list) ? list[0] : undefined;
}

function isNamed(node: unknown, name: string): boolean {
  if (!isNode(node)) return false;
  return (node.type === 'Identifier' && node.name === name) || (node.type === 'Literal' && node.value === name);
}

/** `process.env`, however it is written: with brackets, below globalThis, taken apart, or imported from node:process. */
function readsEnvironment(node: Node): boolean {
  switch (node.type) {
    case 'MemberExpression':
      return isNamed(node.property, 'env') && isProcess(node.object);
    case 'VariableDeclarator':
      return isProcess(node.init) && isNode(node.id) && hasEnvKey(node.id.properties);
    case 'ImportDeclaration':
      return /^(node:)?process$/.test(textOf(node.source) ?? '') && hasEnvKey(node.specifiers);
    default:
      return false;
  }
}

function isProcess(node: unknown): boolean {
  return (
    isNamed(node, 'process') || (isNode(node) && node.type === 'MemberExpression' && isNamed(node.property, 'process'))
  );
}

function hasEnvKey(entries: unknown): boolean {
  return Array.isArray(entries) && entries.some((entry: Node) => isNamed(entry.key ?? entry.imported, 'env'));
}

function importOf(from: string, specifier: string | null, line: number): Import {
  const isFile = specifier?.startsWith('.') ?? false;
  const target = isFile && specifier !== null ? posix.join(posix.dirname(from), specifier) : null;
  return { specifier, target, package: isFile ? null : packageOf(specifier), line };
}

function packageOf(specifier: string | null): string | null {
  if (specifier === null || specifier.startsWith('node:')) return null;
  return /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? null;
}
