import { Parser } from 'htmlparser2';
import type { MarkupElement } from './element.ts';

/**
 * Real documents stay under 60 levels; the parser is quadratic and our walks are recursive in depth, so that a
 * hundred thousand nested tags have to end here.
 */
const MAX_DEPTH = 400;
/** Fed in pieces, so that what is too deep is noticed early. */
const PIECE = 1 << 16;

/** Raised for markup nested deeper than any document. */
export class TooDeepError extends Error {
  override readonly name = 'TooDeepError';
}

type ParseOptions = { html?: boolean };
/** Ancestors come outermost first and without children. */
type RecordHandler = (record: MarkupElement, ancestors: readonly MarkupElement[]) => void;

/**
 * The tree of a document, under a nameless root. Never fails on broken markup. Entities that a DTD declares are not
 * known to this parser, nor does it load anything: neither expansion bombs nor external entities are possible.
 */
export function parseMarkup(source: string, options: ParseOptions = {}): MarkupElement {
  const root: MarkupElement = { name: '', attributes: {}, children: [] };
  const open = [root];
  run(source, options, {
    onOpen: (element) => {
      (open.at(-1) ?? root).children.push(element);
      open.push(element);
    },
    onClose: () => {
      if (open.length > 1) open.pop();
    },
    onText: (text) => pushText(open.at(-1) ?? root, text),
  });
  return root;
}

/**
 * Calls back with each outermost element that `isRecord` names, as a tree, when it ends; the rest is not kept.
 * So a sheet of a million rows needs the memory of one row.
 */
export function streamXml(source: string, isRecord: (name: string) => boolean, onRecord: RecordHandler): void {
  const ancestors: MarkupElement[] = [];
  const open: MarkupElement[] = [];
  run(
    source,
    {},
    {
      onOpen: (element) => {
        const parent = open.at(-1);
        parent?.children.push(element);
        if (parent || isRecord(element.name)) open.push(element);
        else ancestors.push(element);
      },
      onClose: () => {
        const closed = open.pop();
        if (!closed) ancestors.pop();
        else if (open.length === 0) onRecord(closed, ancestors);
      },
      onText: (text) => {
        const parent = open.at(-1);
        if (parent) pushText(parent, text);
      },
    },
  );
}

type Events = { onOpen(element: MarkupElement): void; onClose(): void; onText(text: string): void };

function run(source: string, { html = false }: ParseOptions, { onOpen, onClose, onText }: Events): void {
  let depth = 0;
  const parser = new Parser(
    {
      onopentag: (name, attributes) => {
        depth += 1;
        if (depth > MAX_DEPTH) throw new TooDeepError();
        onOpen({ name: localName(name), attributes: isEmpty(attributes) ? NO_ATTRIBUTES : attributes, children: [] });
      },
      onclosetag: () => {
        depth -= 1;
        onClose();
      },
      ontext: onText,
    },
    { xmlMode: !html, decodeEntities: true },
  );
  for (let start = 0; start < source.length; start += PIECE) parser.write(source.slice(start, start + PIECE));
  parser.end();
}

/** Most elements have none; sharing this saves a fifth of a tree's memory. */
const NO_ATTRIBUTES: Readonly<Record<string, string>> = Object.freeze({});

function isEmpty(attributes: Record<string, string>): boolean {
  for (const _ in attributes) return false;
  return true;
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function pushText(parent: MarkupElement, text: string): void {
  const last = parent.children.length - 1;
  const before = parent.children[last];
  if (typeof before === 'string') parent.children[last] = before + text;
  else parent.children.push(text);
}
