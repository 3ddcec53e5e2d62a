import { meaningfulTitle } from '../../containers/office-package.ts';
import { ZipArchive } from '../../containers/zip-archive.ts';
import type { DocumentReader } from '../../document-reader.ts';
import { damaged, passwordProtected } from '../../extraction-error.ts';
import { decodeXml } from '../../markup/decode-xml.ts';
import { attribute, descendants, textOf } from '../../markup/element.ts';
import { streamXml } from '../../markup/parse-markup.ts';
import type { DocumentWriter } from '../../writing/document-writer.ts';
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
  writeContent(decodeXml(content), writer);
  const styles = zip.read('styles.xml');
  if (styles) writeMargins(decodeXml(styles), writer);
};

/** The same in one XML file (FODT, FODS, FODP). */
export const readFlatOpenDocument: DocumentReader = ({ bytes }, writer) => {
  const source = decodeXml(bytes);
  readTitle(source, writer);
  writeContent(source, writer);
  writeMargins(source, writer);
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

function writeContent(source: string, writer: DocumentWriter): void {
  const text = new OpenTextWriter(writer);
  const sheets = new OpenSheets(writer, text);
  let slides = 0;
  // A sheet is streamed by rows: `table` is a record only where it is part of a text or a slide.
  const isSheet = /<office:spreadsheet[\s>]/.test(source);
  const isRecord = isSheet ? OpenSheets.isRecord : (name: string): boolean => TEXT_RECORDS.has(name);
  streamXml(source, isRecord, (element, ancestors) => {
    if (!ancestors.some(({ name }) => name === 'body')) return;
    if (isSheet) sheets.add(element, ancestors);
    else if (element.name === 'page') {
      slides += 1;
      writer.page = slides;
      text.writeSlide(element);
    } else text.write(element);
  });
  if (isSheet) sheets.finish();
  if (slides > 0) writer.pageCount = slides;
  writer.page = null;
}

/** Headers and footers of the page styles, each text once. */
function writeMargins(source: string, writer: DocumentWriter): void {
  const text = new OpenTextWriter(writer);
  const seen = new Set<string>();
  streamXml(
    source,
    (name) => name === 'master-page',
    (page) => {
      for (const margin of descendants(
        page,
        'header',
        'footer',
        'header-left',
        'footer-left',
        'header-first',
        'footer-first',
      )) {
        const words = textOf(margin).trim();
        if (attribute(margin, 'display') === 'false' || seen.has(words)) continue;
        seen.add(words);
        text.writeChildren(margin);
      }
    },
  );
}
