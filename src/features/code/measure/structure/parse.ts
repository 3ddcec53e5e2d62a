import { createRequire } from 'node:module';
import type { Node, Parser, Query, Tree } from '@vscode/tree-sitter-wasm';
import type { Grammar } from '../languages.ts';
import { queryOf } from './queries.ts';
import { type Mark, type Structure, structureFrom } from './structure.ts';

/** Steps of the parser (some hundred operations each) for a kilobyte of text. Real code takes 8; a knot of faults or ambiguities, thousands. */
const STEPS_PER_KB = 100;
const NESTED_TYPES = /^(function|arrow|method|generator|lambda|closure|func|anonymous)/;

const require = createRequire(import.meta.url);
type TreeSitter = typeof import('@vscode/tree-sitter-wasm');

/** Reads the structure of program text by tree-sitter's grammars. One for a thread: what it holds is WebAssembly's memory. */
export class StructureReader {
  private module: TreeSitter;
  private readonly ready = new Map<Grammar, Promise<{ parser: Parser; query: Query }>>();

  private constructor(module: TreeSitter) {
    this.module = module;
  }

  static async open(): Promise<StructureReader> {
    return new StructureReader(await freshModule());
  }

  /** @throws Error where the text takes the parser too long, or breaks it; the reader is as good as new afterwards */
  async read(text: string, grammar: Grammar): Promise<Structure> {
    try {
      const { parser, query } = await this.prepared(grammar);
      return readTree(parser, query, text);
    } catch (error) {
      if (error instanceof TooAmbiguousError) throw error;
      // What trapped may have left its memory in any state.
      this.module = await freshModule();
      this.ready.clear();
      throw error;
    }
  }

  private prepared(grammar: Grammar): Promise<{ parser: Parser; query: Query }> {
    const known = this.ready.get(grammar);
    if (known) return known;
    const made = this.prepare(grammar);
    this.ready.set(grammar, made);
    return made;
  }

  private async prepare(grammar: Grammar): Promise<{ parser: Parser; query: Query }> {
    const { Language, Parser, Query } = this.module;
    const language = await Language.load(require.resolve(`@vscode/tree-sitter-wasm/wasm/tree-sitter-${grammar}.wasm`));
    const parser = new Parser();
    parser.setLanguage(language);
    return { parser, query: new Query(language, queryOf(grammar)) };
  }
}

export class TooAmbiguousError extends Error {}

async function freshModule(): Promise<TreeSitter> {
  const path = require.resolve('@vscode/tree-sitter-wasm');
  delete require.cache[path];
  const module = require(path) as TreeSitter;
  await module.Parser.init();
  return module;
}

function readTree(parser: Parser, query: Query, text: string): Structure {
  const tree = parse(parser, text);
  try {
    return structureFrom(query.captures(tree.rootNode).map(({ name, node }) => markOf(name as Mark['kind'], node)));
  } finally {
    tree.delete();
  }
}

/** Steps are counted, not milliseconds: whether a text is too much does not depend on the machine. */
function parse(parser: Parser, text: string): Tree {
  let left = STEPS_PER_KB * (10 + text.length / 1024);
  const progressCallback = (() => --left < 0) as unknown as () => void;
  const tree = parser.parse(text, null, { progressCallback });
  if (tree) return tree;
  parser.reset();
  throw new TooAmbiguousError('the parser did not come to an end');
}

function markOf(kind: Mark['kind'], node: Node): Mark {
  const named = kind === 'function' || kind === 'class';
  return {
    kind,
    start: node.startIndex,
    end: node.endIndex,
    line: node.startPosition.row + 1,
    endLine: node.endPosition.row + 1,
    name: named ? nameOf(node) : '',
    parameters: kind === 'function' ? parametersOf(node) : 0,
  };
}

/** Its own name, or that of what it is given to. */
function nameOf(node: Node): string {
  const own = node.childForFieldName('name') ?? declaredName(node.childForFieldName('declarator'));
  if (own) return short(own.text);
  const { parent } = node;
  if (!parent || !NESTED_TYPES.test(node.type)) return '';
  const given = parent.childForFieldName('name') ?? parent.childForFieldName('key') ?? parent.childForFieldName('left');
  return given && given.id !== node.id ? short(given.text) : '';
}

/** C writes a name within what it declares: `int *(name)(void)`. */
function declaredName(declarator: Node | null): Node | null {
  let inner = declarator;
  for (let next = inner; next; next = next.childForFieldName('declarator')) inner = next;
  return inner;
}

function short(name: string): string {
  return (name.split('\n')[0] ?? '').trim().slice(0, 80);
}

function parametersOf(node: Node): number {
  const list = parameterList(node);
  if (!list) return node.childForFieldName('parameter') ? 1 : 0;
  return list.namedChildren.filter(
    (child) => child !== null && !/comment|attribute|_separator$|^self$/.test(child.type),
  ).length;
}

function parameterList(node: Node): Node | null {
  for (let inner: Node | null = node; inner; inner = inner.childForFieldName('declarator')) {
    const list = inner.childForFieldName('parameters');
    if (list) return list;
  }
  return null;
}
