import type { BlockKind } from '../../../../../lib/chunking/block.ts';
import { decodeText } from '../../detection/charset.ts';
import type { DocumentReader } from '../../document-reader.ts';
import type { DocumentWriter } from '../../writing/document-writer.ts';

type OpenBlock = { kind: BlockKind; lines: string[] };

const ATX = /^ {0,3}(#{1,6})(?:[ \t]+|$)/;
const SETEXT = /^ {0,3}(=+|-+)[ \t]*$/;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const LIST = /^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\S/;
const TABLE_RULE = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;
/** The pattern for it is quadratic on blanks. */
const LONGEST_TABLE_RULE = 2_000;
/** A blank line ends a list only where what follows is not indented. */
const INDENTED = /^(?: {2,}|\t)\S/;

export const readMarkdown: DocumentReader = ({ bytes, charset }, writer) => {
  writeMarkdown(decodeText(bytes, charset), writer);
};

/** Markdown is kept as it is written, marks and all; only where its blocks begin and end is found out. */
export function writeMarkdown(source: string, writer: DocumentWriter): void {
  const lines = source.replace(/\r\n?/g, '\n').split('\n');
  const blocks = new MarkdownBlocks(writer);
  const start = writeFrontMatter(lines, writer);
  for (let index = start; index < lines.length; index += 1) blocks.line(lines[index] ?? '', lines[index + 1] ?? '');
  blocks.flush();
}

/** YAML between `---` lines at the top; its title is the document's. */
function writeFrontMatter(lines: readonly string[], writer: DocumentWriter): number {
  if (lines[0]?.trim() !== '---') return 0;
  const end = lines.slice(0, 200).findIndex((line, index) => index > 0 && /^(?:---|\.\.\.)\s*$/.test(line));
  if (end < 0 || !lines.slice(1, end).every((line) => line === '' || /^(?:\s|#|- |[\w"'-]+\s*:)/.test(line))) return 0;
  const title = lines.slice(1, end).flatMap((line) => /^title\s*:\s*(.+)$/i.exec(line)?.[1] ?? []);
  writer.setTitle(title[0]?.trim().replace(/^(["'])(.*)\1$/, '$2'));
  writer.code(lines.slice(1, end).join('\n'));
  return end + 1;
}

function isTableRule(line: string): boolean {
  return line.includes('-') && line.length <= LONGEST_TABLE_RULE && TABLE_RULE.test(line);
}

class MarkdownBlocks {
  readonly #writer: DocumentWriter;
  #open: OpenBlock | null = null;
  #fence: string | null = null;
  #blankInList = false;

  constructor(writer: DocumentWriter) {
    this.#writer = writer;
  }

  line(line: string, next: string): void {
    if (this.#fence !== null) this.#fencedLine(line);
    else if (line.trim() === '') this.#blankLine();
    else if (this.#goesOnInList(line)) this.#add('list', line);
    else this.#startOrContinue(line, next);
  }

  flush(): void {
    const open = this.#open;
    this.#open = null;
    this.#blankInList = false;
    if (open) this.#writer.verbatim(open.kind, open.lines.join('\n'));
  }

  #startOrContinue(line: string, next: string): void {
    const fence = FENCE.exec(line)?.[1];
    const heading = ATX.exec(line)?.[1];
    if (fence) this.#startFence(fence, line);
    else if (heading) this.#heading(line, heading.length);
    else if (this.#open?.kind === 'paragraph' && SETEXT.test(line)) this.#underlined(line);
    else if (this.#open?.kind === 'table' && line.includes('|')) this.#add('table', line);
    else if (line.includes('|') && isTableRule(next)) this.#start('table', line);
    else if (LIST.test(line)) this.#start('list', line);
    else if (this.#open?.kind === 'paragraph') this.#add('paragraph', line);
    else this.#start('paragraph', line);
  }

  /** Items, their indented lines, and lines that lazily continue the one before. */
  #goesOnInList(line: string): boolean {
    if (this.#open?.kind !== 'list' || ATX.test(line) || FENCE.test(line)) return false;
    return LIST.test(line) || INDENTED.test(line) || !this.#blankInList;
  }

  #blankLine(): void {
    if (this.#open?.kind === 'list') this.#blankInList = true;
    else this.flush();
  }

  #add(kind: BlockKind, line: string): void {
    if (this.#open?.kind !== kind) {
      this.#start(kind, line);
      return;
    }
    if (this.#blankInList) this.#open.lines.push('');
    this.#blankInList = false;
    this.#open.lines.push(line);
  }

  #start(kind: BlockKind, line: string): void {
    this.flush();
    this.#open = { kind, lines: [line] };
  }

  #heading(line: string, level: number): void {
    this.flush();
    this.#writer.verbatim('heading', line.trim(), level);
  }

  /** `Title` over `=====`: only a paragraph's last line is the heading in practice. */
  #underlined(line: string): void {
    const lines = this.#open?.lines ?? [];
    this.#open = null;
    const title = lines.pop() ?? '';
    if (lines.length > 0) this.#writer.verbatim('paragraph', lines.join('\n'));
    this.#writer.verbatim('heading', `${title.trim()}\n${line.trim()}`, line.includes('=') ? 1 : 2);
  }

  #startFence(fence: string, line: string): void {
    this.#start('code', line);
    this.#fence = fence;
  }

  #fencedLine(line: string): void {
    this.#open?.lines.push(line);
    const mark = FENCE.exec(line)?.[1];
    const closes = mark && line.trim() === mark && mark.startsWith(this.#fence ?? '```');
    if (!closes) return;
    this.#fence = null;
    this.flush();
  }
}
