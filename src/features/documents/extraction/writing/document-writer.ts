import type { Block, BlockKind } from '../../../../lib/chunking/block.ts';
import type { ExtractedDocument } from '../extracted-document.ts';
import { ExtractionError } from '../extraction-error.ts';
import { type TableOptions, tableBlocks } from './table-rows.ts';
import { oneLine, tidyText } from './tidy-text.ts';

const MAX_WARNINGS = 20;
const LONGEST_TITLE = 300;

/** Collects a document block by block, in reading order; every reader of a format writes into one. */
export class DocumentWriter {
  /** Page, slide or sheet that the next blocks are on. */
  page: number | null = null;
  pageCount: number | null = null;
  readonly #parts: string[] = [];
  readonly #blocks: Block[] = [];
  readonly #warnings: string[] = [];
  readonly #maxCharacters: number;
  #length = 0;
  #title: string | null = null;
  #listIsOpen = false;

  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters;
  }

  get isEmpty(): boolean {
    return this.#blocks.length === 0;
  }

  /** The first title that is not empty stays. */
  setTitle(title: string | null | undefined): void {
    const line = oneLine(title ?? '')
      .slice(0, LONGEST_TITLE)
      .toWellFormed();
    if (line !== '') this.#title ??= line;
  }

  warn(sentence: string): void {
    if (this.#warnings.length < MAX_WARNINGS && !this.#warnings.includes(sentence)) this.#warnings.push(sentence);
  }

  heading(level: number, text: string): void {
    this.#add('heading', oneLine(text), Math.min(6, Math.max(1, Math.round(level))));
  }

  paragraph(text: string): void {
    this.#add('paragraph', tidyText(text).trimStart());
  }

  code(text: string): void {
    this.#add('code', tidyText(text));
  }

  /** A block whose source is kept as it stands, marks and all, as in Markdown. */
  verbatim(kind: BlockKind, text: string, level = 0): void {
    this.#add(kind, tidyText(text), kind === 'heading' ? level : 0);
  }

  /** Items that follow one another become one list. `mark` is "-" or a number as the document shows it. */
  listItem(text: string, { depth = 0, mark = '-' }: { depth?: number; mark?: string } = {}): void {
    const lines = tidyText(text);
    if (lines === '') return;
    const indent = '  '.repeat(Math.min(depth, 8));
    const item = `${indent}${mark} ${lines.replaceAll('\n', `\n${indent}  `)}`;
    const list = this.#blocks.at(-1);
    if (!this.#listIsOpen || !list) {
      this.#add('list', item.trimStart());
      this.#listIsOpen = true;
      return;
    }
    this.#append(`\n${item}`);
    list.end = this.#length;
  }

  /** Long tables become several blocks, each with the head repeated: a row is to be understood where it stands. */
  table(rows: Iterable<readonly string[]>, options: TableOptions = {}): void {
    for (const { kind, text } of tableBlocks(rows, options)) this.#add(kind, text);
  }

  finish(format: string): ExtractedDocument {
    const text = this.#parts.join('');
    const heading = this.#blocks.find(({ kind, level }) => kind === 'heading' && level === 1);
    if (heading) this.setTitle(text.slice(heading.start, heading.end).replace(/^#+ /, ''));
    return {
      text,
      blocks: this.#blocks,
      title: this.#title,
      pageCount: this.pageCount,
      format,
      warnings: this.#warnings,
    };
  }

  #add(kind: BlockKind, text: string, level = 0): void {
    this.#listIsOpen = false;
    if (text.trim() === '') return;
    if (this.#length > 0) this.#append('\n\n');
    const start = this.#length;
    this.#append(text);
    this.#blocks.push({ kind, start, end: this.#length, level, page: this.page });
  }

  #append(text: string): void {
    this.#length += text.length;
    if (this.#length > this.#maxCharacters) throw tooMuchText(this.#maxCharacters);
    this.#parts.push(text);
  }
}

function tooMuchText(maxCharacters: number): ExtractionError {
  const millions = Math.floor(maxCharacters / 1_000_000) || 1;
  const detail = `This file holds more text than one document may have (${millions} million characters). Split it and upload the parts.`;
  return new ExtractionError('too-large', detail);
}
