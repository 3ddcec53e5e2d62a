import { ByteReader } from '../../../../../lib/bytes/byte-reader.ts';
import { CompoundFile } from '../../containers/compound-file.ts';
import { readSummaryTitle } from '../../containers/summary-information.ts';
import type { DocumentReader } from '../../document-reader.ts';
import { damaged, passwordProtected } from '../../extraction-error.ts';
import type { DocumentWriter } from '../../writing/document-writer.ts';

const ENCRYPTED_TOKEN = 0xf3d1c4df;
const TYPE = {
  slideList: 0x0ff0,
  slideReference: 0x03f3,
  textKind: 0x0f9f,
  wideText: 0x0fa0,
  narrowText: 0x0fa8,
  userEdit: 0x0ff5,
  directory: 0x1772,
  notesAtom: 0x03f1,
} as const;
const SLIDES = 0;
const NOTES = 2;
/** Kinds of text that are titles. */
const TITLES = new Set([0, 6]);
/** Pictures and the like have no text; deeper groups than this are no drawing's. */
const MAX_DEPTH = 40;
const MAX_EDITS = 10_000;

type PptRecord = { type: number; instance: number; isContainer: boolean; start: number; end: number };
type SlideText = { kind: number; text: string };
type Slide = { id: number; place: number; texts: SlideText[] };

/** PowerPoint presentations of 1997 to 2003 ([MS-PPT]); no package on npm reads them. */
export const readPpt: DocumentReader = ({ bytes }, writer) => {
  const file = new CompoundFile(bytes);
  const stream = file.read('PowerPoint Document');
  const user = new ByteReader(file.read('Current User') ?? new Uint8Array());
  if (!stream) throw damaged('presentation');
  if (user.uint32(12) === ENCRYPTED_TOKEN) throw passwordProtected('presentation');
  readSummaryTitle(file, writer);
  new PptParser(new ByteReader(stream), writer).run(user.uint32(16));
};

class PptParser {
  readonly #reader: ByteReader;
  readonly #writer: DocumentWriter;
  /** Where each object stands after all edits that were saved one behind the other. */
  readonly #places = new Map<number, number>();

  constructor(reader: ByteReader, writer: DocumentWriter) {
    this.#reader = reader;
    this.#writer = writer;
  }

  run(lastEdit: number): void {
    const document = this.#readEdits(lastEdit);
    const lists = [...this.#children(this.#record(document))].filter(({ type }) => type === TYPE.slideList);
    const slides = lists.filter(({ instance }) => instance === SLIDES).flatMap((list) => this.#slides(list));
    const notes = lists.filter(({ instance }) => instance === NOTES).flatMap((list) => this.#slides(list));
    const notesOf = new Map(notes.map((note) => [this.#slideOfNotes(note), note]));
    for (const [index, slide] of slides.entries()) {
      this.#writer.page = index + 1;
      this.#writeSlide(slide, notesOf.get(slide.id));
    }
    this.#writer.pageCount = slides.length;
  }

  /** From the last edit back to the first; the place of the document itself. */
  #readEdits(lastEdit: number): number {
    let documentId = 0;
    let edit = lastEdit;
    for (let steps = 0; steps < MAX_EDITS; steps += 1) {
      const record = this.#record(edit);
      if (record.type !== TYPE.userEdit) break;
      if (record.end - record.start >= 32) throw passwordProtected('presentation');
      documentId ||= this.#reader.uint32(record.start + 16);
      this.#readDirectory(this.#record(this.#reader.uint32(record.start + 12)));
      const earlier = this.#reader.uint32(record.start + 8);
      if (earlier === 0 || earlier >= edit) break;
      edit = earlier;
    }
    const place = this.#places.get(documentId);
    if (place === undefined) throw damaged('presentation');
    return place;
  }

  /** Runs of (first number and count, places); what a later edit placed stays. */
  #readDirectory({ type, start, end }: PptRecord): void {
    if (type !== TYPE.directory) return;
    for (let at = start; at + 8 <= end; ) {
      const head = this.#reader.uint32(at);
      const first = head & 0xfffff;
      const count = head >>> 20;
      for (let index = 0; index < count && at + 8 + index * 4 <= end; index += 1) {
        const id = first + index;
        if (!this.#places.has(id)) this.#places.set(id, this.#reader.uint32(at + 4 + index * 4));
      }
      at += 4 + count * 4;
    }
  }

  #slides(list: PptRecord): Slide[] {
    const slides: Slide[] = [];
    let kind = 4;
    for (const record of this.#children(list)) {
      if (record.type === TYPE.slideReference) {
        const place = this.#places.get(this.#reader.uint32(record.start)) ?? -1;
        slides.push({ id: this.#reader.uint32(record.start + 12), place, texts: [] });
      } else if (record.type === TYPE.textKind) kind = this.#reader.uint32(record.start);
      else this.#pushText(slides.at(-1)?.texts ?? [], record, kind);
    }
    return slides;
  }

  #slideOfNotes({ place }: Slide): number {
    const atom = [...this.#children(this.#record(place))].find(({ type }) => type === TYPE.notesAtom);
    return atom ? this.#reader.uint32(atom.start) : -1;
  }

  #writeSlide(slide: Slide, notes: Slide | undefined): void {
    const texts = [...slide.texts, ...this.#textsBelow(slide.place)];
    for (const { kind, text } of texts) if (TITLES.has(kind)) this.#writer.heading(1, text);
    for (const { kind, text } of texts) {
      const lines = TITLES.has(kind) ? [] : text.split(/[\r\n]+/).filter((line) => line.trim() !== '');
      for (const line of lines) {
        if (lines.length > 1) this.#writer.listItem(line.replaceAll('\u000b', '\n'));
        else this.#writer.paragraph(line);
      }
    }
    const remarks = notes ? [...notes.texts, ...this.#textsBelow(notes.place)].map(({ text }) => text) : [];
    const said = remarks
      .join('\n')
      .replace(/^[*\s]+$/gm, '')
      .trim();
    if (said !== '') this.#writer.paragraph(`Notes: ${said}`);
  }

  #textsBelow(place: number): SlideText[] {
    const texts: SlideText[] = [];
    if (place >= 0) this.#collect(this.#record(place), texts, { kind: 4 }, 0);
    return texts;
  }

  #collect(container: PptRecord, texts: SlideText[], state: { kind: number }, depth: number): void {
    if (!container.isContainer && container.type !== 0xf00d) return;
    for (const record of this.#children(container)) {
      if (record.type === TYPE.textKind) state.kind = this.#reader.uint32(record.start);
      else this.#pushText(texts, record, state.kind);
      if (depth < MAX_DEPTH) this.#collect(record, texts, state, depth + 1);
    }
  }

  #pushText(texts: SlideText[], { type, start, end }: PptRecord, kind: number): void {
    if (type === TYPE.wideText) texts.push({ kind, text: this.#reader.utf16(start, (end - start) >> 1) });
    else if (type === TYPE.narrowText) {
      texts.push({ kind, text: Buffer.from(this.#reader.slice(start, end - start)).toString('latin1') });
    }
  }

  *#children({ start, end }: PptRecord): Generator<PptRecord> {
    for (let at = start; at + 8 <= end; ) {
      const record = this.#record(at);
      yield { ...record, end: Math.min(record.end, end) };
      at = Math.max(record.end, at + 8);
    }
  }

  #record(at: number): PptRecord {
    const head = this.#reader.uint16(at);
    const length = this.#reader.uint32(at + 4);
    return {
      type: this.#reader.uint16(at + 2),
      instance: head >> 4,
      isContainer: (head & 0xf) === 0xf,
      start: at + 8,
      end: Math.min(at + 8 + length, this.#reader.length),
    };
  }
}
