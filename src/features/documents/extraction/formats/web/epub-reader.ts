import { resolvePath } from '../../containers/office-package.ts';
import { ZipArchive } from '../../containers/zip-archive.ts';
import type { DocumentReader } from '../../document-reader.ts';
import { damaged, ExtractionError } from '../../extraction-error.ts';
import { decodeXml } from '../../markup/decode-xml.ts';
import { attribute, descendants, type MarkupElement, textOf } from '../../markup/element.ts';
import { parseMarkup } from '../../markup/parse-markup.ts';
import type { DocumentWriter } from '../../writing/document-writer.ts';
import { writeHtml } from './html-reader.ts';

/** E-books (EPUB 2 and 3): the chapters in the order of the spine. */
export const readEpub: DocumentReader = ({ bytes, limits }, writer) => {
  const zip = new ZipArchive(bytes, { maxUnpackedBytes: limits.maxUnpackedBytes, what: 'e-book' });
  refuseCopyProtection(zip);
  const packagePath = rootFile(zip);
  const tree = treeOf(zip, packagePath);
  for (const title of descendants(tree, 'title')) writer.setTitle(textOf(title));
  for (const path of spine(tree, packagePath)) writeChapter(zip, path, writer);
};

/** Obfuscated fonts are no protection; anything else that is encrypted cannot be read. */
function refuseCopyProtection(zip: ZipArchive): void {
  const encryption = zip.read('META-INF/encryption.xml');
  if (!encryption) return;
  const methods = [...descendants(parseMarkup(decodeXml(encryption)), 'EncryptionMethod')];
  const encrypted = methods.some(
    (method) =>
      !/obfuscation|idpf\.org\/2008\/embedding|ns\.adobe\.com\/pdf\/enc/i.test(attribute(method, 'Algorithm') ?? ''),
  );
  if (!encrypted) return;
  const detail = 'This e-book is copy-protected (DRM) and cannot be read. Upload a copy without protection.';
  throw new ExtractionError('password-protected', detail);
}

function rootFile(zip: ZipArchive): string {
  const container = zip.read('META-INF/container.xml');
  const root = container ? descendants(parseMarkup(decodeXml(container)), 'rootfile').next().value : undefined;
  const path = (root && attribute(root, 'full-path')) ?? zip.names.find((name) => name.endsWith('.opf'));
  if (path === undefined) throw damaged('e-book');
  return path;
}

function treeOf(zip: ZipArchive, path: string): MarkupElement {
  const bytes = zip.read(path);
  if (!bytes) throw damaged('e-book');
  return parseMarkup(decodeXml(bytes));
}

function spine(tree: MarkupElement, packagePath: string): string[] {
  const folder = packagePath.slice(0, packagePath.lastIndexOf('/') + 1);
  const targets = new Map<string, string>();
  for (const item of descendants(tree, 'item')) {
    const isNavigation = /\bnav\b/.test(attribute(item, 'properties') ?? '');
    const href = (attribute(item, 'href') ?? '').replace(/#.*$/, '');
    if (!isNavigation) targets.set(attribute(item, 'id') ?? '', resolvePath(folder, decodePath(href)));
  }
  return [...descendants(tree, 'itemref')].flatMap((entry) => targets.get(attribute(entry, 'idref') ?? '') ?? []);
}

function decodePath(href: string): string {
  try {
    return decodeURIComponent(href);
  } catch {
    return href;
  }
}

function writeChapter(zip: ZipArchive, path: string, writer: DocumentWriter): void {
  const bytes = zip.read(path);
  if (bytes) writeHtml(decodeXml(bytes), writer, { isPage: false });
  else writer.warn(`The part “${path.slice(path.lastIndexOf('/') + 1)}” of this e-book is missing.`);
}
