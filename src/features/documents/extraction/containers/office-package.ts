import { damaged } from '../extraction-error.ts';
import { decodeXml } from '../markup/decode-xml.ts';
import { attribute, childElements, descendants, type MarkupElement, textOf } from '../markup/element.ts';
import { parseMarkup } from '../markup/parse-markup.ts';
import type { DocumentWriter } from '../writing/document-writer.ts';
import { ZipArchive } from './zip-archive.ts';

export type Relation = {
  id: string;
  /** Last segment of the relationship's type, the same in transitional and strict files: "slide", "footnotes", … */
  type: string;
  /** Path of the target in the package. Targets outside are left out: nothing but the package is ever read. */
  target: string;
};

/** An Office Open XML package (ECMA-376 part 2), transitional or strict. */
export class OfficePackage {
  readonly #zip: ZipArchive;
  readonly #what: string;

  constructor(bytes: Uint8Array, { maxUnpackedBytes, what }: { maxUnpackedBytes: number; what: string }) {
    this.#zip = new ZipArchive(bytes, { maxUnpackedBytes, what });
    this.#what = what;
  }

  get names(): readonly string[] {
    return this.#zip.names;
  }

  /** The main part: the document, the workbook or the presentation. */
  mainPart(fallback: string): string {
    const main = this.relations('').find(({ type }) => type === 'officeDocument')?.target;
    if (main !== undefined && this.#zip.has(main)) return main;
    if (this.#zip.has(fallback)) return fallback;
    throw damaged(this.#what);
  }

  xml(part: string): string | null {
    const bytes = this.#zip.read(part);
    return bytes && decodeXml(bytes);
  }

  /** A part that is missing gives a tree without elements. */
  tree(part: string): MarkupElement {
    return parseMarkup(this.xml(part) ?? '');
  }

  relations(part: string): Relation[] {
    const slash = part.lastIndexOf('/') + 1;
    const folder = part.slice(0, slash);
    const tree = this.tree(`${folder}_rels/${part.slice(slash)}.rels`);
    return [...descendants(tree, 'Relationship')].flatMap((element) => toRelation(element, folder));
  }

  /** The targets of a part's relations of these types, in the file's order. */
  related(part: string, ...types: string[]): string[] {
    return this.relations(part)
      .filter(({ type }) => types.includes(type))
      .map(({ target }) => target);
  }

  /** The title from the document's properties, unless a program made it up. */
  readTitle(writer: DocumentWriter): void {
    const part = this.related('', 'core-properties', 'coreProperties')[0] ?? 'docProps/core.xml';
    const title = descendants(this.tree(part), 'title').next().value;
    if (title) writer.setTitle(meaningfulTitle(textOf(title)));
  }
}

const MEANINGLESS_TITLE =
  /^(?:\(?(?:untitled|unnamed|anonymous|unspecified|unknown|no title)\b.*|powerpoint presentation|slide 1|(?:title|document|presentation|book|sheet)\d*|.*\.(?:docx?|pptx?|xlsx?|rtf|pdf|qxd|indd|dvi|tmp|pmd|p65|fm|tex|html?|txt))$/i;

/** Programs fill in the title of a new file; that says nothing about the document. */
export function meaningfulTitle(title: string): string {
  const plain = title.replace(/^Microsoft (?:Word|PowerPoint|Excel) - /, '').trim();
  return MEANINGLESS_TITLE.test(plain) ? '' : plain;
}

function toRelation(element: MarkupElement, folder: string): Relation[] {
  const target = attribute(element, 'Target') ?? '';
  if (target === '' || attribute(element, 'TargetMode') === 'External') return [];
  const type = (attribute(element, 'Type') ?? '').split('/').at(-1) ?? '';
  return [{ id: attribute(element, 'Id') ?? '', type, target: resolvePath(folder, target) }];
}

export function resolvePath(folder: string, target: string): string {
  const segments: string[] = [];
  for (const segment of (target.startsWith('/') ? target : `${folder}${target}`).split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return segments.join('/');
}

/** The text of DrawingML paragraphs (`a:p`): text boxes, charts, diagrams. */
export function drawingParagraphs(root: MarkupElement): string[] {
  return [...descendants(root, 'p')].map(drawingText).filter((text) => text.trim() !== '');
}

export function drawingText(element: MarkupElement): string {
  let text = '';
  for (const child of childElements(element)) {
    if (child.name === 't') text += textOf(child);
    else if (child.name === 'br') text += '\n';
    else if (child.name === 'tab') text += '\t';
    else text += drawingText(child);
  }
  return text;
}
