import { charsetOfCodePage, decode } from '../../detection/code-pages.ts';
import type { DocumentReader } from '../../document-reader.ts';
import { damaged } from '../../extraction-error.ts';
import { DocumentWriter } from '../../writing/document-writer.ts';
import { RtfBody } from './rtf-body.ts';
import { type RtfToken, rtfTokens } from './rtf-tokens.ts';
import { ASIDES, codePageOfCharset, KEPT_STARRED, SKIPPED_DESTINATIONS, TEXT_WORDS } from './rtf-words.ts';

/** What a group inherits from the one around it. */
type Group = {
  destination: string;
  skipped: boolean;
  starred: boolean;
  font: number;
  hidden: boolean;
  /** Characters that stand for older readers behind each `\u`. */
  fallbackLength: number;
  opensAside: boolean;
};

const MAX_DEPTH = 2_000;
const DOCUMENT_CODE_PAGES: Readonly<Record<string, number>> = { mac: 10000, pc: 437, pca: 850 };

/** Rich Text Format. Own reading: the packages for it on npm have had no release for years. */
export const readRtf: DocumentReader = ({ bytes }, writer) => {
  new RtfParser(bytes, writer).run();
};

export function rtfToText(bytes: Uint8Array): string {
  const writer = new DocumentWriter(bytes.length * 4 + 1_000);
  new RtfParser(bytes, writer).run();
  return writer.finish('rtf').text;
}

class RtfParser {
  readonly #bytes: Uint8Array;
  readonly #writer: DocumentWriter;
  readonly #body: RtfBody;
  readonly #fontCodePages = new Map<number, number | null>();
  readonly #groups: Group[] = [];
  #group: Group = {
    destination: '',
    skipped: false,
    starred: false,
    font: -1,
    hidden: false,
    fallbackLength: 1,
    opensAside: false,
  };
  #codePage = 1252;
  #pending: Uint8Array[] = [];
  #fallbackLeft = 0;
  #tableName = '';
  #styleId = 0;

  constructor(bytes: Uint8Array, writer: DocumentWriter) {
    this.#bytes = bytes;
    this.#writer = writer;
    this.#body = new RtfBody(writer);
  }

  run(): void {
    for (const token of rtfTokens(this.#bytes)) this.#token(token);
    this.#flushBytes();
    this.#body.finish();
  }

  #token(token: RtfToken): void {
    if (token.kind === 'byte') this.#addBytes(Uint8Array.of(token.byte));
    else if (token.kind === 'bytes') this.#addBytes(this.#bytes.subarray(token.start, token.end));
    else {
      this.#flushBytes();
      if (token.kind === 'open') this.#open();
      else if (token.kind === 'close') this.#close();
      else if (token.kind === 'word') this.#word(token.word, token.value);
    }
  }

  /** Bytes are decoded together: a character of two bytes may be written as two tokens. */
  #addBytes(bytes: Uint8Array): void {
    const skipped = Math.min(this.#fallbackLeft, bytes.length);
    this.#fallbackLeft -= skipped;
    if (!this.#group.skipped && skipped < bytes.length) this.#pending.push(bytes.subarray(skipped));
  }

  #flushBytes(): void {
    if (this.#pending.length === 0) return;
    const codePage = this.#fontCodePages.get(this.#group.font) ?? this.#codePage;
    const [only, another] = this.#pending;
    const bytes = only && !another ? only : Buffer.concat(this.#pending);
    const text = decode(bytes, charsetOfCodePage(codePage));
    this.#pending = [];
    this.#text(text);
  }

  #text(text: string): void {
    if (this.#group.skipped || this.#group.hidden) return;
    if (this.#group.destination === 'stylesheet') this.#styleName(text);
    else if (this.#group.destination === 'title') this.#tableName += text;
    else if (this.#group.destination !== 'fonttbl' && this.#group.destination !== 'info') this.#body.text(text);
  }

  #styleName(text: string): void {
    this.#tableName += text;
    const end = this.#tableName.indexOf(';');
    if (end < 0) return;
    this.#body.defineStyle(this.#styleId, this.#tableName.slice(0, end).trim());
    this.#tableName = '';
    this.#styleId = 0;
  }

  #open(): void {
    if (this.#groups.length >= MAX_DEPTH) throw damaged('RTF document');
    this.#groups.push(this.#group);
    this.#group = { ...this.#group, starred: false, opensAside: false };
    this.#fallbackLeft = 0;
  }

  #close(): void {
    if (this.#group.opensAside) this.#body.closeAside();
    if (this.#group.destination === 'title' && this.#groups.at(-1)?.destination !== 'title') {
      this.#writer.setTitle(this.#tableName);
      this.#tableName = '';
    }
    this.#group = this.#groups.pop() ?? this.#group;
    this.#fallbackLeft = 0;
  }

  #word(word: string, value: number | null): void {
    if (word === '*') {
      this.#group.starred = true;
      return;
    }
    if (this.#group.starred) {
      this.#group.starred = false;
      this.#group.skipped = word === 'ud' ? false : this.#group.skipped || !KEPT_STARRED.has(word);
    }
    if (SKIPPED_DESTINATIONS.has(word)) this.#group.skipped = true;
    else if (!this.#group.skipped) this.#activeWord(word, value);
  }

  #activeWord(word: string, value: number | null): void {
    const text = TEXT_WORDS[word];
    if (word === 'u') this.#unicode(value ?? 0);
    else if (text !== undefined) this.#literal(text);
    else if (ASIDES.has(word)) this.#openAside(word);
    else if (this.#group.destination === 'listtext') return;
    else if (word === 'listtext' || word === 'pntext') this.#openListMark();
    else if (word === 'fonttbl' || word === 'stylesheet' || word === 'info' || word === 'title')
      this.#group.destination = word;
    else if (!this.#characterWord(word, value)) this.#body.word(word, value);
  }

  #literal(text: string): void {
    if (this.#fallbackLeft > 0) this.#fallbackLeft -= 1;
    else if (text === '\u2029') this.#body.word('par', null);
    else this.#text(text);
  }

  #unicode(value: number): void {
    this.#text(String.fromCharCode(value < 0 ? value + 65_536 : value));
    this.#fallbackLeft = this.#group.fallbackLength;
  }

  /** The mark's group has paragraph words of its own, which are not the paragraph's. */
  #openListMark(): void {
    this.#group.destination = 'listtext';
    this.#body.startListItem();
  }

  #openAside(word: string): void {
    this.#group.opensAside = true;
    this.#body.openAside(word);
  }

  /** Fonts, code pages, hidden text; false for a word that is about paragraphs. */
  #characterWord(word: string, value: number | null): boolean {
    const number = value ?? 0;
    if (word === 'f') this.#group.font = number;
    else if (word === 'uc') this.#group.fallbackLength = number;
    else if (word === 'v' || word === 'deleted') this.#group.hidden = value !== 0;
    else if (word === 'plain') this.#group.hidden = false;
    else return this.#headerWord(word, number);
    return true;
  }

  /** What the head of the file declares. */
  #headerWord(word: string, value: number): boolean {
    const { destination, font } = this.#group;
    if (word === 'fcharset') this.#fontCodePages.set(font, codePageOfCharset(value));
    else if (word === 'cpg' && destination === 'fonttbl') this.#fontCodePages.set(font, value);
    else if (word === 'ansicpg') this.#codePage = value || 1252;
    else if (word in DOCUMENT_CODE_PAGES) this.#codePage = DOCUMENT_CODE_PAGES[word] ?? 1252;
    else if (word === 's' && destination === 'stylesheet') this.#styleId = value;
    else return false;
    return true;
  }
}
