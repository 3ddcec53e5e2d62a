import { drawingParagraphs, OfficePackage } from '../../containers/office-package.ts';
import type { DocumentReader } from '../../document-reader.ts';
import {
  attribute,
  childElements,
  descendants,
  findChild,
  type MarkupElement,
  prefixedAttribute,
  textOf,
} from '../../markup/element.ts';
import { streamXml } from '../../markup/parse-markup.ts';
import type { DocumentWriter } from '../../writing/document-writer.ts';
import { type CellFormat, cellFormatOf, formatNumber } from './cell-format.ts';
import { SheetTable } from './sheet-table.ts';

type Workbook = { strings: string[]; formats: CellFormat[]; uses1904: boolean };

/**
 * Excel workbooks (XLSX, XLSM, XLTX), sheet by sheet and row by row, so that a long sheet does not need the memory
 * of its tree. Own reading: `exceljs` has had no release since 2023, SheetJS is not kept on npm.
 */
export const readXlsx: DocumentReader = ({ bytes, limits }, writer) => {
  const pack = new OfficePackage(bytes, { maxUnpackedBytes: limits.maxUnpackedBytes, what: 'workbook' });
  const main = pack.mainPart('xl/workbook.xml');
  pack.readTitle(writer);
  const tree = pack.tree(main);
  const properties = descendants(tree, 'workbookPr').next().value;
  const workbook: Workbook = {
    strings: sharedStrings(pack.xml(pack.related(main, 'sharedStrings')[0] ?? '')),
    formats: cellFormats(pack.tree(pack.related(main, 'styles')[0] ?? '')),
    uses1904: /^(?:1|true)$/.test((properties && attribute(properties, 'date1904')) ?? ''),
  };
  const targets = new Map(pack.relations(main).map(({ id, target }) => [id, target]));
  const sheets = [...descendants(tree, 'sheet')];
  for (const [index, sheet] of sheets.entries()) {
    writer.page = index + 1;
    const table = new SheetTable(writer, attribute(sheet, 'name') ?? `Sheet ${index + 1}`);
    writeSheet(pack, targets.get(prefixedAttribute(sheet, 'id') ?? '') ?? '', workbook, table, writer);
  }
  writer.pageCount = sheets.length;
};

function sharedStrings(source: string | null): string[] {
  const strings: string[] = [];
  if (source !== null)
    streamXml(
      source,
      (name) => name === 'si',
      (item) => strings.push(richText(item)),
    );
  return strings;
}

/** Runs of text without the phonetic guides of Japanese. */
function richText(item: MarkupElement): string {
  return item.children
    .map((child) => {
      if (typeof child === 'string' || child.name === 'rPh' || child.name === 'phoneticPr') return '';
      return child.name === 't' ? textOf(child) : richText(child);
    })
    .join('');
}

function cellFormats(tree: MarkupElement): CellFormat[] {
  const cells = descendants(tree, 'cellXfs').next().value;
  if (!cells) return [];
  const codes = new Map<number, string>();
  for (const format of descendants(tree, 'numFmt')) {
    codes.set(Number(attribute(format, 'numFmtId')), attribute(format, 'formatCode') ?? '');
  }
  return [...childElements(cells, 'xf')].map((cell) => {
    const id = Number(attribute(cell, 'numFmtId') ?? 0);
    return cellFormatOf(id, codes.get(id));
  });
}

function writeSheet(
  pack: OfficePackage,
  part: string,
  workbook: Workbook,
  table: SheetTable,
  writer: DocumentWriter,
): void {
  const source = pack.xml(part);
  if (source === null) {
    writer.warn(`Sheet ${writer.page} could not be read.`);
    return;
  }
  const margins = new Set<string>();
  streamXml(
    source,
    (name) => name === 'row' || name === 'headerFooter',
    (element) => {
      if (element.name === 'row') table.add(Number(attribute(element, 'r') ?? 0), rowCells(element, workbook));
      else for (const child of childElements(element)) margins.add(marginText(textOf(child)));
    },
  );
  table.finish();
  for (const text of margins) if (!/^\s*(?:page|seite|pagina|página)?\s*$/i.test(text)) writer.paragraph(text);
  writeRemarks(pack, part, writer);
}

function* rowCells(row: MarkupElement, workbook: Workbook): Generator<{ column: number; text: string }> {
  let column = 0;
  for (const cell of childElements(row, 'c')) {
    column = columnOf(attribute(cell, 'r')) ?? column;
    yield { column, text: cellText(cell, workbook) };
    column += 1;
  }
}

/** "AB12" is column 27, counted from 0. */
function columnOf(reference: string | undefined): number | null {
  const letters = /^[A-Za-z]{1,3}/.exec(reference ?? '')?.[0].toUpperCase();
  if (!letters) return null;
  return [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}

function cellText(cell: MarkupElement, { strings, formats, uses1904 }: Workbook): string {
  const type = attribute(cell, 't') ?? 'n';
  if (type === 'inlineStr') return [...childElements(cell, 'is')].map(richText).join('');
  const value = findChild(cell, 'v');
  const text = value ? textOf(value) : '';
  if (type === 's') return strings[Number(text)] ?? '';
  if (type === 'b') return text === '1' ? 'TRUE' : 'FALSE';
  if (type !== 'n' || text.trim() === '') return text;
  return formatNumber(Number(text), formats[Number(attribute(cell, 's') ?? 0)] ?? 'plain', uses1904);
}

/** A page header without its codes: `&L`, `&P`, `&"Arial,Bold"`, `&12`. */
function marginText(source: string): string {
  return source.replace(/&(?:"[^"]*"|\d+|K[0-9A-F]{6}|[A-Za-z])/g, ' ').replaceAll('&&', '&');
}

/** Comments and text boxes. */
function writeRemarks(pack: OfficePackage, part: string, writer: DocumentWriter): void {
  for (const comments of pack.related(part, 'comments', 'threadedComment')) {
    for (const text of descendants(pack.tree(comments), 'text')) {
      const comment = textOf(text).trim();
      if (comment !== '') writer.paragraph(`[Comment: ${comment}]`);
    }
  }
  for (const drawing of pack.related(part, 'drawing')) {
    for (const name of [drawing, ...pack.related(drawing, 'chart', 'diagramData')]) {
      for (const text of drawingParagraphs(pack.tree(name))) writer.paragraph(text);
    }
  }
}
