import type { DocumentWriter } from '../../writing/document-writer.ts';

type Aside = { kind: string; text: string };

/** Paragraphs, tables, notes and margins of an RTF document, as the control words part them. */
export class RtfBody {
  readonly #writer: DocumentWriter;
  readonly #headingStyles = new Map<number, number>();
  /** Open notes and text boxes; the innermost takes the text. */
  readonly #openAsides: Aside[] = [];
  /** Closed ones, to be written behind the paragraph that they are in. */
  #asides: Aside[] = [];
  readonly #margins = new Set<string>();
  #text = '';
  #cells: string[] = [];
  #rows: string[][] = [];
  #inTable = false;
  #level = 0;
  #isListItem = false;

  constructor(writer: DocumentWriter) {
    this.#writer = writer;
  }

  defineStyle(id: number, name: string): void {
    const level = /^(?:heading|überschrift|titre|título|見出し) ?([1-9])/i.exec(name)?.[1];
    if (level) this.#headingStyles.set(id, Number(level));
    else if (/^title$/i.test(name)) this.#headingStyles.set(id, 1);
  }

  text(text: string): void {
    const aside = this.#openAsides.at(-1);
    if (aside) aside.text += text;
    else this.#text += text;
  }

  word(word: string, value: number | null): void {
    if (this.#openAsides.length > 0) this.#asideWord(word);
    else this.#paragraphWord(word, value ?? 0);
  }

  startListItem(): void {
    if (this.#openAsides.length === 0) this.#isListItem = true;
  }

  openAside(kind: string): void {
    this.#openAsides.push({ kind, text: '' });
  }

  closeAside(): void {
    const aside = this.#openAsides.pop();
    if (!aside || aside.text.trim() === '') return;
    if (/^(?:header|footer)/.test(aside.kind)) this.#margins.add(aside.text.trim());
    else this.#asides.push(aside);
  }

  finish(): void {
    this.#endParagraph();
    this.#endTable();
    for (const margin of this.#margins) this.#writer.paragraph(margin);
  }

  #asideWord(word: string): void {
    if (word === 'par' || word === 'row' || word === 'sect') this.text('\n');
    else if (word === 'cell' || word === 'nestcell') this.text('\t');
  }

  #paragraphWord(word: string, value: number): void {
    if (word === 'par' || word === 'sect' || word === 'page') this.#endParagraph();
    else if (word === 'pard') this.#resetParagraph();
    else if (word === 'intbl') this.#inTable = true;
    else if (word === 'cell' || word === 'nestcell') this.#endCell();
    else if (word === 'row') this.#endRow();
    else if (word === 'outlinelevel') this.#level = value >= 0 && value < 9 ? value + 1 : 0;
    else if (word === 's') this.#level = this.#headingStyles.get(value) ?? 0;
  }

  #resetParagraph(): void {
    this.#inTable = false;
    this.#level = 0;
  }

  #endCell(): void {
    this.#cells.push(this.#text);
    this.#text = '';
  }

  #endRow(): void {
    this.#rows.push(this.#cells);
    this.#cells = [];
  }

  #endParagraph(): void {
    if (this.#inTable) {
      this.#text += '\n';
      return;
    }
    this.#endTable();
    const text = this.#text;
    this.#text = '';
    if (this.#level > 0) this.#writer.heading(this.#level, text);
    else this.#writeText(text);
    this.#isListItem = false;
    this.#writeAsides();
  }

  /** Lists carry their mark as text: "·<tab>item" or "1.<tab>item". */
  #writeText(text: string): void {
    const item = !this.#isListItem ? null : /^\s*([^\s\t]{1,8})\t([\s\S]*)$/.exec(text);
    if (!item) {
      this.#writer.paragraph(text);
      return;
    }
    const mark = /[\p{L}\p{N}]/u.test(item[1] ?? '') ? (item[1] ?? '-') : '-';
    this.#writer.listItem(item[2] ?? '', { mark });
  }

  #endTable(): void {
    if (this.#cells.length > 0) this.#endRow();
    if (this.#rows.length > 0) this.#writer.table(this.#rows);
    this.#rows = [];
  }

  #writeAsides(): void {
    for (const { kind, text } of this.#asides) {
      this.#writer.paragraph(kind === 'annotation' ? `[Comment: ${text.trim()}]` : text);
    }
    this.#asides = [];
  }
}
