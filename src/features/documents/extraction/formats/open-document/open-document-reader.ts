import { meaningfulTitle } from '../../containers/office-package.ts';
import { ZipArchive } from '../../containers/zip-archive.ts';
import type { DocumentReader } from '../../document-reader.ts';
import { damaged, passwordProtected } from '../../extraction-error.ts';
import { decodeXml } from '../../markup/decode-xml.ts';
import { attribute, descendants, type MarkupElement, textOf } from '../../markup/element.ts';
import { streamXml } from '../../markup/parse-markup.ts';
import type { DocumentWriter } from '../../writing/document-writer.ts';
import { OpenListStyles } from './list-styles.ts';
import { OpenSheets } from './open-sheets.ts';
import { OpenTextWriter } from './open-text.ts';

/** OpenDocument text, sheets, slides and drawings (ODT, ODS, ODP, ODG and templates), and OpenOffice 1 (SXW, …). */
export const readOpenDocument: DocumentReader = ({ bytes, limits }, writer) => {
  const zip = new ZipArchive(bytes, { maxUnpackedBytes: limits.maxUnpackedBytes, what: 'OpenDocument file' });
  const manifest = zip.read('META-INF/manifest.xml');
  if (manifest && decodeXml(manifest).includes('encryption-data')) throw passwordProtected('OpenDocument file');
  const content = zip.read('content.xml');
  if (!content) throw damaged('OpenDocument file');
  const metadata = zip.read('meta.xml');
  if (metadata) readTitle(decodeXml(metadata), writer);
  const styles = decodeXml(zip.read('styles.xml') ?? new Uint8Array());
  new OpenDocumentParser(writer).run(decodeXml(content), styles);
};

/** The same in one XML file (FODT, FODS, FODP). */
export const readFlatOpenDocument: DocumentReader = ({ bytes }, writer) => {
  const source = decodeXml(bytes);
  readTitle(source, writer);
  new OpenDocumentParser(writer).run(source, source);
};

function readTitle(source: string, writer: DocumentWriter): void {
  streamXml(
    source,
    (name) => name === 'meta',
    (meta) => {
      const title = descendants(meta, 'title').next().value;
      if (title) writer.setTitle(meaningfulTitle(textOf(title)));
    },
  );
}

const TEXT_RECORDS = new Set(['p', 'h', 'list', 'ordered-list', 'unordered-list', 'table', 'page', 'tracked-changes']);
const MARGINS = ['header', 'footer', 'header-left', 'footer-left', 'header-first', 'footer-first'];

class OpenDocumentParser {
  readonly #writer: DocumentWriter;
  readonly #lists = new OpenListStyles();
  readonly #text: OpenTextWriter;
  #slides = 0;

  constructor(writer: DocumentWriter) {
    this.#writer = writer;
    this.#text = new OpenTextWriter(writer, this.#lists);
  }

  run(content: string, styles: string): void {
    for (const source of new Set([styles, content])) this.#readLists(source);
    if (/<office:spreadsheet[\s>]/.test(content)) {
      this.#writeSheets(content);
      return;
    }
    this.#writeText(content);
    this.#writer.page = null;
    this.#writeMargins(styles);
  }

  #readLists(source: string): void {
    const isRecord = (name: string): boolean => name === 'list-style' || name === 'body';
    streamXml(source, isRecord, (style) => {
      if (style.name === 'list-style') this.#lists.add(style);
    });
  }

  #writeSheets(content: string): void {
    const sheets = new OpenSheets(this.#writer, this.#text);
    streamXml(content, OpenSheets.isRecord, (element, ancestors) => sheets.add(element, ancestors));
    sheets.finish();
  }

  #writeText(content: string): void {
    streamXml(
      content,
      (name) => TEXT_RECORDS.has(name),
      (element, ancestors) => {
        if (!ancestors.some(({ name }) => name === 'body')) return;
        if (element.name === 'page') this.#writeSlide(element);
        else this.#text.write(element);
      },
    );
  }

  #writeSlide(page: MarkupElement): void {
    this.#slides += 1;
    this.#writer.page = this.#slides;
    this.#writer.pageCount = this.#slides;
    this.#text.writeSlide(page);
  }

  /** Headers and footers of the page styles, each text once. */
  #writeMargins(styles: string): void {
    const seen = new Set<string>();
    streamXml(
      styles,
      (name) => name === 'master-page',
      (page) => {
        for (const margin of descendants(page, ...MARGINS)) {
          const words = textOf(margin).trim();
          if (attribute(margin, 'display') === 'false' || seen.has(words)) continue;
          seen.add(words);
          this.#text.writeChildren(margin);
        }
      },
    );
  }
}
