import { ByteReader } from '../../../../../lib/bytes/byte-reader.ts';

export type DocParagraph = { style: number; endsRow: boolean; list: number; listLevel: number };

type Run = DocParagraph & { end: number };

const PAGE = 512;
const SPRM = { endsRow: 0x2417, innerRow: 0x244c, list: 0x460b, listLevel: 0x260a } as const;
/** Bytes of an operand by the top three bits of its number; 6 means that its length stands before it. */
const OPERAND_SIZES = [1, 1, 2, 4, 2, 2, -1, 3] as const;

/** What the paragraphs of a Word 97 to 2003 document are formatted as ([MS-DOC] 2.4.6.1, without the style sheet). */
export class DocProperties {
  readonly #runs: Run[] = [];

  constructor(main: ByteReader, table: ByteReader) {
    const start = main.uint32(0x102);
    const count = Math.max(0, Math.floor((main.uint32(0x106) - 4) / 8));
    for (let index = 0; index < Math.min(count, main.length / PAGE); index += 1) {
      const page = table.uint32(start + (count + 1) * 4 + index * 4) & 0x3fffff;
      this.#runs.push(...readPage(new ByteReader(main.slice(page * PAGE, PAGE))));
    }
    this.#runs.sort((left, right) => left.end - right.end);
  }

  /** For the paragraph whose last character stands at that byte. */
  at(offset: number): DocParagraph | null {
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#runs[middle]?.end ?? 0) > offset) high = middle;
      else low = middle + 1;
    }
    return this.#runs[low] ?? null;
  }
}

function* readPage(page: ByteReader): Generator<Run> {
  const count = Math.min(page.uint8(PAGE - 1), 29);
  for (let index = 0; index < count; index += 1) {
    const at = page.uint8((count + 1) * 4 + index * 13) * 2;
    yield { end: page.uint32((index + 1) * 4), ...(at === 0 ? plain() : readProperties(page, at)) };
  }
}

function plain(): DocParagraph {
  return { style: 0, endsRow: false, list: 0, listLevel: 0 };
}

function readProperties(page: ByteReader, at: number): DocParagraph {
  const short = page.uint8(at);
  const start = short === 0 ? at + 2 : at + 1;
  const end = start + (short === 0 ? page.uint8(at + 1) * 2 : short * 2 - 1);
  const paragraph = { ...plain(), style: page.uint16(start) };
  for (let offset = start + 2; offset + 2 < end; ) {
    const sprm = page.uint16(offset);
    apply(paragraph, sprm, page, offset + 2);
    const size = OPERAND_SIZES[sprm >> 13] ?? 1;
    offset += 2 + (size < 0 ? 1 + page.uint8(offset + 2) : size);
  }
  return paragraph;
}

function apply(paragraph: DocParagraph, sprm: number, page: ByteReader, at: number): void {
  if (sprm === SPRM.endsRow || sprm === SPRM.innerRow) paragraph.endsRow = page.uint8(at) === 1;
  else if (sprm === SPRM.list) paragraph.list = page.uint16(at);
  else if (sprm === SPRM.listLevel) paragraph.listLevel = page.uint8(at);
}
