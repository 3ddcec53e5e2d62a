import { decodeText } from '../../detection/charset.ts';
import type { DocumentReader } from '../../document-reader.ts';
import type { DocumentWriter } from '../../writing/document-writer.ts';
import { jsonOutline } from './json-outline.ts';
import { writeMarkdown } from './markdown.ts';

export const readJson: DocumentReader = ({ bytes, charset }, writer) => {
  writeJson(decodeText(bytes, charset), writer);
};

function writeJson(source: string, writer: DocumentWriter): void {
  for (const lines of jsonOutline(source)) writer.verbatim('list', lines.join('\n'));
}

type Cell = { cell_type?: unknown; source?: unknown; outputs?: unknown };

/** Jupyter notebooks: text cells as Markdown, code cells and what they printed as code. */
export const readNotebook: DocumentReader = ({ bytes }, writer) => {
  const source = decodeText(bytes);
  const notebook = parseOrNull(source);
  if (notebook === null) {
    writer.warn('This notebook is damaged; what could be read of it has lost its structure.');
    writeJson(source, writer);
    return;
  }
  for (const cell of cellsOf(notebook)) {
    const source = joined(cell.source);
    if (cell.cell_type === 'markdown' || cell.cell_type === 'heading') writeMarkdown(source, writer);
    else if (cell.cell_type === 'raw') writer.paragraph(source);
    else writer.code(source);
    for (const output of Array.isArray(cell.outputs) ? cell.outputs : []) writer.code(outputText(output));
  }
};

function parseOrNull(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return null;
  }
}

/** Format 4 has cells, format 3 worksheets of cells. */
function cellsOf(notebook: unknown): Cell[] {
  const { cells, worksheets } = (notebook ?? {}) as Record<string, unknown>;
  if (Array.isArray(cells)) return cells.filter(isObject);
  return (Array.isArray(worksheets) ? worksheets : []).filter(isObject).flatMap((sheet) => cellsOf(sheet));
}

function outputText(output: unknown): string {
  if (!isObject(output)) return '';
  const { text, data, traceback } = output as Record<string, unknown>;
  const shown = isObject(data) ? joined((data as Record<string, unknown>)['text/plain']) : '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal colours start with ESC
  return (joined(text) || shown || joined(traceback)).replace(/\u001b\[[\d;]*m/g, '');
}

function joined(source: unknown): string {
  if (typeof source === 'string') return source;
  return Array.isArray(source) ? source.filter((line) => typeof line === 'string').join('') : '';
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
