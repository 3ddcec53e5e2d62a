import { parseSync } from 'vite';
import type { Column, ColumnKind, Tables } from './table.ts';

type Node = { type: string } & Record<string, unknown>;
type Aliases = ReadonlyMap<string, { parameters: readonly string[]; body: Node }>;
/** What a type's parameters stand for. */
type Bindings = ReadonlyMap<string, Node>;

/**
 * Reads the tables out of schema.ts: the members of the type `name`, followed through aliases. Types are gone at run time,
 * so the text is all there is to compare with. @throws Error on a form of type that it does not know
 */
export function readSchemaTypes(text: string, name: string): Tables {
  const aliases = aliasesOf(text);
  const tables = membersOf(lookUp(aliases, name).body).map(([table, type]) => {
    const columns = membersOf(lookUp(aliases, referenceName(type)).body);
    return [table, new Map(columns.map(([column, node]) => [column, columnOf(node, aliases)]))] as const;
  });
  return new Map(tables);
}

function aliasesOf(text: string): Aliases {
  const { program, errors } = parseSync('schema.ts', text);
  if (errors[0]) throw new Error(errors[0].message);
  const declarations = (program.body as unknown as Node[])
    .map((node) => (node.type === 'ExportNamedDeclaration' ? (node.declaration as Node | null) : node))
    .filter((node) => node?.type === 'TSTypeAliasDeclaration') as Node[];
  return new Map(
    declarations.map((node) => {
      const parameters = ((node.typeParameters as Node | null)?.params ?? []) as { name: { name: string } }[];
      const alias = {
        parameters: parameters.map((parameter) => parameter.name.name),
        body: node.typeAnnotation as Node,
      };
      return [(node.id as { name: string }).name, alias];
    }),
  );
}

function lookUp(aliases: Aliases, name: string) {
  const alias = aliases.get(name);
  if (!alias) throw new Error(`schema.ts has no type ${name}.`);
  return alias;
}

function membersOf(type: Node): [string, Node][] {
  if (type.type !== 'TSTypeLiteral') throw new Error(`Expected an object type, found ${type.type}.`);
  return (type.members as Node[]).map((member) => {
    const key = member.key as { name?: string; value?: string };
    return [key.name ?? String(key.value), (member.typeAnnotation as Node).typeAnnotation as Node];
  });
}

function columnOf(type: Node, aliases: Aliases): Column {
  const column: Mutable<Column> = { kind: 'string', nullable: false, hasDefault: false, values: null };
  const kinds = new Set(branches(type, aliases, new Map()).flatMap((branch) => readBranch(branch, aliases, column)));
  const [kind, ...more] = [...kinds];
  if (kind === undefined || more.length > 0)
    throw new Error(`A column is of ${[...kinds].join(' and ') || 'no kind'}.`);
  return { ...column, kind };
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type Branch = { node: Node; bindings: Bindings };

/** The members of a union, through aliases and their parameters. */
function branches(node: Node, aliases: Aliases, bindings: Bindings): Branch[] {
  if (node.type === 'TSUnionType') return (node.types as Node[]).flatMap((each) => branches(each, aliases, bindings));
  if (node.type !== 'TSTypeReference') return [{ node, bindings }];
  const name = referenceName(node);
  const bound = bindings.get(name);
  if (bound) return branches(bound, aliases, new Map());
  const alias = aliases.get(name);
  if (!alias) return [{ node, bindings }];
  const given = alias.parameters.map((parameter, index) => [parameter, argumentsOf(node)[index] as Node] as const);
  return branches(alias.body, aliases, new Map(given));
}

/** Notes what a branch says about the column, and returns its kind if it has one. */
function readBranch({ node, bindings }: Branch, aliases: Aliases, column: Mutable<Column>): ColumnKind[] {
  if (node.type === 'TSNullKeyword') {
    column.nullable = true;
    return [];
  }
  if (node.type === 'TSLiteralType') {
    column.values = [...(column.values ?? []), (node.literal as { value: string }).value];
    return ['string'];
  }
  if (node.type !== 'TSTypeReference') return [plainKind(node, aliases, column)];
  const [first, second] = argumentsOf(node);
  switch (referenceName(node)) {
    case 'Date':
      return ['date'];
    case 'Buffer':
      return ['bytes'];
    case 'Generated':
      column.hasDefault = true;
      return branches(first as Node, aliases, bindings).flatMap((branch) => readBranch(branch, aliases, column));
    case 'ColumnType':
      return columnType(first as Node, second as Node, aliases, bindings, column);
    default:
      throw new Error(`The test does not know the type ${referenceName(node)}: teach it.`);
  }
}

/** `ColumnType<Select, Insert, Update>`: JSON is what is read as anything and written as a string. */
function columnType(select: Node, insert: Node, aliases: Aliases, bindings: Bindings, column: Mutable<Column>) {
  const inserted = branches(insert, aliases, bindings).map(({ node }) => node.type);
  if (inserted.includes('TSUndefinedKeyword')) column.hasDefault = true;
  const selected = branches(select, aliases, bindings);
  const readAsText = selected.every(({ node }) => node.type === 'TSStringKeyword' || node.type === 'TSLiteralType');
  if (inserted.includes('TSStringKeyword') && !readAsText) return ['json' as const];
  return selected.flatMap((branch) => readBranch(branch, aliases, column));
}

function plainKind(node: Node, aliases: Aliases, column: Mutable<Column>): ColumnKind {
  switch (node.type) {
    case 'TSStringKeyword':
      return 'string';
    case 'TSNumberKeyword':
      return 'number';
    case 'TSBooleanKeyword':
      return 'boolean';
    case 'TSArrayType': {
      const element: Mutable<Column> = { kind: 'string', nullable: false, hasDefault: false, values: null };
      const kinds = branches(node.elementType as Node, aliases, new Map()).flatMap((each) =>
        readBranch(each, aliases, element),
      );
      if (kinds.some((kind) => kind !== 'string')) throw new Error('Only arrays of text are known to the test.');
      column.values = element.values;
      return 'string[]';
    }
    default:
      throw new Error(`The test does not know types of the form ${node.type}: teach it.`);
  }
}

function referenceName(node: Node): string {
  return (node.typeName as { name?: string } | undefined)?.name ?? node.type;
}

function argumentsOf(node: Node): Node[] {
  return ((node.typeArguments as Node | null)?.params ?? []) as Node[];
}
