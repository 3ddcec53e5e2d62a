import { drawingParagraphs, OfficePackage } from '../../containers/office-package.ts';
import type { DocumentReader } from '../../document-reader.ts';
import { attribute, childElements, descendants, findChild, type MarkupElement, textOf } from '../../markup/element.ts';
import { streamXml } from '../../markup/parse-markup.ts';
import type { DocumentWriter } from '../../writing/document-writer.ts';
import { DocxNumbering } from './docx-numbering.ts';
import { bodyElements, NoteNumbers, type ParagraphText, readParagraph } from './docx-paragraph.ts';
import { DocxStyles } from './docx-styles.ts';

type Notes = ReadonlyMap<string, MarkupElement>;

/**
 * Word documents (DOCX, DOCM, DOTX; transitional and strict). Own reading over a kept XML parser, because the kept
 * converters (mammoth among them) leave out headers, footers, text boxes or automatic numbers, and read whole trees.
 * Macros are never looked at; pictures and linked files are not opened.
 */
export const readDocx: DocumentReader = ({ bytes, limits }, writer) => {
  const pack = new OfficePackage(bytes, { maxUnpackedBytes: limits.maxUnpackedBytes, what: 'Word document' });
  const main = pack.mainPart('word/document.xml');
  pack.readTitle(writer);
  const body = new DocxBody(pack, main, writer);
  body.writePart(main);
  const seen = new Set<string>();
  for (const part of pack.related(main, 'header', 'footer')) body.writeOnce(part, seen);
  for (const part of pack.related(main, 'diagramData', 'chart')) writeDrawing(pack, part, writer);
};

function writeDrawing(pack: OfficePackage, part: string, writer: DocumentWriter): void {
  for (const text of drawingParagraphs(pack.tree(part))) writer.paragraph(text);
}

class DocxBody {
  readonly #pack: OfficePackage;
  readonly #writer: DocumentWriter;
  readonly #styles: DocxStyles;
  readonly #numbering: DocxNumbering;
  readonly #noteNumbers = new NoteNumbers();
  readonly #notes: Readonly<Record<ParagraphText['notes'][number]['kind'], Notes>>;

  constructor(pack: OfficePackage, main: string, writer: DocumentWriter) {
    this.#pack = pack;
    this.#writer = writer;
    const first = (type: string): MarkupElement => pack.tree(pack.related(main, type)[0] ?? '');
    this.#styles = new DocxStyles(first('styles'));
    this.#numbering = new DocxNumbering(first('numbering'));
    this.#notes = {
      footnote: notesOf(first('footnotes'), 'footnote'),
      endnote: notesOf(first('endnotes'), 'endnote'),
      comment: notesOf(first('comments'), 'comment'),
    };
  }

  writePart(part: string): void {
    const source = this.#pack.xml(part);
    if (source === null) return;
    streamXml(
      source,
      (name) => name === 'p' || name === 'tbl',
      (element, ancestors) => {
        if (!ancestors.some(({ name }) => name === 'Fallback')) this.#write(element);
      },
    );
  }

  /** Headers and footers, each text once: most sections repeat the one before. */
  writeOnce(part: string, seen: Set<string>): void {
    const tree = this.#pack.tree(part);
    const text = textOf(tree).replace(/\s+/g, ' ');
    if (seen.has(text)) return;
    seen.add(text);
    for (const element of bodyElements(tree)) this.#write(element);
  }

  #write(element: MarkupElement): void {
    if (element.name === 'tbl') this.#writeTable(element);
    else this.#writeParagraph(element);
  }

  #writeParagraph(paragraph: MarkupElement): void {
    const { headingLevel, isTitle, numbering } = this.#styles.paragraphStyle(findChild(paragraph, 'pPr'));
    const read = readParagraph(paragraph, this.#noteNumbers);
    const hasText = read.text.trim() !== '';
    const mark = numbering && hasText ? this.#numbering.next(numbering) : null;
    if (isTitle) this.#writer.setTitle(read.text);
    if (headingLevel > 0) {
      this.#writer.heading(headingLevel, mark && mark !== '-' ? `${mark} ${read.text}` : read.text);
    } else if (mark) this.#writer.listItem(read.text, { depth: numbering?.level ?? 0, mark });
    else this.#writer.paragraph(read.text);
    this.#writeAttached(read);
  }

  #writeTable(table: MarkupElement): void {
    const attached: ParagraphText[] = [];
    const rows = rowsOf(table).map((row) => cellsOf(row).flatMap((cell) => this.#cellTexts(cell, attached)));
    const hasHead = rowsOf(table).some((row) => findChild(row, 'trPr', 'tblHeader') !== undefined);
    this.#writer.table(rows, hasHead ? { hasHead } : {});
    for (const read of attached) this.#writeAttached(read);
  }

  /** One text, and empty ones for the further columns that the cell spans. */
  #cellTexts(cell: MarkupElement, attached: ParagraphText[]): string[] {
    const reads = [...descendants(cell, 'p')].map((paragraph) => readParagraph(paragraph, this.#noteNumbers));
    attached.push(...reads.filter(({ notes, textBoxes }) => notes.length + textBoxes.length > 0));
    const span = findChild(cell, 'tcPr', 'gridSpan');
    const columns = Math.min(64, Number((span && attribute(span, 'val')) ?? 1) || 1);
    return [reads.map(({ text }) => text).join('\n'), ...Array<string>(columns - 1).fill('')];
  }

  #writeAttached({ notes, textBoxes }: ParagraphText): void {
    for (const box of textBoxes) for (const element of bodyElements(box)) this.#write(element);
    for (const { kind, id, number } of notes) {
      const note = this.#notes[kind].get(id);
      const text = note ? [...bodyElements(note)].map((element) => this.#plainText(element)).join('\n') : '';
      if (text.trim() === '') continue;
      this.#writer.paragraph(kind === 'comment' ? `[Comment: ${text.trim()}]` : `[${number}] ${text.trim()}`);
    }
  }

  #plainText(element: MarkupElement): string {
    if (element.name === 'p') return readParagraph(element).text;
    return [...descendants(element, 'p')].map((paragraph) => readParagraph(paragraph).text).join('\n');
  }
}

function notesOf(tree: MarkupElement, name: string): Notes {
  return new Map([...descendants(tree, name)].map((note) => [attribute(note, 'id') ?? '', note]));
}

function rowsOf(table: MarkupElement): MarkupElement[] {
  return through(table, 'tr');
}

function cellsOf(row: MarkupElement): MarkupElement[] {
  return through(row, 'tc');
}

/** Children of that name, also those inside content controls, change marks and custom XML. */
function through(parent: MarkupElement, name: string): MarkupElement[] {
  const wrappers = new Set(['sdt', 'sdtContent', 'ins', 'moveTo', 'customXml']);
  return [...childElements(parent)].flatMap((child) => {
    if (child.name === name) return [child];
    return wrappers.has(child.name) ? through(child, name) : [];
  });
}
