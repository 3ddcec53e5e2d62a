import type { Extract } from './ingestion.types.ts';

/** Reads UTF-8 text as paragraphs. Stands in until the extraction of all formats is connected. */
export const extractPlainText: Extract = async ({ bytes }) => {
  const text = decode(bytes);
  if (text === null) {
    return { ok: false, failure: 'unsupported-type', detail: 'This file is not text in UTF-8.' };
  }
  if (text.trim() === '') return { ok: false, failure: 'empty', detail: 'This file holds no text.' };
  const blocks = [...text.matchAll(/\S(?:.|\n(?!\n))*/g)].map((match) => ({
    kind: 'paragraph' as const,
    start: match.index,
    end: match.index + match[0].trimEnd().length,
    level: 0,
    page: null,
  }));
  return { ok: true, document: { text, blocks, title: null, pageCount: null, format: 'text', warnings: [] } };
};

function decode(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? null : text.normalize('NFC').replace(/\r\n?/g, '\n');
  } catch {
    return null;
  }
}
