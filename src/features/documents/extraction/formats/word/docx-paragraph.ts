import { attribute, childElements, descendants, findChild, type MarkupElement, textOf } from '../../markup/element.ts';

/** Footnotes and endnotes as they are counted in the document; their ids in the file are others. */
export class NoteNumbers {
  readonly #numbers = new Map<string, number>();

  of(kind: string, id: string): number {
    const key = `${kind} ${id}`;
    const number = this.#numbers.get(key) ?? this.#numbers.size + 1;
    this.#numbers.set(key, number);
    return number;
  }
}

/** What a paragraph's text leads to besides itself, to be written after it. */
export type ParagraphText = {
  text: string;
  /** Ids of footnotes, endnotes and comments that are referred to. */
  notes: { kind: 'footnote' | 'endnote' | 'comment'; id: string; number: number }[];
  /** `w:txbxContent` elements, whose children are paragraphs and tables. */
  textBoxes: MarkupElement[];
};

/** Deleted text, field codes, phonetic guides and properties. */
const SKIPPED = new Set([
  'del',
  'moveFrom',
  'instrText',
  'delText',
  'delInstrText',
  'rt',
  'pPr',
  'rPr',
  'sectPr',
  'fldData',
]);
const FIXED: Readonly<Record<string, string>> = { tab: '\t', ptab: '\t', br: '\n', cr: '\n', noBreakHyphen: '-' };

export function readParagraph(paragraph: MarkupElement, numbers = new NoteNumbers()): ParagraphText {
  const result: Reading = { text: '', notes: [], textBoxes: [], numbers };
  collect(paragraph, result);
  return result;
}

type Reading = ParagraphText & { numbers: NoteNumbers };

function collect(element: MarkupElement, into: Reading): void {
  for (const child of childElements(element)) {
    const fixed = FIXED[child.name];
    if (fixed !== undefined) into.text += fixed;
    else if (!SKIPPED.has(child.name)) collectElement(child, into);
  }
}

function collectElement(element: MarkupElement, into: Reading): void {
  switch (element.name) {
    case 't':
      into.text += textOf(element);
      return;
    case 'sym':
      into.text += symbol(element);
      return;
    case 'footnoteReference':
    case 'endnoteReference':
    case 'commentReference':
      refer(element, into);
      return;
    case 'AlternateContent':
      collectAlternative(element, into);
      return;
    case 'txbxContent':
      into.textBoxes.push(element);
      return;
    case 'f':
      collectFraction(element, into);
      return;
    default:
      collect(element, into);
  }
}

/** Choice and Fallback hold the same thing for newer and older readers. */
function collectAlternative(element: MarkupElement, into: Reading): void {
  const chosen = findChild(element, 'Choice') ?? findChild(element, 'Fallback');
  if (chosen) collect(chosen, into);
}

function collectFraction(element: MarkupElement, into: Reading): void {
  const [numerator, denominator] = [findChild(element, 'num'), findChild(element, 'den')];
  if (numerator) collect(numerator, into);
  if (numerator && denominator) into.text += '/';
  if (denominator) collect(denominator, into);
}

function refer(element: MarkupElement, into: Reading): void {
  const kind = element.name.replace('Reference', '') as 'footnote' | 'endnote' | 'comment';
  const id = attribute(element, 'id') ?? '';
  const number = kind === 'comment' ? 0 : into.numbers.of(kind, id);
  into.notes.push({ kind, id, number });
  if (kind !== 'comment') into.text += `[${number}]`;
}

function symbol(element: MarkupElement): string {
  const code = Number.parseInt(attribute(element, 'char') ?? '', 16);
  return Number.isNaN(code) ? '' : String.fromCodePoint(Math.min(code, 0x10ffff));
}

/** The paragraphs and tables of a body, a cell, a note or a text box, through whatever wraps them. */
export function* bodyElements(container: MarkupElement): Generator<MarkupElement> {
  yield* descendants(container, 'p', 'tbl');
}
